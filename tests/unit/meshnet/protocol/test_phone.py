"""The configuration of a stock WireGuard app."""

from __future__ import annotations

import msgspec

from meshnet.protocol.local import PhoneAdded
from meshnet.protocol.phone import config_of

ADDED = PhoneAdded(
    id="p" * 26,
    name="my phone",
    address4="100.64.0.7",
    address6="fd00::7",
    host="nas",
    host_key="H" * 43 + "=",
    endpoint="203.0.113.80:20001",
    dns="100.64.0.2",
    beacon_key="B" * 43 + "=",
    beacon_endpoint="203.0.113.80:8443",
)


def test_all_traffic_goes_to_the_host_and_none_to_the_beacon() -> None:
    assert config_of(ADDED, "SECRET") == (
        "[Interface]\nPrivateKey = SECRET\nAddress = 100.64.0.7/32, fd00::7/128\nDNS = 100.64.0.2\nMTU = 1280\n\n"
        f"[Peer]\nPublicKey = {ADDED.host_key}\nAllowedIPs = 0.0.0.0/0, ::/0\nEndpoint = 203.0.113.80:20001\n"
        "PersistentKeepalive = 25\n\n"
        f"[Peer]\nPublicKey = {ADDED.beacon_key}\nEndpoint = 203.0.113.80:8443\nPersistentKeepalive = 25\n"
    )


def test_without_a_beacon_there_is_one_peer() -> None:
    alone = msgspec.structs.replace(ADDED, beacon_key=None, beacon_endpoint=None)
    assert config_of(alone, "SECRET").count("[Peer]") == 1
