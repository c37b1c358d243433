"""What the network around a routed laptop tries, in order to see its traffic or to learn of its tunnel."""

from __future__ import annotations

import json

import pytest

from lab import cafe as place
from lab import forge
from lab.cafe import Cafe, Probe, Wire, unseen
from lab.net import Lab, wait_until
from lab.services import Observer, WebServer
from meshnet_platform.api import Route

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

NEAR = (place.CAFE4, "169.254.0.0/16", "224.0.0.0/24", "255.255.255.255/32", "fe80::/10", "ff02::/16")
ROUTED = Route(passing=True)
ROUTED_NEAR = Route(passing=True, local=NEAR)
SSH = 22


@pytest.fixture(scope="module")
def cafe(shared_lab: Lab) -> Cafe:
    cafe = Cafe(shared_lab)
    WebServer(cafe.laptop.machine, SSH).await_ready()
    return cafe


def to_the_web(first: int) -> list[Probe]:
    """To both addresses of the web server, at ports that no other test uses."""
    return [Probe(kind, web, first) for web in (place.WEB4, place.WEB6) for kind in ("tcp", "udp")]


def goes_through_home(cafe: Cafe, probes: list[Probe]) -> None:
    """All of the probes go to the internet through home, and nothing goes beside the tunnel."""
    with Observer(cafe.home.machine, "wan", f"src host {place.HOME4} or {place.HOME6}") as at_home, Wire(cafe) as wire:

        def arrived() -> bool:
            cafe.send(probes)
            return not unseen(probes, at_home.packets())

        wait_until(arrived, "the probes at home", 20)
    assert wire.leaks == []


# --- routes that the network hands out ------------------------------------------------------------------------------

HANDED_OUT = (
    # DHCP, option 121 (TunnelVision, CVE-2024-3661): everything, one server, and a private range.
    *(f"route {{verb}} {prefix} via {place.GUEST4} dev eth0" for prefix in ("0.0.0.0/1", "128.0.0.0/1")),
    f"route {{verb}} {place.WEB4}/32 via {place.GUEST4} dev eth0",
    f"route {{verb}} 10.9.0.0/16 via {place.GUEST4} dev eth0",
    f"route {{verb}} default via {place.GUEST4} dev eth0 metric 1",
    # And what router advertisements can say of prefixes and preferences.
    *(f"-6 route {{verb}} {prefix} via {place.GUEST6} dev eth0" for prefix in ("::/1", "8000::/1")),
    f"-6 route {{verb}} {place.WEB6}/128 via {place.GUEST6} dev eth0",
    f"-6 route {{verb}} default via {place.GUEST6} dev eth0 metric 1",
)


def hand_out(cafe: Cafe, verb: str) -> None:
    for line in HANDED_OUT:
        cafe.laptop.machine.run("ip", *line.format(verb=verb).split())


@pytest.mark.parametrize("route", [ROUTED, ROUTED_NEAR], ids=["alone", "with the local network"])
def test_routes_that_dhcp_hands_out_lead_nothing_past_the_tunnel(cafe: Cafe, route: Route) -> None:
    probes = [*to_the_web(5000), Probe("tcp", "10.9.0.5", 80)]
    cafe.apply(None)
    hand_out(cafe, "add")
    try:
        with Observer(cafe.guest, "eth0", f"ether src {cafe.hardware_address}") as at_guest:

            def misled() -> bool:
                cafe.send(probes)
                return not unseen(probes, at_guest.packets())

            wait_until(misled, "the guest, to whom all was led", 20)
        cafe.apply(route)
        goes_through_home(cafe, to_the_web(5001))
        assert cafe.watched([Probe("tcp", "10.9.0.5", 81), Probe("tcp", "10.9.0.5", 82, place.UPLINK)]).leaks == []
    finally:
        hand_out(cafe, "del")


def test_a_router_that_advertises_itself_for_everything_gets_nothing(cafe: Cafe) -> None:
    laptop = cafe.laptop.machine
    laptop.run("sh", "-c", "cd /proc/sys/net/ipv6/conf/eth0; echo 2 >accept_ra; echo 128 >accept_ra_rt_info_max_plen")
    cafe.apply(ROUTED)
    cafe.inject(cafe.guest, forge.advertisement(place.GUEST_LINK, place.WEB6, 128))

    def is_believed() -> bool:
        routes = json.loads(laptop.run("ip", "-6", "-j", "route", "show", "table", "main").stdout)
        found = {route["dst"] for route in routes if route.get("gateway") == place.GUEST_LINK}
        return found == {place.WEB6, "default"}

    wait_until(is_believed, "routes by the advertisement")
    goes_through_home(cafe, to_the_web(5010))
    laptop.run("sh", "-c", "ip -6 route flush table main proto ra; echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_ra")


def test_a_redirect_of_the_gateway_leads_nothing_past_the_tunnel(cafe: Cafe) -> None:
    cafe.apply(ROUTED)
    about = forge.udp(place.LAPTOP4, place.WEB4, b"", 5020)
    cafe.inject(cafe.guest, forge.redirect(place.GATEWAY4, place.LAPTOP4, place.GUEST4, about))
    goes_through_home(cafe, to_the_web(5020))


# --- what a neighbour can learn -------------------------------------------------------------------------------------


def hardware_address_of(cafe: Cafe, address: str) -> str:
    """What the guest finds for this address in the café, if anything; it looks anew."""
    family = "-6" if ":" in address else "-4"
    cafe.guest.run("ip", family, "neigh", "flush", "dev", "eth0")
    cafe.guest.run("ip", family, "route", "replace", f"{address}/{128 if ':' in address else 32}", "dev", "eth0")
    cafe.guest.run("ping", "-c", "1", "-W", "0.4", address, check=False)
    found = json.loads(cafe.guest.run("ip", family, "-j", "neigh", "show", address).stdout or "[]")
    return next((str(entry["lladdr"]) for entry in found if "lladdr" in entry), "")


def test_a_neighbour_who_asks_for_the_mesh_address_finds_nobody(cafe: Cafe) -> None:
    cafe.apply(None)
    assert hardware_address_of(cafe, cafe.laptop.address4) == cafe.hardware_address, "an answer would not be seen"
    for route in (ROUTED_NEAR, Route(passing=False)):
        cafe.apply(route)
        for address in (place.LAPTOP4, place.LAPTOP6):
            assert hardware_address_of(cafe, address) == cafe.hardware_address
        for address in cafe.laptop.addresses:
            assert hardware_address_of(cafe, address) == ""
    cafe.apply(None)
    assert cafe.laptop.machine.run("cat", "/proc/sys/net/ipv4/conf/all/arp_ignore").stdout == "0\n"


@pytest.mark.parametrize("route", [ROUTED, ROUTED_NEAR], ids=["alone", "with the local network"])
def test_a_neighbour_gets_no_answer_from_the_mesh_address(cafe: Cafe, route: Route) -> None:
    """By answers to guessed segments it could find, and enter, connections inside the tunnel (CVE-2019-14899)."""
    cafe.apply(route)
    own4, own6 = cafe.laptop.addresses
    host4, host6 = cafe.home.addresses
    ports = (SSH, 9)
    guest = {4: place.GUEST4, 6: place.GUEST6}
    known = [
        forge.tcp(guest[6 if ":" in to else 4], to, b"", port, sport=6000)
        for to in (place.LAPTOP4, place.LAPTOP6)
        for port in ports
    ]
    with Wire(cafe) as wire:
        cafe.inject(cafe.guest, *known)
        wait_until(lambda: len(answers_to(wire, 6000)) >= len(known), "answers to what may be asked")
        tries = [(guest[4], own4), (guest[6], own6), (place.WEB4, own4), (host4, place.LAPTOP4), (host6, place.LAPTOP6)]
        knocks = [knock for pair in tries for port in ports for knock in knocks_of(*pair, port)]
        cafe.inject(cafe.guest, *knocks)
        # What comes after them is answered after them.
        cafe.inject(cafe.guest, forge.tcp(guest[4], place.LAPTOP4, b"", SSH, sport=6002))
        wait_until(lambda: answers_to(wire, 6002), "the answer to the last")
    assert answers_to(wire, 6001) == []
    assert [
        packet for packet in wire.packets if packet.proto in ("icmp", "icmp6") and b"<token" in packet.payload
    ] == []


def knocks_of(source: str, target: str, port: int) -> tuple[bytes, ...]:
    token = forge.token(7)
    return (
        forge.tcp(source, target, b"", port, sport=6001),
        forge.udp(source, target, token, port, sport=6001),
        forge.ping(source, target, token, identifier=port),
    )


def answers_to(wire: Wire, port: int) -> list[str]:
    """From where the laptop answered to that port."""
    return [packet.src for packet in wire.so_far() if packet.dport == port]
