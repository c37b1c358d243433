"""What still holds while rules are replaced, emptied by others, or left behind by a dead daemon; and who is removed."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from lab import forge
from lab.net import Process, wait_until
from lab.services import Observer, Packet
from lab.siege import INTERFACE, Count, Siege, besieged
from lab.tunnel_packets import carries_data
from lab.ways_in import ALL
from lab.world import HOME_PORT, SOCKET

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

REFUSED_ANYWAY = {
    "another peer of the mesh",
    "another peer of the mesh over IPv6",
    "the loopback address",
    "another loopback address",
    "the IPv6 loopback address",
    "the address of any network",
    "the limited broadcast",
    "the broadcast of the LAN",
    "the group of multicast DNS",
    "the group of SSDP",
    "the IPv6 group of all nodes",
    "the IPv6 group of multicast DNS",
    "a site's IPv6 group",
}
"""Where a kernel that forwards everything sends nothing that came in by a tunnel; and peers, whose own WireGuard
refuses a third device's address from home."""
OURS = ("nft", "list", "table", "inet", "meshnet")
TOGGLE = """
import sys
from meshnet.cli.client import Client
from meshnet.protocol import local
for _ in range(50):
    print("toggled", flush=True)
    for change in (local.Deny, local.Allow):
        with Client(sys.argv[1]) as client:
            client.ask(change("friend", ("routing",)), local.Status)
print("done", flush=True)
"""
FLOOD = """
import socket, sys, time
interface, *packets = sys.argv[1:]
with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as sending:
    while True:
        for packet in map(bytes.fromhex, packets):
            kind = 0x800 if packet[0] >> 4 == 4 else 0x86DD
            try:
                sending.sendto(packet, (interface, kind, 0, 0, b""))
            except OSError:
                pass
        time.sleep(0.005)
"""


@pytest.fixture(scope="module")
def fortress() -> Iterator[Siege]:
    with besieged() as siege:
        yield siege


@pytest.fixture
def siege(fortress: Siege) -> Siege:
    """With home's daemon and its rules as they should be."""
    if fortress.daemons["home"].returncode is not None:
        fortress.start("home")
    wait_until(lambda: fortress.at_home("status")["coordinator"]["connected"], "the coordinator")
    wait_until(lambda: fortress.world.home.run(*OURS, check=False).returncode == 0, "our table")
    return fortress


# --- rules replaced under load ----------------------------------------------------------------------------------------


def test_not_one_packet_slips_through_while_rules_change(siege: Siege) -> None:
    world, mesh, port = siege.world, siege.mesh, 4444
    arrived = [
        siege.count("nas", f"udp dport {port}"),
        siege.count("cellar", f"udp dport {port}"),
        siege.count("container", f"udp dport {port}"),
        siege.count("web", f"udp dport {port}"),
        siege.count("guest", f'iifname "{INTERFACE}" udp dport {port}'),
    ]
    unmasked = siege.count("home-router", f'iifname "lan" ip saddr {{ {mesh["traveller4"]}, {mesh["stranger4"]} }}')
    unmasked6 = siege.count("home-router", f'iifname "lan" ip6 saddr {{ {mesh["traveller6"]}, {mesh["stranger6"]} }}')
    counts = [*arrived, unmasked, unmasked6]
    show_counts_work(siege, port, counts)
    before = [count.value() for count in counts]
    allowed = siege.count("web", f"udp dport {port + 1}")
    targets = ("192.168.1.20", "2a02:8010:6a00:1::20", "10.20.0.20", "172.17.0.2", mesh["friend4"])
    floods = [
        flood(siege, "traveller", port, *targets),
        flood(siege, "stranger", port, world.web4, world.web6, *targets),
        flood(siege, "traveller", port + 1, world.web4, world.web6),
    ]
    try:
        allowed.wait_for_more(1000)
        toggling = world.home.spawn(sys.executable, "-c", TOGGLE, SOCKET, name="toggle")
        toggling.wait_for_line("done", 150, exact=True)
        allowed.wait_for_more(100)
    finally:
        for one in floods:
            one.kill()
    siege.fence()
    assert [count.value() for count in counts] == before


def flood(siege: Siege, name: str, port: int, *targets: str) -> Process:
    """Datagrams to these addresses, without a pause, until it is killed."""
    sources = (siege.mesh[name + ("6" if ":" in target else "4")] for target in targets)
    packets = [forge.udp(*ends, b"flood", port).hex() for ends in zip(sources, targets, strict=True)]
    return siege.machine(name).spawn(sys.executable, "-ISc", FLOOD, INTERFACE, *packets, name="flood")


def show_counts_work(siege: Siege, port: int, counts: list[Count]) -> None:
    """One packet for each count, by somebody whom nothing keeps from sending it."""
    world, mesh = siege.world, siege.mesh
    for address in ("192.168.1.20", "10.20.0.20", "172.17.0.2", world.web4, mesh["friend4"]):
        siege.send_plain("home", address, port)
    for family, address in (("4", world.web4), ("6", world.web6)):
        leaked = forge.udp(mesh["traveller" + family], address, b"leaked", port + 2)
        siege.inject("home", leaked, interface="eth0", neighbour=siege.hardware_address("home-router", "lan"))
    wait_until(lambda: all(count.value() for count in counts), "a packet in each count")


# --- rules emptied by others ------------------------------------------------------------------------------------------


def test_an_emptied_firewall_is_filled_again(siege: Siege) -> None:
    siege.world.flush_firewall()
    wait_until(lambda: siege.world.home.run(*OURS, check=False).returncode == 0, "our table, back by itself")
    siege.fence()
    assert siege.reached(ALL) == {}
    assert siege.reached(ALL, "stranger") == {}


@pytest.mark.parametrize("name", ["traveller", "stranger"])
def test_without_any_firewall_routes_still_keep_peers_to_the_internet(siege: Siege, name: str) -> None:
    """Home's own services are then open: local delivery comes before any route. Somebody else has `lan`."""
    siege.at_home("allow", "friend", "lan")
    siege.daemons["home"].kill()
    siege.world.flush_firewall()
    reached = siege.reached(ALL, name)
    assert "this device" in reached, "the firewall is not gone"
    assert {name: places for name, places in reached.items() if places != {"home"}} == {}
    siege.start("home")
    siege.at_home("deny", "friend", "lan")


def test_without_the_second_layer_too_the_same_packets_arrive(siege: Siege) -> None:
    siege.daemons["home"].kill()
    siege.world.flush_firewall()
    for family in ("-4", "-6"):
        siege.world.home.run("ip", family, "rule", "del", "priority", "5295")
    assert {target.name for target in ALL} - siege.reached(ALL).keys() <= REFUSED_ANYWAY


@pytest.mark.parametrize("name", ["traveller", "stranger"])
def test_a_renamed_mesh_interface_opens_nothing(siege: Siege, name: str) -> None:
    siege.daemons["home"].kill()
    siege.world.home.run("ip", "link", "set", INTERFACE, "name", "other0")
    try:
        assert siege.reached(ALL, name) == {}
    finally:
        siege.world.home.run("ip", "link", "set", "other0", "name", INTERFACE)


def test_a_host_started_without_its_coordinator_is_as_closed(siege: Siege) -> None:
    siege.daemons["home"].kill()
    siege.coordinator.kill()
    siege.start("home")
    siege.fence()
    try:
        assert siege.reached(ALL) == {}
    finally:
        siege.coordinator = siege.world.start_coordinator()


# --- removed ----------------------------------------------------------------------------------------------------------


def test_a_removed_peer_reaches_nothing(siege: Siege) -> None:
    world, home = siege.world, siege.world.home
    key = world.laptop.run("wg", "show", INTERFACE, "public-key").stdout.strip()
    siege.fence()
    assert key in home.run("wg", "show", INTERFACE, "peers").stdout
    world.meshnet(world.guest, "remove", "traveller")
    wait_until(lambda: key not in home.run("wg", "show", INTERFACE, "peers").stdout, "the end of the peer", 20)
    token = siege.token()

    def is_sent_all_the_same(packet: Packet) -> bool:
        return packet.src in (world.cafe_public4, world.laptop6) and carries_data(packet.payload)

    with Observer(home, "eth0", f"udp dst port {HOME_PORT}") as observer:
        for address in (world.web4, "192.168.1.20", siege.mesh["home4"]):
            siege.inject("traveller", *siege.knocks(siege.mesh["traveller4"], address, token))
        wait_until(lambda: any(map(is_sent_all_the_same, observer.packets())), "what it sends all the same")
    last = siege.token()
    siege.inject("friend", *siege.knocks(siege.mesh["friend4"], siege.mesh["home4"], last))
    siege.wait_for("home", last)
    assert siege.where(token) == set()
    assert not siege.has_seen("home", token)
    rules = home.run(*OURS).stdout
    for family in ("4", "6"):
        routes = home.run("ip", f"-{family}", "route", "show", "table", "all").stdout
        address = siege.mesh["traveller" + family]
        assert address not in rules
        assert f"{address} dev {INTERFACE}" not in routes
        assert address not in home.run("conntrack", "-L", "-f", f"ipv{family}").stdout
