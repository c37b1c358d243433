"""Kinds of links, in the words of ip-link(8): what is a card, what is inside this device, what is a line of its own.

Law: a default route by a link of any other kind is somebody's VPN. New kinds are invented by those who make VPNs.
"""

from __future__ import annotations

CARDS = frozenset({"", "vlan", "bond", "team", "macvlan", "macvtap", "ipvlan", "ipvtap", "dsa", "hsr"})
"""A network card, or a part of one."""
SWITCHES = frozenset({"bridge", "openvswitch"})
WIRE = "veth"
"""A wire between this device and a container, or the container's own card."""
PPP = "ppp"
"""A modem's line, or a dialled VPN."""
LINES = CARDS | SWITCHES | {WIRE, "vrf", "wwan", "rmnet"}
"""What may lead to the internet without being a VPN; the last are those of mobile networks."""
