"""Packets that lie about where they come from or where they go, and machines that take a host for their router."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import forge
from lab.siege import Siege, besieged
from lab.ways_in import Target

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

NAS = Target("the NAS", "192.168.1.20", "nas")
NAS6 = Target("the NAS over IPv6", "2a02:8010:6a00:1::20", "nas")


@pytest.fixture(scope="module")
def siege() -> Iterator[Siege]:
    with besieged() as siege:
        yield siege


SOURCES = ("{friend4}", "{home4}", "8.8.8.8", "192.168.1.10", "192.168.1.20", "127.0.0.1")
SOURCES6 = ("{friend6}", "{home6}", "2606:4700:4700::1111", "2a02:8010:6a00:1::10", "::1")


@pytest.mark.parametrize("source", SOURCES + SOURCES6)
def test_a_source_that_is_not_the_peers_own_passes_nowhere(siege: Siege, source: str) -> None:
    token, source = siege.token(), siege.address(source)
    own = siege.mesh["home6" if ":" in source else "home4"]
    targets = (siege.world.web6, NAS6.address, own) if ":" in source else (siege.world.web4, NAS.address, own)
    for target in targets:
        siege.inject("traveller", *siege.knocks(source, target, token))
    assert siege.outcome(token, NAS6 if ":" in source else NAS) == set()


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("passing", ["{home4}", "192.168.1.10", "93.184.215.14"])
def test_an_ipv4_source_route_leads_nowhere(siege: Siege, strict: bool, passing: str) -> None:
    token = siege.token()
    plain = forge.udp(siege.mesh["traveller4"], siege.address(passing), token)
    siege.inject("traveller", forge.source_routed(plain, NAS.address, strict=strict))
    assert siege.outcome(token, NAS) == set()


@pytest.mark.parametrize("kind", [0, 2, 4])
@pytest.mark.parametrize("passing", ["{home6}", "2a02:8010:6a00:1::10", "2606:2800:21f:cb07::14"])
def test_an_ipv6_routing_header_leads_nowhere(siege: Siege, kind: int, passing: str) -> None:
    token, source = siege.token(), siege.mesh["traveller6"]
    via = siege.address(passing)
    siege.inject("traveller", forge.routing_header(source, NAS6.address, via, token, kind=kind))
    assert siege.outcome(token, NAS6) == set()


@pytest.mark.parametrize("target", [NAS, NAS6], ids=str)
def test_fragments_reach_the_internet_and_not_the_lan(siege: Siege, target: Target) -> None:
    family = "6" if ":" in target.address else "4"
    web = siege.world.web6 if family == "6" else siege.world.web4
    refused, passed = siege.token(), siege.token()
    for address, token in ((target.address, refused), (web, passed)):
        whole = forge.udp(siege.mesh["traveller" + family], address, token * 188)
        siege.inject("traveller", *forge.fragments(whole))
    siege.wait_for("web", passed)
    assert siege.outcome(refused, target) == set()


@pytest.mark.parametrize("source", ["{traveller4}", "192.168.1.1"])
def test_a_redirect_changes_no_route_of_the_host(siege: Siege, source: str) -> None:
    world, token = siege.world, siege.token()
    ask = ("ip", "route", "get", world.web4)
    before = world.home.run(*ask).stdout
    about = forge.udp(siege.mesh["home4"], world.web4, token)
    for target in (siege.mesh["home4"], world.home4):
        traveller, source = siege.mesh["traveller4"], siege.address(source)
        siege.inject("traveller", forge.redirect(source, target, traveller, about, token))
    honest = siege.token()
    siege.inject(
        "nas",
        forge.redirect(world.nas4, world.home4, world.nas4, about, honest),
        interface="eth0",
        neighbour=siege.hardware_address("home"),
    )
    siege.wait_for("home", honest, "delivered")
    assert siege.outcome(token) == set()
    assert world.home.run(*ask).stdout == before


# --- neighbours that take the host for their router ------------------------------------------------------------------


def send_by_way_of_home(siege: Siege, neighbour: str, source: str, target: str) -> bytes:
    """The token of packets that a neighbour handed to home, after home has surely dealt with them."""
    near = {"nas": "eth0", "annex": "eth1", "container": "docker0"}.get(neighbour)
    token, last = siege.token(), siege.token()
    own = {"nas": "192.168.1.10", "annex": "192.168.60.10", "container": "172.17.0.1", "office": "10.77.0.1"}[neighbour]
    way = ("eth0", siege.hardware_address("home", near)) if near else ("office0", "")
    packets = siege.knocks(siege.address(source), siege.address(target), token)
    end = forge.udp("192.168.1.20" if near == "eth0" else "192.168.60.20", own, last)
    if neighbour in ("container", "office"):
        end = forge.udp("172.17.0.2" if neighbour == "container" else "10.77.0.5", own, last)
    siege.inject(neighbour, *packets, end, interface=way[0], neighbour=way[1])
    siege.wait_for("home", last, "delivered")
    return token


@pytest.mark.parametrize("source", ["192.168.1.20", "{friend4}", "{stranger4}", "{home4}", "8.8.8.8"])
@pytest.mark.parametrize("neighbour", ["nas", "annex", "container", "office"])
def test_no_neighbour_enters_the_mesh_by_way_of_the_host(siege: Siege, neighbour: str, source: str) -> None:
    token = send_by_way_of_home(siege, neighbour, source, "{traveller4}")
    siege.show_reachable(Target("the traveller", "{traveller4}", "laptop"))
    assert not siege.has_seen("laptop", token)


@pytest.mark.parametrize("source", ["2a02:8010:6a00:1::20", "{friend6}", "{home6}"])
def test_no_neighbour_enters_the_mesh_over_ipv6(siege: Siege, source: str) -> None:
    token = send_by_way_of_home(siege, "nas", source, "{traveller6}")
    siege.show_reachable(Target("the traveller", "{traveller6}", "laptop"))
    assert not siege.has_seen("laptop", token)


@pytest.mark.parametrize("source", ["192.168.1.20", "{friend4}"])
def test_the_hosts_mesh_address_does_not_exist_for_its_neighbours(siege: Siege, source: str) -> None:
    assert siege.where(send_by_way_of_home(siege, "nas", source, "{home4}")) == set()


@pytest.mark.parametrize(
    ("neighbour", "source", "target"),
    [
        ("nas", "192.168.1.20", "93.184.215.14"),
        ("nas", "2a02:8010:6a00:1::20", "2606:2800:21f:cb07::14"),
        ("nas", "{traveller4}", "93.184.215.14"),
        ("nas", "192.168.1.20", "192.168.60.20"),
        ("nas", "192.168.1.20", "10.77.0.5"),
        ("annex", "192.168.60.20", "93.184.215.14"),
        ("annex", "2001:638:60::20", "2606:2800:21f:cb07::14"),
        ("annex", "192.168.60.20", "192.168.1.20"),
        ("office", "10.77.0.5", "192.168.1.20"),
        ("office", "10.77.0.5", "93.184.215.14"),
    ],
)
def test_no_neighbour_is_forwarded_because_the_mesh_needs_forwarding(
    siege: Siege, neighbour: str, source: str, target: str
) -> None:
    token = send_by_way_of_home(siege, neighbour, source, target)
    siege.fence()
    assert siege.where(token) == set()
