"""Plans as a device has them, small enough to be read."""

from __future__ import annotations

from meshnet_platform.api import Gateway, Hosting, Peer, Route, SystemPlan, Tunnel

TUNNEL = Tunnel(
    "meshnet0",
    "secret",
    51999,
    ("100.64.0.1/32", "fd00::1/128"),
    peers=(Peer("A=", ("100.64.0.2/32", "fd00::2/128", "0.0.0.0/0", "::/0")),),
    unreachable=("100.64.0.0/24", "fd00::/64"),
)
ROUTED = SystemPlan(TUNNEL, route=Route(True, local=("192.168.1.0/24",)))
HOSTING = Hosting(
    ("100.64.0.2", "fd00::2"),
    lan=("100.64.0.2",),
    lan_prefixes=("192.168.1.0/24",),
    denied=("10.0.0.0/8", "192.168.0.0/16", "fc00::/7"),
    gateways=(Gateway("eth0", "192.168.1.1", 4), Gateway("eth0", "fe80::1", 6)),
)
LAN_HOST = SystemPlan(TUNNEL, hosting=HOSTING)
