"""Where this device may be met: what its person says, its router opened, and the coordinator and its beacons see."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING

from meshnet.core.candidates import MOST, near_candidates, public_candidates, share_an_address
from meshnet.core.endpoints import format_endpoint, may_be_candidate, parse_endpoint
from meshnet.core.exits import exit_of
from meshnet.core.identity import is_wireguard_key, wireguard_public
from meshnet.core.public import public_addresses
from meshnet.core.records import Device
from meshnet.core.special import is_within, network_of
from meshnet.protocol.control import Beacon

if TYPE_CHECKING:
    from meshnet.daemon.model import Model

SEEN_WITHIN = 20.0
"""Seconds: WireGuard repeats a handshake that got lost after five."""
_BEACONS_MOST = 2


class Whereabouts:
    """A part of the model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.beacons: tuple[Beacon, ...] = ()
        """Peers at the coordinator's address, as it named them last."""
        self.sights: tuple[str, ...] = ()
        """Where they see this device, "" where one does not."""
        self.opened: str | None = None
        """The endpoint that the router opened for this device."""
        self.told = ""
        """Where the coordinator saw this device last, unless it left by another way then."""
        self._named_at = 0.0

    def forget(self) -> None:
        """The mesh, and its coordinator with it, are left."""
        self.beacons, self.sights, self.told = (), (), ""

    def name_beacons(self, beacons: tuple[Beacon, ...]) -> None:
        """The coordinator names its beacons; what is none is passed over."""
        self._named_at = self._model.clock()
        named = {one.key: one for one in reversed(beacons[:_BEACONS_MOST]) if self._may_be_beacon(one)}
        self.beacons = tuple(reversed(named.values()))

    def _may_be_beacon(self, one: Beacon) -> bool:
        own = wireguard_public(self._model.state.wireguard_key)
        return is_wireguard_key(one.key) and one.key != own and 0 < one.port < 65536

    def see(self, endpoints: tuple[str, ...]) -> bool:
        """The beacons see this device there; True: that is news."""
        sights = tuple(one if may_be_candidate(one) else "" for one in endpoints[:_BEACONS_MOST])
        is_news, self.sights = sights != self.sights, sights
        return is_news

    @property
    def is_unseen(self) -> bool:
        """The beacons have had the time to see this device, and did not."""
        late = self._model.clock() - self._named_at > SEEN_WITHIN
        return self._model.connected and bool(self.beacons) and late and not any(self.sights)

    @property
    def candidates(self) -> tuple[str, ...]:
        """Where any peer may meet this device."""
        model, state = self._model, self._model.state
        port, chosen = state.listen_port, state.settings.endpoint
        if not (chosen or state.seen_addresses) and model.me in model.mesh.devices:
            # Nobody has said yet where it is now.
            return model.mesh.devices[model.me].candidates
        return public_candidates(
            model.facts,
            port,
            model.mesh.networks(),
            chosen=with_port(chosen, port) if chosen else "",
            opened=self.opened or "",
            seen=self._seen,
            told=state.seen_addresses,
        )

    @property
    def public(self) -> tuple[str, ...]:
        """The addresses that the world sees of this device while it is not routed."""
        facts = self._model.facts
        return public_addresses(facts, exit_of(facts, was_vpn=False), self.told)

    @property
    def public_of_peers(self) -> tuple[str, ...]:
        """Those that it sees of whoever routes through this device, while that one is not routed itself."""
        model = self._model
        if model.announced_route is not None:
            return ()
        return public_addresses(model.facts, model.announced_exit, self.told)

    def candidates_for(self, peer: Device) -> tuple[str, ...]:
        """Where this peer may meet it: in the local network first, where the two may be in the same."""
        if not share_an_address(self.candidates, peer.candidates):
            return self.candidates
        model = self._model
        near = near_candidates(model.facts, model.state.listen_port, model.mesh.networks())
        return (*near, *self.candidates)[:MOST]

    # --- where others may be met ------------------------------------------------------------------------------------

    def elsewhere(self, endpoints: Iterable[str]) -> tuple[str, ...]:
        """Those of a peer's candidates that probes may go to on its word.

        Not this device itself, its routers, or all of its network at once; nothing inside the mesh; and of the
        coordinator not what it serves itself. (A peer may be on the coordinator's machine.)
        """
        shut, mesh = self._shut(), self._model.mesh.networks()

        def is_elsewhere(endpoint: str) -> bool:
            address, port = parse_endpoint(endpoint)
            is_inside = is_within(network_of(str(address)), mesh)
            return str(address) not in shut and not is_inside and not self._is_service(str(address), port)

        return tuple(one for one in endpoints if is_elsewhere(one))

    def may_be_relay(self, endpoint: str) -> bool:
        """Whether the coordinator may name this as its relay.

        An address of its own, as this device knows it, or a public one: from within the coordinator's network its name
        may lead elsewhere than from outside.
        """
        if not may_be_candidate(endpoint):
            return False
        address, port = parse_endpoint(endpoint)
        if str(address) in self._model.joined.coordinator_addresses:
            return not self._is_service(str(address), port)
        return address.is_global and bool(self.elsewhere((endpoint,)))

    def _shut(self) -> set[str]:
        facts = self._model.facts
        own = [ipaddress.ip_interface(text) for link in facts.links for text in link.addresses]
        groups = {str(one.network.broadcast_address) for one in own if one.version == 4 and one.network.prefixlen < 31}
        routers = {gateway.address for gateway in facts.gateways if gateway.address is not None}
        return {str(one.ip) for one in own} | groups | routers

    def _is_service(self, address: str, port: int) -> bool:
        joined = self._model.joined
        ports = {joined.coordinator_port, *(beacon.port for beacon in self.beacons)}
        return address in joined.coordinator_addresses and port in ports

    @property
    def _seen(self) -> tuple[str, ...]:
        """The tunnel's endpoint as the beacons see it; none where its NAT has another one for each destination."""
        seen = {endpoint for endpoint in self.sights if endpoint}
        return tuple(seen) if len(seen) == 1 else ()


def with_port(endpoint: str, port: int) -> str:
    """The endpoint, or the address with this port."""
    try:
        parse_endpoint(endpoint)
    except ValueError:
        return format_endpoint(endpoint.strip("[]"), port)
    return endpoint
