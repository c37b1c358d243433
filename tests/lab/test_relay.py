"""The relay in the kernel, between devices behind NATs, with attackers beside it; every packet is a real one."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from lab import forge
from lab.net import Lab, Machine, Router, wait_until
from lab.relay_driver import Refused, Told
from lab.services import Observer

pytestmark = pytest.mark.lab

RELAY = {4: "192.0.2.9", 6: "2001:db8:9::9"}
RELAY_TOO = "192.0.2.10"
A = {4: "198.51.100.2", 6: "2001:db8:1::10"}
"""What the relay sees of `a`: its router's address, and its own."""
A2 = {4: A[4], 6: "2001:db8:1::11"}
B = {4: "203.0.113.2", 6: "2001:db8:2::10"}
EVIL = {4: "192.0.2.66", 6: "2001:db8:9::66"}
NEAR = {4: "192.0.2.20", 6: "2001:db8:9::20"}
FIRST, END = 20000, 21000
LOW, HIGH = 20000, 20001
FAMILIES = pytest.mark.parametrize("family", [4, 6])
_QUIET = 0.2
"""Seconds after which what was to come would have come; nothing depends on it where a packet is expected."""
_SHOWN = "nft list ruleset; sysctl -a --pattern 'net.ipv[46].(ip_|conf)' 2>/dev/null | grep -v -e stable_secret"


@dataclass
class World:
    """`a` and `a2` behind one NAT, `b` behind another, the relay with `evil` and `near` beside it, the net between."""

    net: Router
    relay: Machine
    told: Told
    a: Told
    a2: Told
    b: Told
    evil: Told
    near: Told

    def start(self, silence: int | None = None) -> None:
        self.told.ask("start", list(RELAY.values()), FIRST, END, silence)

    def pair(self, family: int, low: dict[int, str] = A, high: dict[int, str] = B, port: int = LOW) -> None:
        """The relay anew, with one pair."""
        self.start()
        self.told.ask("bind", port, low[family], high[family])

    def meet(self, family: int, low: Told | None = None, high: Told | None = None) -> None:
        """Both have been heard of, each at its port 5000, and hear one another."""
        low, high = low or self.a, high or self.b
        low.ask("send", 5000, RELAY[family], LOW, "first")
        assert passes(high, low, family, port=HIGH, to_port=LOW)
        assert passes(low, high, family, port=LOW, to_port=HIGH)

    def nft(self, *words: str) -> str:
        return self.relay.run("nft", *words).stdout

    def shown(self) -> str:
        return self.relay.run("sh", "-c", _SHOWN, timeout=40).stdout


_numbers = itertools.count()


def passes(
    sender: Told, receiver: Told, family: int, *, port: int, to_port: int, at: int = 5000, how: str = ""
) -> bool:
    """Whether a datagram to the relay's `port` comes out of `to_port` at `receiver`, whole."""
    text = f"number {next(_numbers)}".ljust(200, ".")
    sender.ask("send", at, RELAY[family], port, text, how)
    return bool(wait_until(lambda: _heard(receiver, text, family, to_port), "datagram through the relay", 5))


def lost(sender: Told, receiver: Told, family: int, port: int = LOW, at: int = 5000) -> bool:
    """Whether nothing of what is sent to the relay's `port` comes to `receiver`."""
    sender.ask("send", at, RELAY[family], port, "lost")
    return bool(receiver.ask("receive", 5000, _QUIET) is None)


def _heard(receiver: Told, text: str, family: int, port: int) -> bool:
    while (found := receiver.ask("receive", 5000, 0.05)) is not None:
        if found == [RELAY[family], port, text]:
            return True
    return False


@pytest.fixture(scope="module")
def world(shared_lab: Lab) -> World:
    lab = shared_lab
    net, nat_a, nat_b = lab.router("net"), lab.router("nat-a"), lab.router("nat-b")
    machines = {name: lab.machine(name) for name in ("relay", "a", "a2", "b", "evil", "near")}
    relay, gateways = machines["relay"], ("192.0.2.1", "2001:db8:9::1")
    lab.wire(
        net.port("to-relay", "192.0.2.1/24", "2001:db8:9::1/64"),
        relay.port("eth0", f"{RELAY[4]}/24", f"{RELAY_TOO}/24", f"{RELAY[6]}/64", gateways=gateways),
        machines["evil"].port("eth0", f"{EVIL[4]}/24", f"{EVIL[6]}/64", gateways=gateways),
        machines["near"].port("eth0", f"{NEAR[4]}/24", f"{NEAR[6]}/64", gateways=gateways),
    )
    for number, (nat, outer) in enumerate(((nat_a, "198.51.100"), (nat_b, "203.0.113")), start=1):
        wide = f"2001:db8:{number}00"
        lab.wire(
            net.port(f"to-{nat.name}", f"{outer}.1/24", f"{wide}::1/64"),
            nat.port("wan", f"{outer}.2/24", f"{wide}::2/64", gateways=(f"{outer}.1", f"{wide}::1")),
        )
        net.ip(f"route add 2001:db8:{number}::/64 via {wide}::2")
        inside = ["a", "a2"] if number == 1 else ["b"]
        ports = [
            machines[name].port(
                "eth0",
                f"192.168.{number}.{at}/24",
                f"2001:db8:{number}::{at}/64",
                gateways=(f"192.168.{number}.1", f"2001:db8:{number}::1"),
            )
            for at, name in enumerate(inside, start=10)
        ]
        lab.wire(nat.port("lan", f"192.168.{number}.1/24", f"2001:db8:{number}::1/64"), *ports)
        nat.translate()
    # The lab's machines begin with forwarding as they are told; this one is an ordinary server.
    state = relay.directory / "state"
    state.mkdir()
    ends = {name: Told(machine, "ends") for name, machine in machines.items() if name != "relay"}
    for one in ends.values():
        for address in RELAY.values():
            one.ask("listen", 5000, address)
    return World(net, relay, Told(relay, "relay", str(state)), **ends)


@pytest.fixture(autouse=True)
def _leaves_nothing(world: World) -> Iterator[None]:
    yield
    world.told.ask("stop")
    for one in (world.a, world.a2, world.b, world.evil, world.near):
        while one.ask("receive", 5000, 0):
            pass


@FAMILIES
def test_what_arrives_at_one_port_leaves_from_the_other(world: World, family: int) -> None:
    world.pair(family)
    world.meet(family)


@FAMILIES
def test_it_carries_wireguard_between_two_that_cannot_meet(world: World, family: int) -> None:
    world.pair(family)
    ends = (world.a.machine, "10.9.0.1", LOW), (world.b.machine, "10.9.0.2", HIGH)
    keys = [machine.run("wg", "genkey").stdout for machine, _, _ in ends]
    public = [world.relay.run("wg", "pubkey", input=key).stdout.strip() for key in keys]
    address = f"[{RELAY[6]}]" if family == 6 else RELAY[4]
    running = []
    for at, (machine, own, port) in enumerate(ends):
        running.append(machine.spawn("wireguard-go", "-f", "wg0", env={"LOG_LEVEL": "error"}))
        wait_until(partial(_has_wg0, machine), "wg0")
        peer = ("peer", public[1 - at], "allowed-ips", "10.9.0.0/24", "endpoint", f"{address}:{port}")
        machine.run(
            "wg", "set", "wg0", "private-key", "/dev/stdin", *peer, "persistent-keepalive", "25", input=keys[at]
        )
        machine.ip(f"addr add {own}/24 dev wg0", "link set wg0 mtu 1280 up")
    try:
        (client, _, _), (server, there, _) = ends
        client.run("ping", "-c", "3", "-i", "0.2", "-M", "do", "-s", "1252", "-w", "15", there)
        serving = server.spawn(sys.executable, "-c", _SERVE)
        serving.wait_for_line("ready", exact=True)
        assert int(client.python(_FETCH, there, timeout=40)) == _SIZE
        assert world.told.ask("used") == [LOW]
    finally:
        for process in running:
            process.stop()


def _has_wg0(machine: Machine) -> bool:
    return machine.run("wg", "show", "wg0", check=False).returncode == 0


_SIZE = 20_000_000
_SERVE = f"""
import socket
with socket.create_server(("", 8000)) as server:
    print("ready", flush=True)
    asking, _ = server.accept()
    with asking:
        asking.sendall(bytes({_SIZE}))
"""
_FETCH = """
import socket, sys
with socket.create_connection((sys.argv[1], 8000), 30) as asking:
    print(sum(len(part) for part in iter(lambda: asking.recv(65536), b"")))
"""


@FAMILIES
def test_both_ends_may_be_behind_one_nat(world: World, family: int) -> None:
    world.pair(family, A, A2)
    # Of two that have one port inside, the router gives the second another.
    world.meet(family, world.a, world.a2)


# --- who may use a port ---------------------------------------------------------------------------------------------


@FAMILIES
def test_only_the_owners_address_may_send(world: World, family: int) -> None:
    world.pair(family)
    world.meet(family)
    assert lost(world.evil, world.b, family)
    assert lost(world.evil, world.a, family, HIGH)
    # Nothing was learnt from that: both still hear one another, and nobody else hears them.
    assert passes(world.b, world.a, family, port=HIGH, to_port=LOW)
    assert passes(world.a, world.b, family, port=LOW, to_port=HIGH)
    assert world.evil.ask("receive", 5000, 0) is None


@FAMILIES
def test_an_owner_does_not_reach_the_others_side_by_the_others_port(world: World, family: int) -> None:
    world.pair(family)
    world.meet(family)
    assert lost(world.a, world.b, family, HIGH)
    assert lost(world.a, world.a, family, HIGH)
    assert passes(world.a, world.b, family, port=LOW, to_port=HIGH)


@FAMILIES
def test_a_forged_packet_takes_nothing_over_and_makes_no_more_of_itself(world: World, family: int) -> None:
    world.pair(family)
    world.meet(family)
    with Observer(world.relay, "eth0", "udp or icmp or icmp6") as seen:
        forged = [forge.udp(A[family], RELAY[family], b"forged", LOW, sport=4000 + at) for at in range(20)]
        strange = [forge.udp("198.51.100.77", RELAY[4], b"forged", LOW, sport=4000 + at) for at in range(20)]
        _inject(world.evil.machine, world.relay, *forged, *strange)
        assert passes(world.b, world.a, family, port=HIGH, to_port=LOW)
        assert passes(world.a, world.b, family, port=LOW, to_port=HIGH)
        packets = seen.stop()
    came = [packet for packet in packets if packet.payload == b"forged" and packet.dst == RELAY[family]]
    assert len(came) >= 20
    assert not [packet for packet in packets if packet.payload == b"forged" and packet.src == RELAY[family]]
    assert not [packet for packet in packets if packet.proto.startswith("icmp") and b"forged" in packet.payload]
    assert world.b.ask("receive", 5000, 0) is None


@FAMILIES
def test_a_forged_packet_that_matches_goes_to_the_partner_alone_and_no_larger(world: World, family: int) -> None:
    world.pair(family)
    world.meet(family)
    with Observer(world.relay, "eth0", "udp") as seen:
        _inject(world.evil.machine, world.relay, forge.udp(A[family], RELAY[family], b"forged" * 20, LOW, sport=5000))
        assert wait_until(lambda: world.b.ask("receive", 5000, 1), "the forged packet")[2] == "forged" * 20
        packets = [packet for packet in seen.stop() if packet.payload.startswith(b"forged")]
    assert [(packet.src, packet.dst) for packet in packets] == [(A[family], RELAY[family]), (RELAY[family], B[family])]
    assert {len(packet.payload) for packet in packets} == {120}


@FAMILIES
def test_nothing_leaves_while_the_partner_has_not_been_heard_of(world: World, family: int) -> None:
    world.pair(family)
    with Observer(world.relay, "eth0", f"host {RELAY[family]} and not port 22") as seen:
        assert lost(world.a, world.b, family)
        assert seen.wait_for_packet(src=A[family], dport=LOW)
        said = [
            packet for packet in seen.stop() if packet.src == RELAY[family] and packet.dst in (A[family], B[family])
        ]
    assert said == []
    assert world.told.ask("used") == []
    world.meet(family)
    assert world.told.ask("used") == [LOW]
    wait_until(lambda: world.told.ask("used") == [], "end of the use")


@FAMILIES
def test_another_source_port_takes_over_after_silence_or_a_new_binding_and_not_before(
    world: World, family: int
) -> None:
    world.start(silence=2)
    world.told.ask("bind", LOW, A[family], B[family])
    world.meet(family)
    assert lost(world.a, world.b, family, at=6000)
    assert passes(world.b, world.a, family, port=HIGH, to_port=LOW)
    # The first is silent meanwhile.
    text = "later"

    def knocks() -> bool:
        world.a.ask("send", 6000, RELAY[family], LOW, text)
        return _heard(world.b, text, family, HIGH)

    wait_until(knocks, "the other port in use", 15, tick=0.3)
    assert lost(world.a, world.b, family, at=5000)
    world.told.ask("bind", LOW, A[family], B[family])
    # Until somebody comes, the way stays the one that was known.
    world.b.ask("send", 5000, RELAY[family], HIGH, "to the other")
    assert wait_until(lambda: world.a.ask("receive", 6000, 1), "answer at the other port")[2] == "to the other"
    assert passes(world.a, world.b, family, port=LOW, to_port=HIGH)
    assert passes(world.b, world.a, family, port=HIGH, to_port=LOW)


def test_who_moved_is_followed_and_the_old_address_has_nothing_left(world: World) -> None:
    world.pair(4)
    world.meet(4)
    world.told.ask("bind", LOW, EVIL[4], B[4])
    assert lost(world.a, world.b, 4)
    assert passes(world.evil, world.b, 4, port=LOW, to_port=HIGH)
    assert passes(world.b, world.evil, 4, port=HIGH, to_port=LOW)
    assert lost(world.b, world.a, 4, HIGH)


def test_ports_that_were_taken_back_are_nobodys(world: World) -> None:
    world.pair(4)
    world.meet(4)
    world.told.ask("release", LOW)
    assert lost(world.a, world.b, 4)
    world.told.ask("bind", LOW, A[4], B[4])
    # What was known before is not known any more.
    assert lost(world.a, world.b, 4)
    world.meet(4)


@pytest.mark.parametrize(
    "owners",
    [(A[4], B[6]), (A[4], RELAY[4]), (RELAY_TOO, B[4]), ("127.0.0.1", B[4]), (A[4], "224.0.0.1"), ("::1", B[6])],
    ids=str,
)
def test_ports_are_not_given_to_two_families_nor_to_this_machine_nor_to_groups(
    world: World, owners: tuple[str, str]
) -> None:
    world.start()
    with pytest.raises(Refused):
        world.told.ask("bind", LOW, *owners)
    world.told.ask("bind", LOW, A[4], B[4])


# --- what is carried, and what is told of it ------------------------------------------------------------------------


def test_a_datagram_without_a_checksum_arrives(world: World) -> None:
    world.pair(4)
    world.meet(4)
    with Observer(world.b.machine, "eth0", f"udp and src {RELAY[4]} and udp[6:2] == 0") as seen:
        assert passes(world.a, world.b, 4, port=LOW, to_port=HIGH, how="unsummed")
        assert seen.wait_for_packet(sport=HIGH)


@FAMILIES
def test_no_error_tells_one_end_where_the_other_is(world: World, family: int) -> None:
    world.pair(family)
    world.meet(family)
    target, way = (f"{B[4]}/32", "192.0.2.1") if family == 4 else (f"{B[6]}/128", "2001:db8:9::1")
    with Observer(world.net, "to-relay", "icmp or icmp6") as seen:
        for route in (f"{target} via {way} mtu lock 1280", f"unreachable {target}"):
            world.relay.ip(f"route replace {route}" if "via" in route else f"route add {route} metric 1")
            _send_large(world, family)
            assert world.b.ask("receive", 5000, _QUIET) is None
        assert _quoting(seen, family) == []
        # The control: without the rule the kernel does tell.
        world.nft("flush", "chain", "inet", "meshnet-relay", "errors")
        _send_large(world, family)
        assert wait_until(lambda: _quoting(seen, family), "ICMP error")
    world.relay.run("ip", "-6" if family == 6 else "-4", "route", "flush", "exact", target)


def _send_large(world: World, family: int) -> None:
    world.a.ask("send", 5000, RELAY[family], LOW, "x" * 1400, "whole")


def _quoting(seen: Observer, family: int) -> list[str]:
    errors = [packet for packet in seen.packets() if packet.dst == A[family] and packet.src == RELAY[family]]
    return [packet.proto for packet in errors]


@FAMILIES
def test_no_redirect_tells_neighbours_of_one_another(world: World, family: int) -> None:
    world.pair(family, NEAR, EVIL)
    with Observer(world.relay, "eth0", "icmp[0] == 5 or icmp6[0] == 137") as seen:
        world.meet(family, world.near, world.evil)
        assert seen.packets() == []
        world.nft("flush", "chain", "inet", "meshnet-relay", "errors")

        def is_told() -> bool:
            world.near.ask("send", 5000, RELAY[family], LOW, "again")
            return bool(seen.matching(dst=NEAR[family]))

        # The kernel waits longer from one to the next (redirect_load), and those that were dropped count.
        wait_until(is_told, "redirect", tick=0.2)


# --- the machine itself ---------------------------------------------------------------------------------------------


def test_the_machines_own_sockets_and_unallocated_ports_are_as_before(world: World) -> None:
    world.pair(4)
    own = Told(world.relay, "ends")
    for port in (LOW, LOW + 2):
        own.ask("listen", port, RELAY[4])
    # A socket of its own at a port that is not given out, and at one that is but by another address.
    world.evil.ask("send", 5000, RELAY[4], LOW + 2, "to the machine")
    assert own.ask("receive", LOW + 2, 5) == [EVIL[4], 5000, "to the machine"]
    own.ask("send", LOW + 2, EVIL[4], 5000, "answer")
    assert world.evil.ask("receive", 5000, 5) == [RELAY[4], LOW + 2, "answer"]
    world.evil.ask("send", 5000, RELAY_TOO, LOW, "to the other address")
    assert own.ask("receive", LOW, 5) == [EVIL[4], 5000, "to the other address"]
    # It may itself send to such a port elsewhere.
    world.evil.ask("listen", LOW, EVIL[4])
    own.ask("send", LOW + 2, EVIL[4], LOW, "out")
    assert world.evil.ask("receive", LOW, 5) == [RELAY[4], LOW + 2, "out"]
    with Observer(world.relay, "eth0", "icmp") as seen:

        def refused() -> bool:
            # The kernel says so once a second and receiver at most (icmp(7)), and other tests had their share.
            world.evil.ask("send", 5000, RELAY[4], LOW + 4, "nobody there")
            return bool(seen.matching(src=RELAY[4], dst=EVIL[4], proto="icmp"))

        wait_until(refused, "that nobody is there", 20, tick=0.5)
    own.process.stop()


def test_programs_are_not_given_the_relays_ports(world: World) -> None:
    world.relay.run("sysctl", "-q", "-w", f"net.ipv4.ip_local_port_range={LOW} {LOW + 99}")
    world.relay.run("sysctl", "-q", "-w", "net.ipv4.ip_local_reserved_ports=8080,20999-21001")
    own = 'import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("", 0)); print(s.getsockname()[1])'
    assert LOW <= int(world.relay.python(own)) < LOW + 100
    world.start()
    assert world.relay.run("sysctl", "-n", "net.ipv4.ip_local_reserved_ports").stdout.strip() == "8080,20000-21001"
    assert world.relay.run(sys.executable, "-c", own, check=False).returncode != 0
    world.told.ask("stop")
    assert world.relay.run("sysctl", "-n", "net.ipv4.ip_local_reserved_ports").stdout.strip() == "8080,20999-21001"
    world.relay.run("sysctl", "-q", "-w", "net.ipv4.ip_local_reserved_ports=")
    world.relay.run("sysctl", "-q", "-w", "net.ipv4.ip_local_port_range=32768 60999")


@FAMILIES
def test_nobody_else_may_use_the_machine_as_a_router(world: World, family: int) -> None:
    target, forwarding = (
        ("203.0.113.1", "ipv4/ip_forward") if family == 4 else ("2001:db8:200::1", "ipv6/conf/all/forwarding")
    )
    packet = forge.ping(NEAR[family], target, b"through")

    def comes_through() -> bool:
        with Observer(world.net, "to-relay", f"host {target}") as seen:
            _inject(world.near.machine, world.relay, packet)
            # What the machine says itself comes behind whatever it forwards.
            world.relay.run("ping", "-c", "1", "-W", "5", target)
            return any(one.src == NEAR[family] and one.dst == target for one in seen.stop())

    assert not comes_through()
    world.pair(family)
    world.meet(family)
    assert not comes_through()
    # The control: forwarding that was on before the relay is somebody's, and stays as it is.
    world.told.ask("stop")
    world.relay.run("sysctl", "-q", "-w", f"net/{forwarding}=1")
    world.start()
    assert comes_through()
    world.told.ask("stop")
    assert world.relay.run("sysctl", "-n", f"net/{forwarding}").stdout.strip() == "1"
    world.relay.run("sysctl", "-q", "-w", f"net/{forwarding}=0")


def test_stop_leaves_no_trace_nor_does_a_start_after_a_kill(world: World) -> None:
    before = world.shown()
    world.pair(4)
    world.meet(4)
    during = world.shown()
    assert during != before
    killed = world.told
    killed.process.kill()
    # It goes on without its program.
    assert passes(world.a, world.b, 4, port=LOW, to_port=HIGH)
    world.told = Told(world.relay, "relay", killed.process.argv[-1])
    world.start()
    assert lost(world.a, world.b, 4)
    world.told.ask("bind", LOW, A[4], B[4])
    world.meet(4)
    world.told.process.kill()
    world.told = Told(world.relay, "relay", killed.process.argv[-1])
    world.told.ask("stop")
    assert world.shown() == before
    assert not list((world.relay.directory / "state").iterdir())


def test_what_others_took_away_is_told(world: World) -> None:
    world.pair(4)
    world.told.ask("used")
    world.relay.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=0")
    with pytest.raises(Refused):
        world.told.ask("used")
    world.pair(4)
    world.meet(4)
    world.nft("flush", "ruleset")
    with pytest.raises(Refused):
        world.told.ask("used")
    world.pair(4)
    world.meet(4)


# --- other firewalls ------------------------------------------------------------------------------------------------


def test_a_firewall_that_lets_in_only_answers_does_not_matter(world: World) -> None:
    world.nft("add table inet strict")
    for hook in ("input", "output"):
        world.nft(f"add chain inet strict {hook} {{ type filter hook {hook} priority 0; policy drop; }}")
        world.nft(f"add rule inet strict {hook} ct state established,related accept")
        world.nft(f"add rule inet strict {hook} icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept")
    world.nft("add table ip translate")
    world.nft("add chain ip translate post { type nat hook postrouting priority srcnat; }")
    world.nft("add rule ip translate post oifname eth0 masquerade")
    world.pair(4)
    world.meet(4)
    # The control: to the machine itself nothing new gets.
    own = Told(world.relay, "ends")
    own.ask("listen", LOW + 6, RELAY[4])
    world.evil.ask("send", 5000, RELAY[4], LOW + 6, "in")
    assert own.ask("receive", LOW + 6, _QUIET) is None
    own.process.stop()
    world.nft("delete table inet strict")
    world.nft("delete table ip translate")


def test_a_firewall_that_forwards_nothing_is_found_and_its_cure_cures(world: World) -> None:
    world.nft("add table inet strict")
    world.nft("add chain inet strict forward { type filter hook forward priority 0; policy drop; }")
    before = world.shown()
    with pytest.raises(Refused, match="inet strict") as refused:
        world.start()
    assert world.shown() == before
    world.relay.run("sh", "-c", refused.value.cure.split("`")[1])
    world.pair(4)
    world.meet(4)
    world.told.ask("stop")
    world.nft("delete table inet strict")


def test_iptables_that_forward_nothing_are_found_and_the_cure_cures(world: World) -> None:
    world.relay.run("iptables", "-P", "FORWARD", "DROP")
    with pytest.raises(Refused) as refused:
        world.start()
    world.relay.run("sh", "-c", refused.value.cure.split("`")[1])
    world.pair(4)
    world.meet(4)
    world.told.ask("stop")
    world.nft("flush", "ruleset")


def test_an_address_that_is_not_the_machines_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="not an address of this machine"):
        world.told.ask("start", ["192.0.2.99"], FIRST, END)


def _inject(sender: Machine, receiver: Machine, *packets: bytes) -> None:
    """Hand packets to the receiver's very interface, whatever addresses they bear."""
    neighbour = receiver.run("cat", "/sys/class/net/eth0/address").stdout.strip().replace(":", "")
    sender.python(forge.SEND, "eth0", neighbour, *(packet.hex() for packet in packets))
