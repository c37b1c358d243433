"""The numbers by which the kernel tells our packets, flows, routes and rules from everybody else's.

They must not collide with programs that a person may run beside Meshnet:

    Tailscale    marks within 0xff0000 (0x40000, 0x80000), table 52, rule priorities 5210 to 5270
    NetBird      marks 0x1bd00 to 0x1bd22, table 7120, rule priorities 105 and 110
    wg-quick     mark and table 51820
    NordVPN      mark 0xe1f1, table 205
    Kubernetes   mark bits 0x4000 and 0x8000

0x20d53 has none of the bits 0x4000, 0x8000, 0x40000 and 0x80000, and each number is compared whole. Our rules stand
behind Tailscale's, so that its addresses go on being reached, and before the kernel's own `main` (32766).
"""

from __future__ import annotations

PACKET_MARK = 0x20D53
"""Packets that pass beside the tunnel: WireGuard's own, the daemon's, and replies to connections from outside."""

LEFT_BY_TUNNEL = 0x20D54
"""Flows (conntrack mark) that this device sent into the tunnel towards an address outside the mesh."""
BESIDE_TUNNEL = 0x20D55
"""Flows that came in from outside the tunnel, or that the daemon opened there."""
SERVED_BEFORE = 0x20D56
"""Flows that a server here was already answering when connection tracking began, so their direction is unknown."""
PUBLIC = 0x20D57
"""Flows of peers whose destination was found to be in no denied prefix."""
TO_LAN = 0x20D58
"""Packets of peers that may reach this host's local networks, on their way there."""
RELAYED = 0x20D59
"""Packets of two other devices for which this machine, a coordinator's, is the relay."""

PROBE_MAGIC = b"MnP1"
"""What our own datagrams from and to WireGuard's port begin with; WireGuard's begin with 1 to 4 and three zeros."""

MESH_TABLE = 20853
"""Routes to peers, and the unreachable rest of the mesh."""
ROUTE_TABLE = 20854
"""What a routed device's traffic follows: exceptions, the tunnel, and always an end."""
DENIED_TABLE = 20855
"""Where peers may not go; it still says so when somebody has emptied the firewall."""

ANSWERS_TABLE = 20856
"""What a routed device's sockets with an address of their own follow where the route is closed."""

MESH_PRIORITY = 5280
BESIDE_PRIORITY = 5290
LAN_PRIORITY = 5294
DENIED_PRIORITY = 5295
PEERS_PRIORITY = 5297
"""Peers of a host whose own route is blocked while theirs is not."""
UNBOUND_PRIORITY = 5298
ANSWERS_PRIORITY = 5299
ROUTE_PRIORITY = 5300

FIREWALL_TABLE = "meshnet"
DEFAULT_INTERFACE = "meshnet0"
