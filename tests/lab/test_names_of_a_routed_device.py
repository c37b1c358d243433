"""Whom the programs of a routed device ask for names: the host, by whatever way this system has, and nobody else.

The café's name server and the host's tell different addresses for the same name, so each answer says who gave it. All
of the real programs that manage resolv.conf are tried; each laptop has its own cable to the café.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator

import pytest

from lab import resolvers
from lab.net import Lab, Machine, Process, wait_until, why_not
from lab.resolvers import BEHIND, STUB, Resolved
from lab.services import NameServer, Observer
from lab.test_backend import Device
from meshnet_platform.api import Route, SystemPlan

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(180),
    pytest.mark.skipif(why_not() is not None, reason=str(why_not())),
]

NAME, DOMAIN = "who.farfield.net", "cafe.lan"
BY_CAFE, BY_HOST = "62.24.131.50", "81.2.69.50"
STOPPED, CONTINUED = 19, 18
_REPAIRED = 30.0
"""Seconds; generous, for the machine may be busy."""
_numbers = itertools.count(2)


class House:
    """A café with a cable for each laptop, and a host on the internet."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.cafe = lab.router("cafe")
        self.host = Device(lab.machine("host"), 1, "203.0.113.2:21820")
        self.cafe_names = NameServer(self.cafe, {NAME: {"A": [BY_CAFE]}, f"printer.{DOMAIN}": {"A": [BY_CAFE]}})
        host_names = NameServer(self.host.machine, {NAME: {"A": [BY_HOST]}, f"printer.{DOMAIN}": {"A": [BY_HOST]}})
        there = self.host.machine.port("eth0", "203.0.113.2/24", gateways=("203.0.113.1",))
        lab.wire(self.cafe.port("wan", "203.0.113.1/24"), there)
        self.cafe_names.await_ready()
        host_names.await_ready()
        self.laptops: list[Laptop] = []

    def laptop(self) -> Laptop:
        """One more, which knows the café's name server from a file."""
        self.laptops.append(Laptop(self, next(_numbers)))
        peers = tuple(laptop.device.as_peer() for laptop in self.laptops)
        everybody = tuple(address for laptop in self.laptops for address in laptop.device.addresses)
        self.host.apply(SystemPlan(self.host.tunnel(*peers), incoming=everybody))
        return self.laptops[-1]


class Laptop:
    """A device in the café that can be routed."""

    def __init__(self, house: House, number: int) -> None:
        self.house = house
        self.machine = house.lab.machine(f"laptop{number}")
        self.device = Device(self.machine, number, f"10.1.{number}.20:21820")
        self.server, self.wire = f"10.1.{number}.1", f"lan{number}"
        self.process: Process | None = None
        here = self.machine.port("eth0", f"10.1.{number}.20/24", gateways=(self.server,))
        house.lab.wire(house.cafe.port(self.wire, f"{self.server}/24"), here)
        self.machine.resolve_with(self.server)

    def route(self) -> None:
        """Have a route in force and watched."""
        tunnel = self.device.tunnel(self.house.host.as_peer(everything=True))
        plan = SystemPlan(tunnel, route=Route(passing=True), resolvers=(self.house.host.address4,))
        self.process = self.device.stay(plan)

    def stop(self) -> None:
        """Stop routing, and leave the mesh interface."""
        self.die()
        self.device.apply(SystemPlan(self.device.tunnel(self.house.host.as_peer())))

    def die(self) -> None:
        """End the program that watches, at once."""
        if self.process is not None:
            self.process.signal(9)
            self.process.wait()
            self.process = None

    def ask(self, name: str = NAME) -> str:
        """The address that a plain program is told."""
        found = self.machine.run("timeout", "3", "getent", "ahostsv4", name, check=False).stdout.split()
        return found[0] if found else ""

    def ask_resolved(self, name: str = NAME) -> str:
        """The address that a program is told that asks systemd-resolved over the bus."""
        words = ("resolvectl", "--legend=no", "--type=A", "query", name)
        found = self.machine.run("timeout", "3", *words, check=False).stdout.split()
        return found[3] if len(found) > 3 else ""

    def await_answer(self, ask: Callable[[], str], wanted: str = BY_HOST) -> None:
        wait_until(lambda: ask() == wanted, f"the answer {wanted}", _REPAIRED, 0.1)

    def resolv_conf(self) -> tuple[str, bytes, str]:
        """What resolv.conf is: link, content, mode and owner."""
        file = self.machine.file("/etc/resolv.conf")
        look = ("stat", "-c", "%A %u %g %F", "/etc/resolv.conf")
        return os.readlink(file) if file.is_symlink() else "", self.content(), self.machine.run(*look).stdout

    def content(self) -> bytes:
        return self.machine.run("cat", "/etc/resolv.conf", check=False).stdout.encode()

    def resolvers(self) -> tuple[str, ...]:
        """The servers that the system itself would ask, as a host's forwarder would be told."""
        return self.device.facts().resolvers

    def told(self) -> list[str]:
        """The words of trouble so far."""
        return [line for line in self.process.lines() if line != "ready"] if self.process else []

    def await_word(self, told: int, what: str) -> None:
        """Return when more trouble was told than this."""
        wait_until(lambda: len(self.told()) > told, what, _REPAIRED)

    def watch(self) -> Observer:
        """Whatever leaves it for a name server, seen at the café; it would be."""
        with Observer(self.house.cafe, self.wire, "port 53 or port 853") as before:
            assert self.ask() == BY_CAFE
            before.wait_for_packet(dport=53)
        return Observer(self.house.cafe, self.wire, "port 53 or port 853")


@pytest.fixture(scope="module")
def house(shared_lab: Lab) -> House:
    return House(shared_lab)


@pytest.fixture
def laptop(house: House) -> Iterator[Laptop]:
    laptop = house.laptop()
    yield laptop
    laptop.die()


# --- a plain file ---------------------------------------------------------------------------------------------------


def test_a_plain_file_comes_back_with_each_of_its_bytes_its_mode_and_its_owner(laptop: Laptop) -> None:
    file = laptop.machine.file("/etc/resolv.conf")
    file.write_bytes(f"# caf\xe9\nnameserver {laptop.server}\noptions timeout:1".encode("latin-1"))
    laptop.machine.run("sh", "-c", "chmod 640 /etc/resolv.conf; chown 7:8 /etc/resolv.conf")
    before = file.read_bytes(), file.stat()
    wire = laptop.watch()
    laptop.route()
    assert laptop.ask() == BY_HOST
    assert laptop.resolvers() == (laptop.server,)
    assert wire.stop() == []
    laptop.stop()
    there = file.stat()
    assert file.read_bytes() == before[0]
    assert (there.st_mode, there.st_uid, there.st_gid) == (before[1].st_mode, 7, 8)
    assert laptop.ask() == BY_CAFE


def test_a_file_that_others_write_while_routed_is_written_again_and_theirs_comes_back(laptop: Laptop) -> None:
    wire = laptop.watch()
    laptop.route()
    laptop.machine.run(
        "sh", "-c", f"echo nameserver {laptop.server} >/etc/resolv.conf; echo '# new' >>/etc/resolv.conf"
    )
    laptop.await_answer(laptop.ask)
    wait_until(laptop.told, "word of it")
    assert wire.stop() == []
    laptop.stop()
    assert laptop.content() == f"nameserver {laptop.server}\n# new\n".encode()


def test_after_a_crash_the_old_file_is_put_back(laptop: Laptop) -> None:
    before = laptop.resolv_conf()
    laptop.route()
    laptop.die()
    assert laptop.resolv_conf() != before
    laptop.device.drive("restore")
    assert laptop.resolv_conf() == before


def test_a_mounted_file_is_written_in_place_and_stays_mounted(laptop: Laptop) -> None:
    laptop.machine.run("sh", "-c", "cp /etc/resolv.conf /run/r; mount --bind /run/r /etc/resolv.conf")
    before = laptop.resolv_conf()
    laptop.route()
    assert laptop.ask() == BY_HOST
    laptop.stop()
    assert laptop.resolv_conf() == before
    assert "/etc/resolv.conf" in laptop.machine.run("cat", "/proc/mounts").stdout


@pytest.mark.parametrize(
    "how",
    [
        "chattr +i /etc/resolv.conf",
        pytest.param("mount --bind /etc /etc; mount -o remount,bind,ro /etc", marks=pytest.mark.long),
    ],
)
def test_a_file_that_cannot_be_changed_is_refused_in_words_and_nothing_gets_out(laptop: Laptop, how: str) -> None:
    laptop.machine.run("sh", "-c", f"mkdir /run/e; cp -a /etc/resolv.conf /run/e; mount --bind /run/e /etc; {how}")
    wire = laptop.watch()
    with pytest.raises(Exception, match=r"could not be replaced: .* Make it writable for root"):
        laptop.route()
    assert laptop.ask() == ""
    assert wire.stop() == []
    laptop.machine.run("sh", "-c", "mount -o remount,bind,rw /etc; chattr -i /etc/resolv.conf")
    laptop.device.drive("restore")
    assert laptop.ask() == BY_CAFE


# --- systemd-resolved -----------------------------------------------------------------------------------------------


@pytest.fixture
def resolved(laptop: Laptop) -> Resolved:
    return Resolved(laptop.machine, laptop.server, DOMAIN)


def test_behind_systemd_resolved_everybody_asks_the_host_and_nothing_is_left_there(
    laptop: Laptop, resolved: Resolved
) -> None:
    laptop.stop()
    before = resolved.settings(), laptop.resolv_conf()
    wire = laptop.watch()
    assert laptop.ask_resolved() == BY_CAFE
    laptop.route()
    assert laptop.resolv_conf()[0] == STUB, "the link is left alone"
    laptop.machine.run("resolvectl", "flush-caches")
    assert (laptop.ask(), laptop.ask_resolved()) == (BY_HOST, BY_HOST)
    assert laptop.ask_resolved(f"printer.{DOMAIN}") == BY_HOST, "also names in the domain of the café's network"
    # A name that does not exist is not asked for in the café's domain as well, where nobody would answer.
    nowhere = laptop.machine.run("timeout", "4", "getent", "hosts", "nowhere.farfield.net", check=False)
    assert nowhere.returncode == 2
    nss = laptop.machine.run("getent", "-s", "resolve", "ahostsv4", NAME).stdout
    assert nss.split()[0] == BY_HOST
    assert laptop.resolvers() == (laptop.server,)
    assert wire.stop() == []
    laptop.stop()
    assert (resolved.settings(), laptop.resolv_conf()) == before
    laptop.machine.run("resolvectl", "flush-caches")
    assert (laptop.ask(), laptop.ask_resolved()) == (BY_CAFE, BY_CAFE)


def test_what_is_done_to_systemd_resolved_while_routed_is_put_right(laptop: Laptop, resolved: Resolved) -> None:
    laptop.stop()
    before = resolved.settings(), laptop.resolv_conf()
    wire = laptop.watch()
    laptop.route()
    run = laptop.machine.run
    for breakage in (
        ("resolvectl", "revert", "meshnet0"),
        ("resolvectl", "dns", "meshnet0", laptop.server),
        ("resolvectl", "domain", "eth0", "other.lan"),
        ("sh", "-c", f"rm {STUB}; echo nameserver {laptop.server} >{STUB}"),
        ("ip", "link", "del", "meshnet0"),
    ):
        told = len(laptop.told())
        run(*breakage)
        laptop.await_word(told, f"word of: {breakage}")
        run("resolvectl", "flush-caches")
        laptop.await_answer(laptop.ask)
        laptop.await_answer(laptop.ask_resolved)
    run("resolvectl", "domain", "eth0", DOMAIN)
    assert wire.stop() == []
    laptop.stop()
    assert (resolved.settings(), laptop.resolv_conf()) == before


def test_names_go_on_when_systemd_resolved_dies_and_when_it_comes_back(laptop: Laptop, resolved: Resolved) -> None:
    laptop.stop()
    before = resolved.settings(), laptop.resolv_conf()
    wire = laptop.watch()
    laptop.route()
    resolved.kill()
    assert laptop.ask() == BY_HOST
    resolved.start()
    laptop.await_answer(laptop.ask_resolved)
    laptop.machine.run("resolvectl", "flush-caches")
    assert (laptop.ask(), laptop.ask_resolved()) == (BY_HOST, BY_HOST)
    assert wire.stop() == []
    resolved.kill()
    laptop.stop()
    resolved.start()
    assert (resolved.settings(), laptop.resolv_conf()) == before


def test_programs_that_ask_the_servers_behind_systemd_resolved_ask_the_host(laptop: Laptop, resolved: Resolved) -> None:
    resolvers.link(laptop.machine, BEHIND)
    before = laptop.resolv_conf()
    wire = laptop.watch()
    laptop.route()
    assert (laptop.ask(), laptop.ask_resolved()) == (BY_HOST, BY_HOST)
    assert laptop.resolvers() == (laptop.server,)
    assert wire.stop() == []
    laptop.stop()
    assert laptop.resolv_conf() == before


# --- resolvconf -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "use", [resolvers.use_openresolv, pytest.param(resolvers.use_debian_resolvconf, marks=pytest.mark.long)]
)
def test_beside_resolvconf_the_host_is_asked_and_what_it_wrote_comes_back(
    laptop: Laptop, use: Callable[[Machine, str, str], None]
) -> None:
    use(laptop.machine, laptop.server, DOMAIN)
    before = laptop.resolv_conf()
    records = laptop.machine.run("find", "/run/resolvconf", "-type", "f").stdout
    wire = laptop.watch()
    laptop.route()
    assert laptop.ask() == BY_HOST
    assert laptop.resolvers() == (laptop.server,)
    # Another network, and a program that has all written anew.
    laptop.machine.run("resolvconf", "-a", "eth1.dhclient", input="nameserver 10.9.9.9\n")
    laptop.machine.run("resolvconf", "-u")
    laptop.await_answer(laptop.ask)
    assert set(laptop.resolvers()) == {laptop.server, "10.9.9.9"}
    laptop.machine.run("resolvconf", "-d", "eth1.dhclient")
    assert wire.stop() == []
    laptop.stop()
    assert laptop.resolv_conf() == before
    assert laptop.machine.run("find", "/run/resolvconf", "-type", "f").stdout == records
    assert laptop.ask() == BY_CAFE


# --- NetworkManager -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rc_manager", [pytest.param("file", marks=pytest.mark.long), "symlink"])
def test_beside_network_manager_the_host_is_asked_and_what_it_wrote_comes_back(laptop: Laptop, rc_manager: str) -> None:
    resolvers.use_network_manager(laptop.machine, laptop.server, DOMAIN, rc_manager)
    before = laptop.resolv_conf()
    assert b"NetworkManager" in before[1]
    wire = laptop.watch()
    laptop.route()
    assert laptop.ask() == BY_HOST
    # It writes resolv.conf whenever a connection changes.
    run = laptop.machine.run
    run("nmcli", "connection", "modify", "cable", "+ipv4.dns", "10.9.9.9")
    run("nmcli", "connection", "up", "cable")
    laptop.await_answer(laptop.ask)
    wait_until(lambda: laptop.resolvers() == (laptop.server, "10.9.9.9"), "the facts")
    run("nmcli", "connection", "modify", "cable", "-ipv4.dns", "10.9.9.9")
    run("nmcli", "connection", "up", "cable")
    laptop.await_answer(laptop.ask)
    wait_until(lambda: laptop.resolvers() == (laptop.server,), "the facts")
    assert wire.stop() == []
    laptop.stop()
    assert laptop.resolv_conf() == before
    assert laptop.ask() == BY_CAFE
