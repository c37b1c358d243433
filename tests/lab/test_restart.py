"""The daemon of a routed laptop is killed or told to end, and starts again: nothing leaks, and what runs goes on."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from lab.household import Household
from lab.net import Lab, Process, wait_until
from lab.power import Laptop
from lab.services import Observer
from lab.world import World

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

UNIT = Path(__file__).parents[2] / "installers/linux/meshnetd.service"
_READER = """
import socket, sys, time
reading = socket.create_connection((sys.argv[1], 80))
reading.sendall(b"GET /bytes/2000000000 HTTP/1.1\\r\\nHost: web\\r\\n\\r\\n")
read = 0
while got := len(reading.recv(16384)):
    read += got
    print(read, flush=True)
    time.sleep(0.01)
"""


@pytest.fixture(scope="module")
def laptop(shared_lab: Lab) -> Laptop:
    """One for all tests, and the observer sees a leak there; each test leaves it routed."""
    household = Household(World(shared_lab))
    laptop = Laptop(household)
    laptop.show_that_leaks_are_seen()
    household.route()
    laptop.start_sending()
    return laptop


def test_a_daemon_that_is_killed_and_started_again_cuts_nothing_and_leaks_nothing(laptop: Laptop) -> None:
    reader = laptop.machine.spawn("/usr/bin/python3", "-c", _READER, laptop.world.web4)
    await_more(reader)
    with laptop.observer() as observer:
        laptop.household.daemons[laptop.machine].kill()
        await_more(reader)
        laptop.start_daemon().wait_for_line("ready", 30, exact=True)
        laptop.household.await_state("routing")
        await_more(reader)
    assert laptop.leaks(observer) == []
    reader.stop()


def test_a_daemon_that_is_told_to_end_leaves_it_closed_without_a_gap(laptop: Laptop) -> None:
    world, household = laptop.world, laptop.household
    with laptop.observer() as observer, Observer(world.web, "eth0") as arriving:
        laptop.await_arrivals(arriving)
        assert household.daemons[laptop.machine].stop() == 0
        closed_at = time.time()
        assert world.public_address(laptop.machine) is None
        assert world.public_address(laptop.machine, 6) is None
        laptop.start_daemon().wait_for_line("ready", 30, exact=True)
        household.await_state("routing", 30)
        wait_until(lambda: arrivals_since(laptop, arriving, closed_at), "traffic by itself", 20)
    assert laptop.leaks(observer) == []


def test_the_daemon_needs_no_more_rights_than_its_unit_gives(laptop: Laptop) -> None:
    (line,) = re.findall(r"^CapabilityBoundingSet=(.*)$", UNIT.read_text(), re.MULTILINE)
    rights = ",".join(["-all", *(f"+{word.removeprefix('CAP_').lower()}" for word in line.split())])
    before = ("setpriv", "--no-new-privs", f"--bounding-set={rights}")
    household, world = laptop.household, laptop.world
    household.stop()
    assert household.daemons[laptop.machine].stop() == 0
    # Twice, so that it makes a tunnel of its own and then takes one over.
    for _ in range(2):
        daemon = laptop.start_daemon(*before)
        daemon.wait_for_line("ready", 30, exact=True)
        wait_until(lambda: household.status()["coordinator"]["connected"], "the coordinator")
        household.route()
        assert world.public_address(laptop.machine, by_name=True) == world.home_public4
        assert world.public_address(laptop.machine, 6) == world.home6
        daemon.kill()
    daemon = laptop.start_daemon(*before)
    daemon.wait_for_line("ready", 30, exact=True)
    household.stop()
    assert daemon.stop() == 0
    assert "meshnet" not in laptop.machine.run("nft", "list", "ruleset").stdout
    laptop.start_daemon().wait_for_line("ready", 30, exact=True)
    household.route()


def await_more(reader: Process, more: int = 200_000) -> None:
    """Return when a download has got on by so many bytes."""
    before = read_by(reader)
    wait_until(lambda: read_by(reader) > before + more, f"more than {before} bytes", 20)


def read_by(reader: Process) -> int:
    assert reader.returncode is None, reader.tail()
    lines = reader.out.read_text().splitlines()
    return int(lines[-1]) if lines else 0


def arrivals_since(laptop: Laptop, arriving: Observer, moment: float) -> bool:
    """Whether something of both families came from home to the web server since."""
    sources = {packet.src for packet in arriving.packets() if packet.time > moment}
    return {laptop.world.home_public4, laptop.world.home6} <= sources
