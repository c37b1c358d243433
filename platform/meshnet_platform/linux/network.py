"""Brings addresses, routes and rules to what a plan says: one `ip -batch` for each family that differs."""

from __future__ import annotations

from pathlib import Path

from meshnet_platform.api import PlatformError, SystemPlan, Tunnel
from meshnet_platform.linux import precedence, routing, sysctl
from meshnet_platform.linux.routing import Routing
from meshnet_platform.runner import Runner

_SETTINGS = Path("/proc/sys")
_IPV6 = _SETTINGS / "net/ipv6"
_NO_TABLE = "FIB table does not exist"
_OF_INTERFACE = (
    # Systems that turn IPv6 off for every new interface would refuse the mesh address.
    ("net/ipv6/conf/{}/disable_ipv6", "0"),
    # No peer tells this device, nor this device a peer, of a shorter way or of a router.
    ("net/ipv4/conf/{}/accept_redirects", "0"),
    ("net/ipv4/conf/{}/send_redirects", "0"),
    ("net/ipv6/conf/{}/accept_redirects", "0"),
    ("net/ipv6/conf/{}/accept_ra", "0"),
)
"""Settings of our interface: they go with it, and are in no journal."""


class Network:
    """Our part of this system's routing, and what is known of it."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._have: dict[int, Routing] | None = None
        self._link: tuple[str, int] | None = None
        self._ahead: dict[int, int] = {}

    def forget(self) -> None:
        """What is there is unknown from now on, and is read before it is changed."""
        self._have = self._link = None

    def read(self, interface: str, there: bool) -> None:
        """Read what is ours, unless it is known; `there` says whether the interface exists."""
        if self._have is None:
            self._have = {family: self._read(family, interface, there) for family in _families()}

    def changes(self, interface: str, there: bool, wanted: bool) -> tuple[str, ...]:
        """What differs from what was put there last, in the words of ip(8); nothing while that is unknown.

        `there` says whether the interface exists, `wanted` whether it should.
        """
        if self._have is None:
            return ()
        if wanted and not there:
            return (f"interface {interface}",)
        link = () if not wanted or self._link == (interface, _mtu(interface)) else (f"mtu of {interface}",)
        before, had = dict(self._ahead), dict(self._have)
        found = {family: self._read(family, interface, there) for family in had}
        overtaken = ("the order of rules",) if before != self._ahead else ()
        return (*link, *overtaken, *(words for one in had for words in routing.differences(had[one], found[one])))

    def apply(self, plan: SystemPlan, interface: str) -> None:
        """Make it as the plan says."""
        for family in _families():
            link = self._link_lines(plan.tunnel) if family == 4 and plan.tunnel else ()
            self._change(family, routing.wanted(plan, family, self._ahead.get(family, 0)), interface, link)
        self._link = (plan.tunnel.interface, plan.tunnel.mtu) if plan.tunnel else None

    def end_connections(self) -> None:
        """End what programs hold by our IPv6 addresses, where the kernel can (ss(8), -K).

        It would go on sending by them when they are gone, in the clear; by an IPv4 address it would not.
        """
        have = (self._have or {}).get(6, Routing())
        if self._runner.find("ss") is not None:
            for address in sorted(have.addresses):
                self._runner.result("ss", "-K", "-H", "-t", "-u", "src", address.partition("/")[0])

    def stop_routing(self, interface: str) -> None:
        """Take away the rules that lead this device's traffic into the tunnel."""
        for family, have in (self._have or {}).items():
            self._change(family, routing.without_route(have), interface)

    def _link_lines(self, tunnel: Tunnel) -> tuple[str, ...]:
        if self._link == (tunnel.interface, tunnel.mtu):
            return ()
        for pattern, value in _OF_INTERFACE:
            name = pattern.format(tunnel.interface)
            if (_SETTINGS / name).exists():
                sysctl.write(_SETTINGS, name, value)
        return (f"link set dev {tunnel.interface} mtu {tunnel.mtu} up",)

    def _change(self, family: int, want: Routing, interface: str, link: tuple[str, ...] = ()) -> None:
        have = (self._have or {}).get(family, Routing())
        if want is have:
            return
        lines = routing.lines(have, want, interface, link)
        if lines:
            self._runner.run("ip", f"-{family}", "-batch", "-", stdin="\n".join(lines) + "\n")
        if self._have is not None:
            self._have[family] = want

    def _read(self, family: int, interface: str, there: bool) -> Routing:
        ip = ("ip", "-j", f"-{family}")
        addresses = self._runner.run(*ip, "addr", "show", "dev", interface) if there else ""
        routes = routing.parse_routes(self._routes(*ip, "route", "show", "table", "all"))
        rules = self._runner.run(*ip, "rule", "show")
        if not rules.strip():
            # The kernel has some of its own, always: whoever sees none would leave ours behind.
            raise PlatformError("`ip rule` shows no rules at all.", "Check iproute2; reinstall it.")
        self._ahead[family] = precedence.distance_ahead(rules, interface)
        return Routing(routing.parse_addresses(addresses, family), routes, precedence.parse_rules(rules, interface))

    def _routes(self, *words: str) -> str:
        """What `ip` prints of tables; where there are none, that is an error to it, and nothing to us."""
        result = self._runner.result(*words)
        if result.status != 0 and _NO_TABLE not in result.err:
            raise PlatformError(f"`{' '.join(words)}` failed; it said: {(result.err or result.out).strip()[:300]}")
        return result.out if result.status == 0 else ""


def _mtu(interface: str) -> int:
    try:
        return int(Path("/sys/class/net", interface, "mtu").read_text())
    except (OSError, ValueError):
        return 0


def _families() -> tuple[int, ...]:
    return (4, 6) if _IPV6.exists() else (4,)
