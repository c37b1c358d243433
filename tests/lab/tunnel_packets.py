"""What may be seen of a routed device on the wire that it is plugged into, packet by packet.

WireGuard's packets and the probes beside them, from the tunnel's port to an endpoint of the mesh; the daemon's
connection to its coordinator; the talk of neighbours. All else is a leak. Law: whether a packet may be seen is decided
here and nowhere else, and as strictly as one packet allows: by its ends and by its form.
"""

from __future__ import annotations

from dataclasses import dataclass

from lab.net import Machine
from lab.services import Packet
from lab.world import HOME_PORT, World

CONTROL_PORT = 8443
"""Where the coordinator listens: for its control API by TCP, and with the first of its two beacons by UDP."""
BEACON_PORTS = (CONTROL_PORT, CONTROL_PORT + 1)
RELAY_PORTS = range(20000, 30000)
TUNNEL = "meshnet0"
_DISCOVERY = (b"\x85", b"\x87", b"\x88")
"""Types of ICMPv6 (RFC 4861): asking for routers, asking for neighbours, answering them."""
_PROBE, _PROBE_SIZE = b"MnP1", 64
_HANDSHAKE_SIZES = {1: 148, 2: 92, 3: 64}
"""In bytes, by message type: initiation, response, cookie reply (the WireGuard paper, 5.4)."""
_TRANSPORT, _KEEPALIVE_SIZE = 4, 32
"""The type of transport data, and the size of what carries none: 16 bytes of header, 16 of authentication."""
_UDP = 17

Endpoint = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Permitted:
    """What one routed device may send in plain sight."""

    port: int
    """WireGuard's, on the device."""
    peers: frozenset[Endpoint]
    coordinator: tuple[str, ...]
    """Its addresses; the control API is at the first."""

    def __contains__(self, packet: Packet) -> bool:
        """Whether this packet of the device may be seen."""
        if packet.proto == "udp":
            return self.is_tunnel(packet)
        return self.is_control(packet) or is_discovery(packet) or self._is_refusal(packet)

    def is_tunnel(self, packet: Packet) -> bool:
        """WireGuard's own, or a probe, to a peer, by the relay or directly, or to a beacon."""
        if packet.proto != "udp" or packet.sport != self.port:
            return False
        if packet.dst in self.coordinator and packet.dport in BEACON_PORTS:
            return is_wireguard(packet.payload) and not carries_data(packet.payload)
        is_relay = packet.dst in self.coordinator and packet.dport in RELAY_PORTS
        is_peer = (packet.dst, packet.dport) in self.peers
        return (is_peer or is_relay) and (is_wireguard(packet.payload) or is_probe(packet.payload))

    def is_control(self, packet: Packet) -> bool:
        """The daemon's connection to the coordinator."""
        return (packet.proto, packet.dst, packet.dport) == ("tcp", self.coordinator[0], CONTROL_PORT)

    def _is_refusal(self, packet: Packet) -> bool:
        """The kernel's word to a peer, which goes on sending, that nobody is at the tunnel's port (RFC 792, 4443)."""
        is_far = packet.dst in {address for address, _ in self.peers} or packet.dst in self.coordinator
        quoted = packet.payload[8:]
        if packet.proto == "icmp" and packet.payload[:2] == b"\x03\x03" and len(quoted) >= 24:
            protocol, ports_at = quoted[9], (quoted[0] & 15) * 4
        elif packet.proto == "icmp6" and packet.payload[:2] == b"\x01\x04" and len(quoted) >= 44:
            protocol, ports_at = quoted[6], 40
        else:
            return False
        return is_far and protocol == _UDP and quoted[ports_at + 2 : ports_at + 4] == self.port.to_bytes(2)


def permitted_to_laptop(world: World, *, with_server: bool = False) -> Permitted:
    """For the laptop of a household, whose daemons run; `with_server`: the rented server is a device of it too."""
    ends = {(world.home_public4, HOME_PORT), (world.home6, HOME_PORT)}
    if with_server:
        port = tunnel_port(world.server)
        ends |= {(world.server4, port), (world.server6, port)}
    return Permitted(tunnel_port(world.laptop), frozenset(ends), (world.server4, world.server6))


def tunnel_port(machine: Machine) -> int:
    """The UDP port at which the WireGuard of a machine listens."""
    return int(machine.run("wg", "show", TUNNEL, "listen-port").stdout)


def is_wireguard(payload: bytes) -> bool:
    """A message of WireGuard by its form: a type and three zeros, in the length of that type.

    Where the kernel segments later, what is seen of transport data is several messages in one, and only its beginning.
    """
    if payload[1:4] != bytes(3):
        return False
    if payload[0] == _TRANSPORT:
        return len(payload) >= _KEEPALIVE_SIZE
    return _HANDSHAKE_SIZES.get(payload[0]) == len(payload)


def carries_data(payload: bytes) -> bool:
    """Whether it is a message of WireGuard with a packet in it."""
    return is_wireguard(payload) and payload[0] == _TRANSPORT and len(payload) > _KEEPALIVE_SIZE


def is_probe(payload: bytes) -> bool:
    """One of the datagrams by which devices try the ways to one another."""
    return len(payload) == _PROBE_SIZE and payload.startswith(_PROBE)


def is_discovery(packet: Packet) -> bool:
    """Of neighbours, which a link needs."""
    return packet.proto == "icmp6" and packet.payload[:1] in _DISCOVERY
