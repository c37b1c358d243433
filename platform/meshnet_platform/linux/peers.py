"""The peers of the tunnel: brought to what a plan says by wg(8), and told what a wireguard-go does not notice.

Law: who comes is configured before anything else leads to them, and who goes is removed after all else; so adding and
removing are two steps, and what was there before the first is what the second goes by. Between them, who is there is
sent elsewhere once the firewall knows of it: before, it takes what comes from there for something from the old place.
"""

from __future__ import annotations

import time

from meshnet_platform.api import Observation, Tunnel
from meshnet_platform.linux import wg
from meshnet_platform.linux.endpoints import Endpoints
from meshnet_platform.linux.wg import InterfaceState
from meshnet_platform.runner import Runner


class Peers:
    """WireGuard's configuration, and where its peers were last heard of."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._endpoints = Endpoints()

    def observe(self, interface: str) -> Observation:
        """What `wg` says of them; nothing while it says nothing."""
        result = self._runner.result("wg", "show", interface, "dump")
        if result.status != 0:
            return Observation()
        state = wg.parse_dump(result.out)
        self._endpoints.note(state)
        return wg.observation(state)

    def add(self, tunnel: Tunnel) -> InterfaceState:
        """Configure the interface and all wanted peers; returns what was configured before."""
        state = self._read(tunnel)
        self._endpoints.note(state)
        self._set(tunnel, wg.changes(state, tunnel, self._endpoints.start))
        return state

    def place(self, tunnel: Tunnel, before: InterfaceState) -> None:
        """Send to where the plan says those of whom it says something new."""
        moved = wg.moves(before, tunnel, self._endpoints.said, time.time())
        self._set(tunnel, wg.endpoint_words(moved))
        self._endpoints.placed(tunnel, moved)

    def remove(self, tunnel: Tunnel, before: InterfaceState) -> None:
        """Remove those who are not wanted any more."""
        self._set(tunnel, wg.removals(before, tunnel))

    def stand(self, tunnel: Tunnel) -> bool:
        """Whether all is configured as it was left."""
        # Peers move, and WireGuard follows them: where they are is nothing that was put there.
        state = self._read(tunnel)
        return not wg.changes(state, tunnel) and not wg.removals(state, tunnel)

    def follow_addresses(self, tunnel: Tunnel) -> None:
        """Tell a wireguard-go, which notices nothing of it, where this device has other addresses."""
        sources = self._endpoints.sources()
        if self._endpoints.is_stale(sources):
            self._set(tunnel, wg.endpoint_words(wg.endpoints(self._read(tunnel))))
            self._endpoints.told(sources)

    def _read(self, tunnel: Tunnel) -> InterfaceState:
        return wg.parse_dump(self._runner.run("wg", "show", tunnel.interface, "dump"))

    def _set(self, tunnel: Tunnel, words: tuple[str, ...]) -> None:
        if words:
            self._runner.run("wg", "set", tunnel.interface, *words, stdin=tunnel.private_key + "\n")
