"""What a stock WireGuard app needs to be a device: its configuration, which holds its secret key.

Both front ends make it, show it once, and keep it nowhere.
"""

from __future__ import annotations

from meshnet.core.plan import KEEPALIVE, RELAY_MTU
from meshnet.protocol.local import PhoneAdded

INVITE_SECONDS = 600
"""How long the invite is good by which the daemon lets the app in; it uses it at once."""


def config_of(added: PhoneAdded, private_key: str) -> str:
    """The configuration, as wg-quick(8) and the WireGuard apps read it.

    All IPv6 goes to the host too, also where that has none: there it ends, beside the tunnel it would leak.
    """
    text = (
        f"[Interface]\nPrivateKey = {private_key}\nAddress = {added.address4}/32, {added.address6}/128\n"
        f"DNS = {added.dns}\nMTU = {RELAY_MTU}\n"
        f"\n[Peer]\nPublicKey = {added.host_key}\nAllowedIPs = 0.0.0.0/0, ::/0\nEndpoint = {added.endpoint}\n"
        f"PersistentKeepalive = {KEEPALIVE}\n"
    )
    if added.beacon_key is None or added.beacon_endpoint is None:
        return text
    return (
        f"{text}\n[Peer]\nPublicKey = {added.beacon_key}\nEndpoint = {added.beacon_endpoint}\n"
        f"PersistentKeepalive = {KEEPALIVE}\n"
    )
