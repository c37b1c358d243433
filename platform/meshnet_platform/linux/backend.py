"""The Linux backend: carries out plans with ip, wg and nft. It decides nothing; what is run is rendered elsewhere.

The order of `apply` is its law. What closes comes before what opens: the firewall stands before an address, a route or
forwarding leads anything through, and goes after them. A peer is configured before its address is in a set, and is
removed after: in between, its address would belong to whichever peer may send from everywhere.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

from meshnet_platform.api import Backend, Facts, Gateway, Observation, PlatformError, Problem, SystemPlan, Tunnel
from meshnet_platform.linux import facts, marks, wg
from meshnet_platform.linux.dns import Resolvers
from meshnet_platform.linux.firewall import Firewall
from meshnet_platform.linux.journal import Journal
from meshnet_platform.linux.network import Network
from meshnet_platform.linux.problems import find_problems
from meshnet_platform.linux.sysctl import Sysctls
from meshnet_platform.linux.tunnel import TunnelInterface
from meshnet_platform.runner import Runner

_EMPTY = SystemPlan()


class LinuxBackend:
    """This Linux system, by its own tools."""

    def __init__(
        self, state_dir: Path, interface: str = marks.DEFAULT_INTERFACE, *, runner: Runner | None = None
    ) -> None:
        self._runner = runner or Runner()
        self._journal = Journal(state_dir)
        self._interface = interface
        self._tunnel = TunnelInterface(self._runner, self._journal, state_dir / "wireguard-go.log")
        self._tunnel.on_death = self._tunnel_died
        self._network = Network(self._runner)
        self._firewall = Firewall(self._runner)
        self._sysctls = Sysctls(self._journal, self._bridges)
        self._resolvers = Resolvers(self._journal)
        self._lock = threading.RLock()
        self._on_trouble: Callable[[str], None] | None = None
        self._wanted = _EMPTY
        self._applied: SystemPlan | None = None
        """What is in force; None while that is unknown: then the system is read before it is changed."""

    @property
    def platform(self) -> str:
        """The word for this system in device records."""
        return "linux"

    @property
    def control_mark(self) -> int | None:
        """The mark that lets the daemon's own sockets pass beside the tunnel."""
        return marks.PACKET_MARK

    def problems(self) -> tuple[Problem, ...]:
        """Missing tools, rights and devices."""
        return find_problems(self._runner)

    def facts(self) -> Facts:
        """Interfaces, ways to the internet, and name servers, read now."""
        links = facts.parse_links(self._runner.ask("ip", "-d", "-j", "addr"), self._interface)
        gateways = tuple(gateway for family in (4, 6) for gateway in self._gateways(family))
        with self._lock:
            return Facts(links, gateways, self._resolvers.servers())

    def apply(self, plan: SystemPlan) -> None:
        """Make the system as the plan says; PlatformError where a step fails, with what is closed still closed."""
        with self._lock:
            self._wanted = plan
            if self._tunnel_vanished():
                self._applied = None
            if plan == self._applied:
                return
            if plan == _EMPTY:
                self.restore()
                return
            previous, self._applied = self._applied, None
            if previous is None:
                self._forget()
            self._carry_out(plan, previous)
            self._applied = plan

    def observe(self) -> Observation:
        """What `wg` says of the peers."""
        tunnel = self._wanted.tunnel
        if tunnel is None:
            return Observation()
        result = self._runner.result("wg", "show", tunnel.interface, "dump")
        return wg.observation(wg.parse_dump(result.out)) if result.status == 0 else Observation()

    def restore(self) -> None:
        """Undo all of ours: by the journal, and without it by the names and numbers that only we use."""
        with self._lock:
            self._wanted, self._applied = _EMPTY, None
            self._forget()
            names = tuple(dict.fromkeys((self._journal.entries.interface, self._interface)))
            self._sysctls.close(())
            for name in names:
                self._network.read(name, self._tunnel.exists(name))
                self._network.apply(_EMPTY, name)
                self._network.forget()
                self._tunnel.remove(name)
            self._resolvers.restore()
            # Last, so that nothing gets out while a way beside the tunnel is open and another is not closed yet.
            self._firewall.remove()
            self._journal.forget()
            self._applied = _EMPTY

    def watch(self, on_trouble: Callable[[str], None]) -> None:
        """Tell of a tunnel that died; when it is told, the tunnel is back or cannot be brought back."""
        self._on_trouble = on_trouble

    def close(self) -> None:
        """End watching; the last plan stays in force."""
        self._on_trouble = None
        self._tunnel.release()

    def _carry_out(self, plan: SystemPlan, previous: SystemPlan | None) -> None:
        settings = self._sysctls.wanted(plan)
        self._sysctls.close(settings)
        name = plan.tunnel.interface if plan.tunnel else self._interface
        state = self._open_tunnel(plan.tunnel, previous)
        self._network.read(name, self._tunnel.exists(name))
        if plan.route is None:
            # When a route ends, the guard goes last: what is sent meanwhile is rejected, not let out in between.
            self._network.stop_routing(name)
        self._firewall.apply(plan, self._uplinks(plan, settings))
        self._network.apply(plan, name)
        # Asked anew, for the interface has come up since, with settings of its own.
        self._sysctls.open(self._sysctls.wanted(plan))
        if plan.tunnel is None:
            self._tunnel.remove(name)
        elif state is not None:
            self._set(plan.tunnel, wg.removals(state, plan.tunnel))
        self._resolvers.apply(plan.resolvers)
        self._firewall.cut(previous or _EMPTY, plan)

    def _open_tunnel(self, tunnel: Tunnel | None, previous: SystemPlan | None) -> wg.InterfaceState | None:
        """Have the interface with all wanted peers; returns what was configured before, None if nothing changed."""
        if tunnel is None or (
            previous is not None and tunnel == previous.tunnel and self._tunnel.exists(tunnel.interface)
        ):
            return None
        if previous is None or not self._tunnel.exists(tunnel.interface):
            self._tunnel.ensure(tunnel.interface)
        state = wg.parse_dump(self._runner.run("wg", "show", tunnel.interface, "dump"))
        self._set(tunnel, wg.changes(state, tunnel))
        return state

    def _set(self, tunnel: Tunnel, words: tuple[str, ...]) -> None:
        if words:
            self._runner.run("wg", "set", tunnel.interface, *words, stdin=tunnel.private_key + "\n")

    def _tunnel_vanished(self) -> bool:
        """Whether somebody deleted our interface, and with it the addresses and routes that we remember.

        A wireguard-go dies of that and is watched; the kernel's own WireGuard tells nobody.
        """
        tunnel = self._applied.tunnel if self._applied else None
        return tunnel is not None and not self._tunnel.exists(tunnel.interface)

    def _forget(self) -> None:
        self._network.forget()
        self._firewall.forget()

    def _gateways(self, family: int) -> tuple[Gateway, ...]:
        ip = ("ip", "-j", f"-{family}", "route")
        # Both fail where the family has no route at all.
        defaults = self._runner.ask(*ip, "show", "default")
        way = self._runner.ask(*ip, "get", facts.PROBES[family], "mark", f"{marks.PACKET_MARK:#x}")
        found = facts.parse_gateways(defaults, family, self._interface)
        return facts.ways_out(facts.parse_way(way, family), found)

    def _uplinks(self, plan: SystemPlan, settings: dict[str, str]) -> tuple[str, ...]:
        if plan.hosting is None or not self._sysctls.opened_forwarding(settings):
            return ()
        ways = [gateway.interface for gateway in plan.hosting.gateways]
        for family in (4, 6):
            defaults = self._runner.ask("ip", "-j", f"-{family}", "route", "show", "default")
            ways += [gateway.interface for gateway in facts.parse_gateways(defaults, family, self._interface)]
        return tuple(sorted(set(ways)))

    def _bridges(self) -> set[str]:
        entries = json.loads(self._runner.run("ip", "-j", "link", "show", "type", "bridge") or "[]")
        return {entry["ifname"] for entry in entries if entry}

    def _tunnel_died(self) -> None:
        with self._lock:
            if self._wanted.tunnel is None:
                return
            words = "The process of the tunnel died and was started again."
            self._applied = None
            try:
                self.apply(self._wanted)
            except PlatformError as error:
                words = f"The process of the tunnel died and could not be started again: {error.message}"
        if self._on_trouble is not None:
            self._on_trouble(words)


_: type[Backend] = LinuxBackend
