"""Kinds of links, in the words of ip-link(8): what is a card, what is inside this device, what carries other packets.

Law: a kind that is in no set is neither a local network nor a VPN.
"""

from __future__ import annotations

CARDS = frozenset({"", "vlan", "bond", "team", "macvlan", "macvtap", "ipvlan", "ipvtap", "dsa", "hsr"})
"""A network card, or a part of one."""
SWITCHES = frozenset({"bridge", "openvswitch"})
WIRE = "veth"
"""A wire between this device and a container, or the container's own card."""
PPP = "ppp"
"""A modem's line, or a dialled VPN."""
TUNNELS = frozenset(
    {
        *("wireguard", "amneziawg", "tun", "ovpn", "ovpn-dco", "ovpn-dco-v2", PPP, "l2tp", "xfrm", "vti", "vti6"),
        *("ipip", "ip6tnl", "sit", "gre", "ip6gre", "gtp"),
    }
)
"""Links that carry packets inside other packets. OpenVPN's own kinds are those of its kernel modules."""
