"""The kill switch by packets: what leaves a routed laptop is what the page on security says, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from lab import cafe as place
from lab import forge
from lab.cafe import Cafe, Probe, Wire, is_tunnel, unseen
from lab.net import Lab, wait_until
from lab.services import Observer, WebServer
from meshnet.core.route import PASSING, WANTED, State
from meshnet_platform.api import Route, SystemPlan
from support.pages import table_of

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

ROUTED = Route(passing=True)
BLOCKED = Route(passing=False)
MARK = 0x20D53
# By number: Windows has no such name, and this module imports there too.
SIGUSR1 = 10


@pytest.fixture(scope="module")
def cafe(shared_lab: Lab) -> Cafe:
    return Cafe(shared_lab)


def everything(device: str = "", first: int = 0) -> list[Probe]:
    """What programs send to the internet, by every protocol, in both families."""
    found = []
    for number, address in enumerate((place.WEB4, place.WEB6), first):
        source = (place.LAPTOP4, place.LAPTOP6)[number - first] if device else ""
        found += [
            Probe("tcp", address, 80 + number, device),
            Probe("tcp", address, 443 + number, device, source),
            Probe("udp", address, 4000 + number, device),
            Probe("udp", address, 4100 + number, device, source, sport=4100 + number),
            Probe("icmp", address, device=device, data=f"{number:016x}"),
        ]
    return found


NAMES = [
    Probe(kind, address, port)
    for address in (place.WEB4, place.WEB6, place.GATEWAY4)
    for kind, port in (("udp", 53), ("tcp", 53), ("tcp", 853), ("udp", 853), ("udp", place.PORT))
]


@pytest.mark.parametrize("as_nobody", [False, True], ids=["root", "nobody"])
def test_nothing_leaves_beside_the_tunnel(cafe: Cafe, as_nobody: bool) -> None:
    probes = [*everything(), *everything(place.UPLINK, 2), *NAMES]
    cafe.show(probes, as_nobody=as_nobody)
    for route in (ROUTED, BLOCKED):
        cafe.apply(route)
        assert cafe.watched(probes, as_nobody=as_nobody).leaks == []


@pytest.mark.parametrize("route", [ROUTED, BLOCKED], ids=["routed", "blocked"])
def test_nothing_of_a_container_leaves_beside_the_tunnel(cafe: Cafe, route: Route) -> None:
    probes = [*everything(), *NAMES]
    cafe.show(probes, machine=cafe.box)
    cafe.apply(route)
    assert cafe.watched(probes, machine=cafe.box).leaks == []


# --- the table on the page about security ---------------------------------------------------------------------------

COLUMNS = ("programs", "containers", "names", "peers", "local network", "daemon", "WireGuard")
TABLE = table_of(Path(__file__).parents[2] / "docs/security.md", COLUMNS)


def plan_of(cafe: Cafe, row: str, local: tuple[str, ...]) -> SystemPlan:
    """What is in force in a state of the route, or when there is no daemon."""
    if "daemon stopped" in row:
        plan = cafe.plan(Route(passing=False, local=local))
        assert plan.tunnel is not None
        assert plan.route is not None
        return SystemPlan(replace(plan.tunnel, peers=()), route=replace(plan.route, control=()))
    if "always" in row:
        return SystemPlan(route=BLOCKED)
    if "kill-switch on" in row:
        return SystemPlan()
    (wish,) = {(State(name) in WANTED, State(name) in PASSING) for name in row.split(", ")}
    return cafe.plan(Route(passing=wish[1], local=local) if wish[0] else None)


def way_of(probes: Sequence[Probe], wire: Wire, at_home: Observer) -> str:
    """The one way that all of the probes took."""
    out, home = [probe.is_in(wire.packets) for probe in probes], at_home.packets()
    through = [probe.is_in(home) for probe in probes]
    ways = {"open" if beside else "host" if inside else "no" for beside, inside in zip(out, through, strict=True)}
    return ways.pop() if len(ways) == 1 else f"not one way: {out} {through}"


def found(cafe: Cafe, plan: SystemPlan) -> dict[str, str]:
    """What is let through while this plan is in force, by the columns of the table."""
    cafe.laptop.apply(plan)
    webs = (place.WEB4, place.WEB6)
    programs = [Probe(kind, web, port) for web in webs for kind, port in (("tcp", 80), ("udp", 4000))]
    containers = [Probe(kind, web, port) for web in webs for kind, port in (("tcp", 81), ("udp", 4001))]
    names = [Probe(kind, web, port) for web in webs for kind, port in (("tcp", 53), ("udp", 53), ("tcp", 853))]
    near = [Probe("tcp", place.GUEST4, 9100), Probe("udp", "ff02::fb", 5353, place.UPLINK)]
    control = [Probe("tcp", place.COORDINATOR4, place.COORDINATOR_PORT, mark=MARK)]
    names_near = [Probe("udp", place.GATEWAY4, 53), Probe("tcp", place.GATEWAY4, 853)]
    with Observer(cafe.home.machine, "wan", f"src host {place.HOME4} or {place.HOME6}") as at_home, Wire(cafe) as wire:
        cafe.send([*programs, *names, *near, *control, *names_near])
        cafe.send(containers, machine=cafe.box)
        peer = cafe.laptop.machine.run("ping", "-c1", "-W1", cafe.home.address4, check=False)
        at_home.stop()
    asked = way_of(names, wire, at_home)
    assert asked == "open" or not any(probe.is_in(wire.packets) for probe in names_near)
    return {
        "programs": way_of(programs, wire, at_home),
        "containers": way_of(containers, wire, at_home),
        "names": asked,
        "peers": "no" if peer.returncode else "yes",
        "local network": "yes" if way_of(near, wire, at_home) == "open" else "no",
        "daemon": "yes" if way_of(control, wire, at_home) == "open" else "no",
        "WireGuard": "yes" if any(map(is_tunnel, wire.packets)) else "no",
    }


@pytest.mark.parametrize("row", TABLE)
def test_what_is_let_through_is_what_the_page_says(cafe: Cafe, row: str) -> None:
    off, on = (found(cafe, plan_of(cafe, row, local)) for local in ((), (place.CAFE4, "ff02::/16")))
    if (off["local network"], on["local network"]) == ("no", "yes"):
        off["local network"] = on["local network"] = "`local-network`"
    assert off == on == TABLE[row]


# --- the exemptions -------------------------------------------------------------------------------------------------


def question(source: str, target: str) -> str:
    """A question for a neighbour, with something to tell in it."""
    return forge.solicitation(source, target, forge.token(1)).hex()


FORGED_PORT = forge.udp(place.LAPTOP4, place.WEB4, forge.token(2), 4002, sport=place.PORT).hex()
"""As if it came from WireGuard's port, without the mark."""
BEYOND_EXEMPTIONS = [
    # Not where a server for addresses is asked.
    Probe("udp", place.WEB4, 67, place.UPLINK, sport=68),
    Probe("udp", place.GATEWAY4, 67, place.UPLINK, sport=68),
    Probe("udp", place.WEB6, 547, place.UPLINK, sport=546),
    Probe("udp", "ff02::fb%eth0", 547, sport=546),
    # A question for a neighbour that routers would carry into the world.
    Probe("raw", place.WEB6, device=place.UPLINK, data=question(place.LAPTOP6, place.WEB6)),
    Probe("raw", place.WEB4, device=place.UPLINK, data=FORGED_PORT),
    # To the coordinator without the mark; with it, to another port, or by UDP.
    Probe("tcp", place.COORDINATOR4, place.COORDINATOR_PORT, place.UPLINK),
    Probe("tcp", place.COORDINATOR4, 443, mark=MARK),
    Probe("udp", place.COORDINATOR4, place.COORDINATOR_PORT, mark=MARK),
    # To where the tunnel leads, beside it (ServerIP of TunnelCrack).
    Probe("udp", place.HOME4, place.PORT, place.UPLINK),
    Probe("tcp", place.HOME4, place.PORT, place.UPLINK),
    Probe("tcp", place.HOME4, 443),
    # To the local network, which nobody asked for.
    Probe("tcp", place.GUEST4, 9100, place.UPLINK),
    Probe("udp", "255.255.255.255", 9, place.UPLINK),
    Probe("udp", place.BROADCAST4, 137, place.UPLINK),
    Probe("udp", "224.0.0.251", 5353, place.UPLINK),
    Probe("udp", "239.255.255.250", 1900, place.UPLINK),
    Probe("udp", "ff02::fb%eth0", 5353),
    Probe("udp", "ff02::1:3%eth0", 5355),
]  # fmt: skip
EXEMPT = [
    Probe("udp", "255.255.255.255", 67, place.UPLINK, sport=68),
    Probe("udp", "ff02::1:2%eth0", 547, sport=546),
    Probe("tcp", place.COORDINATOR4, place.COORDINATOR_PORT, mark=MARK),
    Probe("raw", "ff02::1:ff00:1", device=place.UPLINK, data=question("fe80::1", "ff02::1:ff00:1")),
]


def test_exemptions_carry_what_they_are_for_and_nothing_beyond(cafe: Cafe) -> None:
    cafe.show(BEYOND_EXEMPTIONS)
    for route in (ROUTED, BLOCKED):
        cafe.apply(route)
        assert cafe.watched(BEYOND_EXEMPTIONS).leaks == []
        assert unseen(EXEMPT, cafe.watched(EXEMPT).packets) == []


def test_no_exemption_is_of_use_to_a_program_without_rights(cafe: Cafe) -> None:
    cafe.apply(BLOCKED)
    told = dict(zip(EXEMPT, cafe.send(EXEMPT, as_nobody=True), strict=True))
    assert set(told.values()) <= {"EPERM", "EACCES"}, told
    own_port = [Probe("udp", address, 4003, place.UPLINK, sport=place.PORT) for address in (place.WEB4, place.WEB6)]
    assert set(cafe.send(own_port, as_nobody=True)) == {"EADDRINUSE"}
    # Whoever takes the tunnel's place at its port lacks the mark.
    cafe.laptop.machine.run("pkill", "-9", "-x", "wireguard-go")
    wait_until(lambda: set(cafe.send(own_port, as_nobody=True)) == {"EPERM"}, "the port to be free, and of no use")
    assert cafe.watched(own_port, as_nobody=True).leaks == []


# --- answers to those who came from outside -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def servers(cafe: Cafe) -> None:
    """SSH's port and another, on the laptop."""
    for port in (22, 40022):
        WebServer(cafe.laptop.machine, port).await_ready()


def test_who_connects_from_outside_is_served_on_and_anew_while_the_server_is_routed_and_blocked(
    cafe: Cafe, servers: None
) -> None:
    cafe.apply(None)
    urls = [f"{host}:{port}" for host in (place.LAPTOP4, f"[{place.LAPTOP6}]") for port in (22, 40022)]
    # From another network, and from the laptop's own.
    clients = (cafe.net, cafe.guest)
    talks = [client.spawn(*TALK, url) for client in clients for url in urls]
    for talk in talks:
        talk.wait_for_line("answered 1", exact=True)
    for number, route in enumerate((ROUTED, BLOCKED, ROUTED, None), 2):
        cafe.apply(route)
        for talk in talks:
            talk.signal(SIGUSR1)
            talk.wait_for_line(f"answered {number}", exact=True)
        for client in clients:
            answers = client.run("curl", "-s", "-S", "-m", "10", *(f"http://{url}/ip" for url in urls)).stdout
            assert len(answers.splitlines()) == len(urls)
    for talk in talks:
        talk.kill()


TALK = ("/usr/bin/python3", "-ISc", """
import http.client, signal, sys
server = http.client.HTTPConnection(sys.argv[1], timeout=10)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
for number in range(1, 10):
    server.request("GET", "/ip")
    server.getresponse().read()
    print("answered", number, flush=True)
    signal.sigwait({signal.SIGUSR1})
""")  # fmt: skip


def test_a_forged_first_segment_opens_no_way_for_a_program_that_is_bound_to_the_uplink(cafe: Cafe) -> None:
    """Tracked as opened from outside, the flow's answers would be let out; what opens a connection is no answer."""
    machine = cafe.laptop.machine
    # Else the kernel's own refusal ends the forged flow.
    machine.run("nft", "-f", "-", input=_SILENT)
    reply = [Probe("tcp", place.WEB4, 443, source=place.LAPTOP4, sport=40001)]
    neighbour = cafe.hardware_address.replace(":", "")
    forged = forge.tcp(place.WEB4, place.LAPTOP4, b"", 40001, sport=443).hex()
    cafe.apply(ROUTED)
    for _ in range(2):
        cafe.guest.run("/usr/bin/python3", "-ISc", forge.SEND, "eth0", neighbour, forged)
    flows = f"original src {place.WEB4}"
    wait_until(lambda: place.WEB4 in machine.run("conntrack", "-L", "-s", place.WEB4, check=False).stdout, flows)
    assert cafe.watched(reply).leaks == []
    machine.run("nft", "delete", "table", "inet", "silent")


_SILENT = """
table inet silent {
    chain output {
        type filter hook output priority -310;
        tcp flags & rst == rst drop
    }
}
"""
