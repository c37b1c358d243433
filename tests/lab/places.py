"""Devices in places of every kind on a small internet, and evidence of the way that their packets take.

    place 1: device 192.168.101.10 ── router 86.128.1.10 ─┐
                                                          core ── server, web, resolver
    place 2: device 192.168.102.10 ── router ── upper 86.128.2.10 ─┘

Place number N has public addresses of 86.128.N.0/24 and 2a02:c7f:N::/48, and a LAN of 192.168.(100+N).0/24. Customers
of the carrier share its one public address, and are 100.127.N.2 to it: carriers use 100.64.0.0/10 (RFC 6598), as the
mesh does by default. It takes single addresses, at random, so that the two meet once in a million labs. Law: the way of
a packet is told from captures, never from what the product says of itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal, NamedTuple

from lab import nats
from lab.net import Lab, LabError, Machine, Process, Router
from lab.pcap import Packet
from lab.services import Observer
from lab.world import Internet

Kind = Literal[
    "public",
    "firewall",
    "port-restricted",
    "remapping",
    "address-restricted",
    "full-cone",
    "hairpin",
    "symmetric",
    "upnp",
    "double",
    "carrier",
    "mobile",
    "ipv6-only",
]
Way = Literal["direct", "lan", "relay", "mixed", "none"]

CARRIER4 = "109.249.180.10"
RELAY_PORTS = range(20000, 30000)
"""UDP ports at the server that are the relay's."""

_PING_BYTES = 777
# Type, counter and tag are 32 bytes around the packet, which is padded to a multiple of 16 (WireGuard, 5.4.6): the
# ping's headers are 28 bytes with IPv4 and 48 with IPv6. Nothing else that we send has such a length.
_TUNNELLED = {32 + -(-(_PING_BYTES + headers) // 16) * 16 for headers in (28, 48)}
_DATA = b"\x04\x00\x00\x00"
# Customers reach each other through the internet or not at all.
_ISOLATED = """
table ip isolated
delete table ip isolated
table ip isolated {
    chain forward {
        type filter hook forward priority filter - 1;
        iifname != "wan" oifname != "wan" ct status dnat accept
        iifname != "wan" oifname != "wan" drop
    }
}
"""


_SERVER = {Internet.server4, Internet.server6}
_CUTS = "add table inet cuts\nadd chain inet cuts forward { type filter hook forward priority filter; }\n"
_ALONE = ("public", "ipv6-only", "mobile")


@dataclass(frozen=True)
class Place:
    """Devices, and the routers before them."""

    kind: Kind
    number: int
    devices: tuple[Machine, ...]
    addresses: tuple[tuple[str, ...], ...]
    """The devices' own addresses, IPv4 before IPv6."""
    public4: str | None
    """The address under which the internet sees them; None where there is no IPv4."""
    router: Router | None
    """What the devices call their gateway; None where that is not in the place."""

    @property
    def device(self) -> Machine:
        """The first of its devices."""
        return self.devices[0]

    def own(self, machine: Machine) -> set[str]:
        """The addresses of one of its devices."""
        return set(self.addresses[self.devices.index(machine)])

    def seen(self, machine: Machine) -> set[str]:
        """The addresses under which the internet sees one of its devices."""
        own = {address for address in self.own(machine) if ip_address(address).is_global}
        return own | ({self.public4} if self.public4 else set())


class Places(Internet):
    """The internet without anybody; `place` adds who is wanted, `start_mesh` has them meet.

    With `second_address` the server has one more, `server_second4`: a beacon there shows how a NAT maps.
    """

    server_second4 = "46.101.10.21"

    def __init__(self, lab: Lab, *, second_address: bool = False) -> None:
        super().__init__(lab)
        self.daemons: dict[Machine, Process] = {}
        self._where: dict[Machine, Place] = {}
        self._carrier: Router | None = None
        if second_address:
            self.server.ip(f"addr add {self.server_second4}/24 dev eth0")

    # --- building ---

    def place(self, kind: Kind, number: int, *, devices: int = 1, ipv6: bool = False, lan: str | None = None) -> Place:
        """Add a place; `number` is 1 to 99, and the machines are called deviceN, deviceN-2 and so on.

        `devices` share its LAN, where it has one. `ipv6` adds that, behind a firewall if there is a router; it is left
        out because else two places would always meet by it. `lan` is another network for the LAN, as "192.168.1":
        those of different people are often the same.
        """
        if devices > 1 and kind in (*_ALONE, "firewall"):
            raise LabError(f"a place of kind {kind} is for one device")
        if ipv6 and kind in ("double", "carrier", "mobile"):
            raise LabError(f"a place of kind {kind} has no IPv6 here")
        if kind in _ALONE:
            place = self._alone(kind, number, ipv6)
        else:
            place = self._network(kind, number, devices, ipv6, lan or f"192.168.{100 + number}")
        for machine in place.devices:
            machine.resolve_with(self.resolver4 if place.public4 else self.resolver6)
            self._where[machine] = place
        return place

    def _alone(self, kind: Kind, number: int, ipv6: bool) -> Place:
        """A device with nothing of its own before it."""
        device = self.lab.machine(f"device{number}")
        if kind == "mobile":
            return Place(kind, number, (device,), ((self._subscribe(device, "eth0", number),),), CARRIER4, None)
        public4 = None if kind == "ipv6-only" else f"86.128.{number}.10"
        public6 = f"2a02:c7f:{number}::10" if ipv6 or public4 is None else None
        own = tuple(address for address in (public4, public6) if address)
        self.uplink(device, "eth0", *own)
        return Place(kind, number, (device,), (own,), public4, None)

    def _network(self, kind: Kind, number: int, devices: int, ipv6: bool, lan: str) -> Place:
        """A LAN behind a router; the devices' addresses end in 10, 11, and so on."""
        router = self.lab.router(f"router{number}")
        machines = [self.lab.machine(f"device{number}" + (f"-{count}" if count > 1 else "")) for count in _to(devices)]
        public4 = self._outer_side(kind, router, number, ipv6)
        if kind == "firewall":
            lan = f"86.129.{number}"
            self.core.ip(f"route add {lan}.0/24 via {public4}")
            public4 = f"{lan}.10"
        lines = [(f"{lan}.", 24)] + ([(f"2a02:c7f:{number}:1::", 64)] if ipv6 else [])
        own = [tuple(f"{start}{9 + count}" for start, _ in lines) for count in _to(devices)]
        gateways = tuple(f"{start}1" for start, _ in lines)
        ports = [
            machine.port("eth0", *(f"{start}{9 + count}/{length}" for start, length in lines), gateways=gateways)
            for count, machine in enumerate(machines, 1)
        ]
        self.lab.wire(router.port("lan", *(f"{start}1/{length}" for start, length in lines)), *ports)
        nats.KINDS["port-restricted" if kind in ("double", "carrier") else kind](router)
        return Place(kind, number, tuple(machines), tuple(own), public4, router)

    def _outer_side(self, kind: Kind, router: Router, number: int, ipv6: bool) -> str:
        """Wire the router's `wan`; the address under which the internet sees it."""
        public4, public6 = f"86.128.{number}.10", f"2a02:c7f:{number}::10"
        if kind == "carrier":
            self._subscribe(router, "wan", number)
            return CARRIER4
        if kind == "double":
            self._behind_upper(router, number, public4)
        elif ipv6:
            self.uplink(router, "wan", public4, public6)
            self.core.ip(f"route add 2a02:c7f:{number}:1::/64 via {public6}")
        else:
            self.uplink(router, "wan", public4)
        return public4

    def _behind_upper(self, router: Router, number: int, public4: str) -> None:
        """The router's outer side is the LAN of another one, as behind the box of a provider."""
        upper = self.lab.router(f"upper{number}")
        self.uplink(upper, "wan", public4)
        ours = router.port("wan", "192.168.0.2/24", gateways=("192.168.0.1",))
        self.lab.wire(ours, upper.port("lan", "192.168.0.1/24"))
        upper.translate()

    def _subscribe(self, machine: Machine, interface: str, number: int) -> str:
        """Make it a customer of the carrier; its address there."""
        own, gateway = f"100.127.{number}.2", f"100.127.{number}.1"
        ours = machine.port(interface, f"{own}/24", gateways=(gateway,))
        self.lab.wire(ours, self.carrier.port(f"lan{number}", f"{gateway}/24"))
        return own

    @property
    def carrier(self) -> Router:
        """The carrier's router, made when it is first wanted; `nats.cone` can make it one of another kind."""
        if self._carrier is None:
            self._carrier = self.lab.router("cgnat")
            self.uplink(self._carrier, "wan", CARRIER4)
            nats.KINDS["carrier"](self._carrier)
            self._carrier.nft(_ISOLATED)
        return self._carrier

    # --- the product ---

    def start_mesh(
        self,
        *machines: Machine,
        allow: str = "routing",
        public_host: str | None = None,
        words: Sequence[str] = (),
    ) -> None:
        """Start coordinator and daemons; the first device makes the mesh, and lets the others in, named as machines.

        The others permit what `allow` says. `words` are more for each daemon. Where somebody has no IPv4,
        `public_host` is `lab.world.COORDINATOR`.
        """
        with ThreadPoolExecutor(3) as together:
            coordinator = together.submit(self.start_coordinator, public_host=public_host)
            started = together.map(lambda machine: self.start_daemon(machine, *words), machines)
            self.daemons.update(zip(machines, started, strict=True))
            coordinator.result()
        first, *others = machines
        self.meshnet(first, "create", self.coordinator_address(), "--name", first.name)
        granted = ("--allow", allow) if allow else ()
        for machine in others:
            link = self.meshnet(first, "invite")["link"]
            self.meshnet(machine, "join", link, "--name", machine.name, *granted)
            self.meshnet(first, "status")

    def mesh_address(self, machine: Machine) -> str:
        """The device's own IPv4 address in the mesh."""
        found: str = self.meshnet(machine, "status")["device"]["address4"]
        return found

    # --- evidence ---

    def way_of(self, one: Machine, two: Machine, *, pings: int = 3) -> Way:
        """The way that pings through the tunnel take, there and back, by what crosses the wires meanwhile.

        "direct": between the addresses under which the internet sees the two; "lan": between their own, inside one
        network; "relay": through the relay's ports at the server; "mixed": by several ways, or another; "none": no
        answer within 2 s. `two` must permit pings (`incoming`) to `one`.
        """
        target = self.mesh_address(two)
        options = ["-c", str(pings), "-i", "0.2", "-W", "2", "-s", str(_PING_BYTES)]
        with Observer(self.core, "any", "udp") as outside, Observer(one, "eth0", "udp") as inside:
            answered = one.run("ping", *options, target, check=False).returncode == 0
        if not answered:
            return "none"
        ends = self._ends(one), self._ends(two)
        ways = {way_at_core(packet, *ends) for packet in carriers(outside.packets())}
        ways |= {way_at_first(packet, *ends) for packet in carriers(inside.packets())}
        if not ways:
            raise LabError("the pings were answered, and no wire carried them in a tunnel")
        return ways.pop() if len(ways) == 1 else "mixed"

    def _ends(self, machine: Machine) -> End:
        place = self._where[machine]
        return End(place.own(machine), place.seen(machine))

    # --- trouble ---

    def cut(self, one: Machine, two: Machine, *, one_way: bool = False) -> None:
        """Lose at the core what goes between the two directly; with `one_way` only what goes from `one` to `two`.

        Customers of one carrier are one to the core. What other addresses see of the two, the relay too, stays.
        """
        ends = self._ends(one).seen, self._ends(two).seen
        rules = [_drop(*ends)] + ([] if one_way else [_drop(*reversed(ends))])
        self.core.nft(_CUTS + "".join(f"add rule inet cuts forward {rule}\n" for lines in rules for rule in lines))

    def mend(self) -> None:
        """End every `cut`."""
        self.core.nft("table inet cuts\ndelete table inet cuts\n")


class End(NamedTuple):
    """The addresses of one of two devices: its own, and those that the internet sees."""

    own: set[str]
    seen: set[str]


def carriers(packets: Iterable[Packet]) -> list[Packet]:
    """Those that carry one of the pings of `Places.way_of` in a WireGuard tunnel."""
    return [packet for packet in packets if packet.payload[:4] == _DATA and len(packet.payload) in _TUNNELLED]


def way_at_core(packet: Packet, one: End, two: End) -> Way:
    """The way of a packet between two devices that crosses the core."""
    if _is_relayed(packet):
        return "relay"
    there = packet.src in one.seen and packet.dst in two.seen
    back = packet.src in two.seen and packet.dst in one.seen
    return "direct" if there or back else "mixed"


def way_at_first(packet: Packet, one: End, two: End) -> Way:
    """The way of a packet on the first wire of `one`, by the address that stands for the other side there."""
    if _is_relayed(packet):
        return "relay"
    other = packet.dst if packet.src in one.own else packet.src
    if other in two.own and one.seen & two.seen:
        return "lan"
    return "direct" if other in two.seen else "mixed"


def _is_relayed(packet: Packet) -> bool:
    return (packet.src in _SERVER and packet.sport in RELAY_PORTS) or (
        packet.dst in _SERVER and packet.dport in RELAY_PORTS
    )


def _drop(sources: set[str], targets: set[str]) -> list[str]:
    """Rules that lose what goes from these addresses to those, family by family."""
    pairs = [(source, target) for source in sources for target in targets if (":" in source) == (":" in target)]
    return [
        f"{'ip6' if ':' in one else 'ip'} saddr {one} {'ip6' if ':' in one else 'ip'} daddr {two} drop"
        for one, two in pairs
    ]


def _to(count: int) -> range:
    return range(1, count + 1)
