"""What each permission opens and nothing more, and that it closes at once, with all that runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from lab.net import Process, wait_until
from lab.siege import INTERFACE, Count, Siege, besieged
from lab.ways_in import ALL, LAN, NEVER, Target

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

PORT = 7777
PUSHER = """
import itertools, socket, time
heard = set()
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as pushing:
    pushing.bind(("::", 7777))
    pushing.setblocking(False)
    print("ready", flush=True)
    while True:
        try:
            heard.add(pushing.recvfrom(100)[1])
        except OSError:
            time.sleep(0.005)
            for one in heard:
                try:
                    pushing.sendto(b"pushed", one)
                except OSError:
                    pass
"""
CALLER = """
import socket, sys, time
with socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM) as calling:
    while True:
        try:
            calling.sendto(b"called", (sys.argv[1], 7777))
        except OSError:
            pass
        time.sleep(0.005)
"""


BOTH = {"tcp": "tcp flags & rst == 0", "udp": "meta l4proto udp"}
KINDS = {
    4: {**BOTH, "ping": "icmp type { echo-request, echo-reply }"},
    6: {**BOTH, "ping": "icmpv6 type { echo-request, echo-reply }"},
}


@pytest.fixture(scope="module")
def siege() -> Iterator[Siege]:
    with besieged() as siege:
        yield siege


@pytest.fixture(scope="module")
def reached(siege: Siege) -> dict[str, dict[str, set[str]]]:
    """What two devices reached, by their names, while the traveller may also reach the local networks."""
    siege.at_home("allow", "traveller", "routing", "lan")
    return {"traveller": siege.reached(ALL, internet=True), "stranger": siege.reached(LAN, "stranger")}


@pytest.mark.parametrize("target", LAN, ids=str)
def test_lan_opens(reached: dict[str, dict[str, set[str]]], target: Target) -> None:
    assert target.seen_by in reached["traveller"].get(target.name, set())


@pytest.mark.parametrize("target", NEVER, ids=str)
def test_lan_does_not_open(reached: dict[str, dict[str, set[str]]], target: Target) -> None:
    """Nor this device's own services at its addresses there: `incoming` opens those, at the mesh address."""
    assert target.name not in reached["traveller"]


@pytest.mark.parametrize("target", LAN, ids=str)
def test_lan_opens_nothing_for_others(reached: dict[str, dict[str, set[str]]], target: Target) -> None:
    assert target.name not in reached["stranger"]


@pytest.mark.parametrize("permissions", list(itertools.product([False, True], repeat=3)), ids=str)
def test_each_permission_opens_what_it_says(siege: Siege, permissions: tuple[bool, bool, bool]) -> None:
    incoming, routing, lan = permissions
    for word, given in zip(("incoming", "routing", "lan"), permissions, strict=True):
        siege.at_home("allow" if given else "deny", "traveller", word)
    world, tokens = siege.world, {}
    for name, address in (
        ("home", siege.mesh["home4"]),
        ("home6", siege.mesh["home6"]),
        ("web", world.web4),
        ("web6", world.web6),
        ("nas", world.nas4),
        ("nas6", world.nas6),
    ):
        tokens[name] = siege.token()
        source = siege.mesh["traveller6" if ":" in address else "traveller4"]
        siege.inject("traveller", *siege.knocks(source, address, tokens[name]))
    siege.fence(internet=routing)
    siege.show_reachable(LAN[0], LAN[3])
    open_to = {name for name, token in tokens.items() if siege.where(token)}
    expected = {"home": incoming, "web": routing, "nas": routing and lan}
    assert open_to == {name for name in tokens if expected[name.removesuffix("6")]}


# --- taken away in the middle ----------------------------------------------------------------------------------------


class Traffic:
    """Flows of every kind between the traveller and a far machine, in both families, counted at both ends."""

    def __init__(self, siege: Siege, far: str, address4: str, address6: str, seen4: str, seen6: str) -> None:
        self.siege = siege
        pusher = siege.machine(far).spawn("python3", "-c", PUSHER, name="pusher")
        pusher.wait_for_line("ready", exact=True)
        self.processes = [pusher, *self._start(address4), *self._start(address6)]
        self.sent = siege.count("home", f'iifname "{INTERFACE}" udp dport {PORT}')
        # Errors and resets are home's own answers to a far machine that does not know yet.
        self.arriving = {
            f"{kind} over IPv{family}": siege.count(far, f"{source} {match}")
            for family, source in ((4, f"ip saddr {seen4}"), (6, f"ip6 saddr {seen6}"))
            for kind, match in KINDS[family].items()
        }
        self.coming_back = {
            f"{kind} back over IPv{family}": siege.count("laptop", f'iifname "{INTERFACE}" {source} {match}')
            for family, source in ((4, f"ip saddr {address4}"), (6, f"ip6 saddr {address6}"))
            for kind, match in KINDS[family].items()
        }

    def _start(self, address: str) -> Iterator[Process]:
        laptop, host = self.siege.world.laptop, f"[{address}]" if ":" in address else address
        download = ("--silent", "--limit-rate", "300k", "-o", "/dev/null", f"http://{host}/bytes/10000000000")
        yield laptop.spawn("curl", *download)
        yield laptop.spawn("python3", "-c", CALLER, address, name="caller")
        yield laptop.spawn("ping", "-i", "0.2", address)

    def counts(self) -> dict[str, Count]:
        """At the far end, and what comes back."""
        return {**self.arriving, **self.coming_back}

    def values(self) -> dict[str, int]:
        """Of all counts."""
        return {name: count.value() for name, count in self.counts().items()}

    def stop(self) -> None:
        """End all of it."""
        for process in self.processes:
            process.kill()


@pytest.fixture(params=["routing", "lan"])
def traffic(siege: Siege, request: pytest.FixtureRequest) -> Iterator[tuple[str, Traffic]]:
    """What is taken away, and the flows that live by it."""
    world = siege.world
    siege.at_home("allow", "traveller", "routing", "lan")
    siege.at_home("deny", "traveller", "incoming")
    if request.param == "lan":
        found = Traffic(siege, "nas", world.nas4, world.nas6, world.home4, world.home6)
    else:
        found = Traffic(siege, "web", world.web4, world.web6, world.home_public4, world.home6)
    yield request.param, found
    found.stop()


def test_a_permission_taken_away_ends_all_that_runs_by_it(siege: Siege, traffic: tuple[str, Traffic]) -> None:
    permission, flows = traffic
    at_first = flows.values()
    wait_until(lambda: all(now > at_first[name] + 5 for name, now in flows.values().items()), "all flows", 30, 0.1)
    assert tracked(siege) != ""
    siege.at_home("deny", "traveller", permission)
    siege.fence(internet=permission == "lan")
    before = flows.values()
    flows.sent.wait_for_more(500)
    assert flows.values() == before
    assert tracked(siege, "192.168.1.20", "2a02:8010:6a00:1::20") == "" if permission == "lan" else tracked(siege) == ""


def tracked(siege: Siege, *about: str) -> str:
    """What home's connection tracking knows of the traveller, in both families; with these addresses, if given."""
    found = []
    for family in ("4", "6"):
        said = siege.world.home.run("conntrack", "-L", "-f", f"ipv{family}").stdout.splitlines()
        found += [line for line in said if f"={siege.mesh['traveller' + family]} " in line]
    return "\n".join(line for line in found if not about or any(f"={address} " in line for address in about))
