"""By which line those leave who route through this device: its own, a VPN it is on, or none since the VPN dropped.

Whoever chose a host that is on a VPN chose the VPN's address. So the VPN is remembered while somebody may route: when
it drops, its peers are stopped, or told before they are moved (setting `host-vpn-lost`), and never moved unseen.
"""

from __future__ import annotations

from enum import StrEnum

from meshnet.core.kinds import LINES, PPP
from meshnet_platform.api import Facts, Gateway

PLAIN_MTU = 1420
"""What a tunnel carries over a line of 1500 bytes: 80 less, for IPv6 and WireGuard (20 of them spare over IPv4)."""
NESTED_MTU = PLAIN_MTU - 80
"""The same where WireGuard's own packets travel inside another tunnel."""


class Exit(StrEnum):
    """Where the peers' packets leave this device."""

    LINE = "line"
    VPN = "vpn"
    LOST = "lost"
    """It was on a VPN, which dropped: they leave nowhere until it is back."""


def exit_of(facts: Facts, *, was_vpn: bool) -> Exit:
    """The exit now; `was_vpn`: peers left by a VPN before."""
    if any(_is_vpn(gateway, facts) for gateway in facts.gateways):
        return Exit.VPN
    if not was_vpn:
        return Exit.LINE
    # Neither the VPN nor a line: nothing says that the VPN will not be back with the line.
    return Exit.LOST if facts.gateways else Exit.VPN


def ways_of(exit_now: Exit, facts: Facts) -> tuple[Gateway, ...]:
    """The gateways by which peers may leave. A VPN that carries one family closes the other: no part goes beside it."""
    if exit_now is Exit.LOST:
        return ()
    if exit_now is Exit.VPN:
        return tuple(gateway for gateway in facts.gateways if _is_vpn(gateway, facts))
    return facts.gateways


def _is_vpn(gateway: Gateway, facts: Facts) -> bool:
    kinds = {link.name: link.kind for link in facts.links}
    kind = kinds.get(gateway.interface, "")
    if kind != PPP:
        return kind not in LINES
    # A modem's PPP is the line itself; one that stands before another default route has taken that one's place.
    others = (kinds.get(other.interface, "") for other in facts.gateways if other.interface != gateway.interface)
    return any(other in LINES for other in others)
