"""The Linux backend: carries out plans with ip, wg and nft. It decides nothing; what is run is rendered elsewhere.

The order of `apply` is its law. What closes comes before what opens: the firewall stands before an address, a route or
forwarding leads anything through, and goes after them. A peer is configured before its address is in a set, and is
removed after: in between, its address would belong to whichever peer may send from everywhere.

What other programs change of ours is put back in the same order: the firewall before all else.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from pathlib import Path

from meshnet_platform.api import (
    Backend,
    Facts,
    Gateway,
    Observation,
    PlatformError,
    Probes,
    Problem,
    SystemPlan,
    Traffic,
    Tunnel,
)
from meshnet_platform.linux import facts, marks
from meshnet_platform.linux.boot import BootGuard
from meshnet_platform.linux.dns import Resolvers
from meshnet_platform.linux.endpoints import SESSION_LASTS, Slumber
from meshnet_platform.linux.events import Part, index_of
from meshnet_platform.linux.firewall import Firewall
from meshnet_platform.linux.ip_words import entries
from meshnet_platform.linux.journal import Journal
from meshnet_platform.linux.network import Network
from meshnet_platform.linux.peers import Peers
from meshnet_platform.linux.probes import LinuxProbes
from meshnet_platform.linux.problems import find_problems
from meshnet_platform.linux.sysctl import Sysctls
from meshnet_platform.linux.tunnel import TunnelInterface
from meshnet_platform.linux.watch import Watcher, in_short
from meshnet_platform.linux.wg import InterfaceState
from meshnet_platform.runner import Runner

log = logging.getLogger("meshnet.linux")

_EMPTY = SystemPlan()
_REBORN = "The process of the tunnel died and was started again."


class LinuxBackend:
    """This Linux system, by its own tools."""

    def __init__(
        self, state_dir: Path, interface: str = marks.DEFAULT_INTERFACE, *, runner: Runner | None = None
    ) -> None:
        self._runner = runner or Runner()
        self._journal = Journal(state_dir)
        self._interface = interface
        log_of_tunnel = state_dir / "wireguard-go.log"
        self._tunnel = TunnelInterface(self._runner, self._journal, log_of_tunnel, self._process_ended)
        self._network = Network(self._runner)
        self._firewall = Firewall(self._runner)
        self._boot_guard = BootGuard(self._runner, state_dir)
        self._sysctls = Sysctls(self._journal, self._bridges)
        self._resolvers = Resolvers(self._journal, self._runner)
        self._lock = threading.RLock()
        self._on_trouble: Callable[[str], None] | None = None
        self._watcher: Watcher | None = None
        self._index = 0
        """The number of the tunnel's interface, by which it is known under any name."""
        self._peers = Peers(self._runner)
        self._slumber = Slumber()
        self._glanced_at: tuple[tuple[int, int], ...] | None = None
        """The marks of the files of name servers when all was well with them."""
        self._facts: Facts | None = None
        """What was read last."""
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
        """Missing tools, rights and devices, and other firewalls, as seen with the facts that were read last."""
        return find_problems(self._runner, self._interface, self._wanted.tunnel, self._facts or self.facts())

    def facts(self) -> Facts:
        """Interfaces, ways to the internet, and name servers, read now."""
        ours, addresses = self._interface, self._runner.ask("ip", "-d", "-j", "addr")
        gateways = {family: self._gateways(family) for family in (4, 6)}
        routes = {family: self._routes(family) for family in (4, 6)}
        uplinks = [facts.parse_uplinks(text, addresses, ours) for text in routes.values()]
        routed = [facts.parse_routed(routes[family], found, ours) for family, found in gateways.items()]
        with self._lock:
            self._facts = Facts(
                links=facts.parse_links(addresses, ours),
                gateways=gateways[4] + gateways[6],
                uplinks=tuple(sorted(frozenset().union(*uplinks))),
                routed=tuple(sorted(chain(*routed))),
                resolvers=self._resolvers.servers(),
                search=self._resolvers.search(),
            )
            return self._facts

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
            try:
                self._carry_out(plan, previous)
            except Exception:
                # Whatever failed, nobody keeps what was taken from him.
                self._firewall.withdraw(plan)
                raise
            self._applied = plan
            self._index = index_of(plan.tunnel.interface) if plan.tunnel else 0
            self._follow_addresses()
            if self._watcher is not None:
                self._watcher.wake()

    def observe(self) -> Observation:
        """What `wg` says of the peers."""
        tunnel = self._wanted.tunnel
        return self._peers.observe(tunnel.interface) if tunnel else Observation()

    def traffic(self) -> Traffic:
        """See Backend; the interface and the firewall count."""
        return Traffic(self._tunnel.sent(self._interface), self._firewall.returned())

    def open_probes(self, listen_port: int, magic: bytes) -> Probes | None:
        """Raw sockets beside WireGuard's own."""
        return LinuxProbes(listen_port, magic)

    def restore(self) -> None:
        """Undo all of ours: by the journal, and without it by the names and numbers that only we use."""
        with self._lock:
            self._wanted, self._applied = _EMPTY, None
            self._forget()
            names = tuple(dict.fromkeys((self._journal.entries.interface, self._interface)))
            self._sysctls.close(())
            for name in names:
                self._network.read(name, self._tunnel.exists(name))
                self._network.end_connections()
                self._network.apply(_EMPTY, name)
                self._network.forget()
                self._tunnel.remove(name)
            self._resolvers.restore()
            # Last, so that nothing gets out while a way beside the tunnel is open and another is not closed yet.
            self._firewall.remove()
            self._boot_guard.forget()
            self._journal.forget()
            self._applied = _EMPTY

    def watch(self, on_trouble: Callable[[str], None], on_news: Callable[[], None]) -> None:
        """Tell of what others broke, and of a tunnel that died; when it is told, it was put right or cannot be."""

        def news() -> None:
            self._follow_changes()
            on_news()

        self._on_trouble = on_trouble
        self._watcher = Watcher(
            self._interface, self._check, news, self._glance, self._is_glancing, self._runner.started.__contains__
        )

    def close(self) -> None:
        """End watching; the last plan stays in force."""
        with self._lock:
            watcher, self._watcher, self._on_trouble = self._watcher, None, None
            self._tunnel.release()
        if watcher is not None:
            # Its thread may be waiting for the lock.
            watcher.close()

    # --- what others change -----------------------------------------------------------------------------------------

    def _check(self, parts: Part) -> bool:
        """Put right what of these parts is not as it was left; True: something had to be."""
        changed: list[str] = []
        outcome, process = "it is as it should be again.", self._journal.entries.process
        with self._lock:
            if Part.NETWORK in parts and self._went_with_process():
                return True
            try:
                self._put_right(parts, changed)
            except Exception as error:
                if self._went_with_process():
                    # In the middle of looking: that is what failed.
                    return True
                # Unknown, so that whoever is told carries out the plan again, whole.
                self._applied = None
                changed = changed or ["the network"]
                outcome = f"it could not be put right: {_in_words(error)}"
        if not changed:
            return False
        # It may have died in the middle of looking, and what came of that been put right with it.
        is_reborn = process not in (None, self._journal.entries.process)
        self._tell(_REBORN if is_reborn else f"Another program changed {in_short(changed)}; {outcome}")
        return True

    def _tell(self, trouble: str) -> None:
        told = self._on_trouble
        if told is not None:
            told(trouble)

    def _went_with_process(self) -> bool:
        """Whether the tunnel died; then it was made again, or its death was told."""
        if self._wanted.tunnel is None or not self._tunnel.went_with_process(self._interface):
            return False
        self._tunnel_died()
        return True

    def _put_right(self, parts: Part, changed: list[str]) -> None:
        """Repair these parts, and add to `changed` what was not as it should be."""
        if Part.FIREWALL in parts and not self._firewall.stands():
            # Before anything more is asked: meanwhile it is open.
            changed.append("the firewall")
            self._firewall.repair()
            self._firewall.cut_unseen(self._wanted)
        plan = self._applied
        if plan is None or plan == _EMPTY:
            return
        others = self._differences(plan, parts)
        if others:
            changed += others
            self._applied = None
            self._drop_renamed(plan)
            self.apply(plan)

    def _differences(self, plan: SystemPlan, parts: Part) -> tuple[str, ...]:
        name = plan.tunnel.interface if plan.tunnel else self._interface
        found: tuple[str, ...] = ()
        if Part.NETWORK in parts:
            found += self._network.changes(name, self._tunnel.exists(name), plan.tunnel is not None)
        if Part.PEERS in parts and plan.tunnel is not None and not found and not self._peers.stand(plan.tunnel):
            found += ("the peers of WireGuard",)
        if Part.SETTINGS in parts and not self._sysctls.stand(self._sysctls.wanted(plan)):
            found += ("kernel settings",)
        if Part.RESOLVERS in parts and plan.resolvers and not self._resolvers.stand():
            found += ("the name servers",)
        return found

    def _drop_renamed(self, plan: SystemPlan) -> None:
        """Delete our interface under the name that somebody gave it: it holds the port that the new one needs."""
        if plan.tunnel is None or not self._index or self._tunnel.exists(plan.tunnel.interface):
            return
        with suppress(OSError):
            self._runner.result("ip", "link", "delete", "dev", socket.if_indextoname(self._index))

    def _glance(self) -> Part:
        """What changed of the files that no socket tells of."""
        with self._lock:
            seen = self._resolvers.marks()
            if seen == self._glanced_at:
                return Part.NOTHING
            found = Part.NOTHING if self._resolvers.stand() else Part.RESOLVERS
            if self._facts is not None and self._facts.resolvers != self._resolvers.servers():
                found |= Part.FACTS
            # What is not as it should be is looked at again, changed or not.
            self._glanced_at = None if found else seen
        return found

    def _is_glancing(self) -> bool:
        return bool(self._wanted.resolvers) or self._wanted.hosting is not None

    def _carry_out(self, plan: SystemPlan, previous: SystemPlan | None) -> None:
        if plan.route is not None:
            self._boot_guard.note(plan.route)
        settings = self._sysctls.wanted(plan)
        self._sysctls.close(settings)
        name = plan.tunnel.interface if plan.tunnel else self._interface
        state = self._open_tunnel(plan.tunnel, previous)
        self._network.read(name, self._tunnel.exists(name))
        if plan.route is None:
            # When a route ends, the guard goes last: what is sent meanwhile is rejected, not let out in between.
            self._network.stop_routing(name)
        self._firewall.apply(plan, self._sysctls.opened_forwarding(settings))
        if plan.tunnel is not None and state is not None:
            self._peers.place(plan.tunnel, state)
        self._network.apply(plan, name)
        # Asked anew, for the interface has come up since, with settings of its own.
        self._sysctls.open(self._sysctls.wanted(plan))
        if plan.tunnel is None:
            self._tunnel.remove(name)
        elif state is not None:
            self._peers.remove(plan.tunnel, state)
        self._resolvers.apply(plan.resolvers, name)
        if plan.route is None or not plan.route.guarded:
            self._boot_guard.forget()
        self._firewall.cut(previous or _EMPTY, plan)

    def _open_tunnel(self, tunnel: Tunnel | None, previous: SystemPlan | None) -> InterfaceState | None:
        """Have the interface with all wanted peers; returns what was configured before, None if nothing changed."""
        if tunnel is None or (
            previous is not None and tunnel == previous.tunnel and self._tunnel.exists(tunnel.interface)
        ):
            return None
        if previous is None or not self._tunnel.exists(tunnel.interface):
            self._tunnel.ensure(tunnel.interface)
        return self._peers.add(tunnel)

    def _follow_changes(self) -> None:
        """This device has other addresses, or has slept: tell a wireguard-go, which notices neither."""
        try:
            with self._lock:
                slept = self._slumber.since_last()
                if slept > SESSION_LASTS and self._wanted.tunnel and self._tunnel.has_process:
                    log.info("the system slept for %.0f seconds; the tunnel is made anew", slept)
                    self._applied = None
                    self._tunnel.remove(self._wanted.tunnel.interface)
                    self.apply(self._wanted)
                self._follow_addresses()
        except Exception as error:
            self._tell(f"The tunnel could not follow a change of the network: {_in_words(error)}")

    def _follow_addresses(self) -> None:
        if self._wanted.tunnel is not None and self._tunnel.has_process:
            self._peers.follow_addresses(self._wanted.tunnel)

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
        # All of these fail where the family has no route at all.
        defaults = self._runner.ask(*ip, "show", "default")
        way = facts.parse_way(self._runner.ask(*ip, "get", facts.PROBES[family]), family)
        if way is None or way.interface == self._interface:
            # A route of ours is in force: the way is the one past it. Without one, a VPN's rules are to be followed.
            mark = ("mark", f"{marks.PACKET_MARK:#x}")
            way = facts.parse_way(self._runner.ask(*ip, "get", facts.PROBES[family], *mark), family)
        return facts.ways_out(way, facts.parse_gateways(defaults, family, self._interface))

    def _routes(self, family: int) -> str:
        return self._runner.ask("ip", "-j", f"-{family}", "route", "show", "table", "all")

    def _bridges(self) -> set[str]:
        return {entry["ifname"] for entry in entries(self._runner.run("ip", "-j", "link", "show", "type", "bridge"))}

    def _process_ended(self) -> None:
        with self._lock:
            # Whoever watches the interface itself may have been faster.
            if self._tunnel.has_died():
                self._tunnel_died()

    def _tunnel_died(self) -> None:
        with self._lock:
            if self._wanted.tunnel is None:
                return
            self._applied, words = None, _REBORN
            try:
                self.apply(self._wanted)
            except Exception as error:
                # Whatever it was: whoever is told tries again, and nobody else would.
                words = f"The process of the tunnel died and could not be started again: {_in_words(error)}"
        self._tell(words)


def _in_words(error: Exception) -> str:
    if not isinstance(error, PlatformError):
        # No tool said this, so the words alone will not do.
        log.error("the backend failed", exc_info=error)
    return str(error)


_: type[Backend] = LinuxBackend
