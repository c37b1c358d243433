"""Where this device may be met: what its person says, its router opened, and the coordinator and its beacons see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshnet.core.candidates import MOST, near_candidates, public_candidates, share_an_address
from meshnet.core.endpoints import format_endpoint, may_be_candidate, parse_endpoint
from meshnet.core.identity import is_wireguard_key
from meshnet.core.records import Device
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
        self._named_at = 0.0

    def forget(self) -> None:
        """The mesh, and its coordinator with it, are left."""
        self.beacons, self.sights = (), ()

    def name_beacons(self, beacons: tuple[Beacon, ...]) -> None:
        """The coordinator names its beacons; what is none is passed over."""
        self._named_at = self._model.clock()
        named = beacons[:_BEACONS_MOST]
        self.beacons = tuple(one for one in named if is_wireguard_key(one.key) and 0 < one.port < 65536)

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

    def candidates_for(self, peer: Device) -> tuple[str, ...]:
        """Where this peer may meet it: in the local network first, where the two may be in the same."""
        if not share_an_address(self.candidates, peer.candidates):
            return self.candidates
        model = self._model
        near = near_candidates(model.facts, model.state.listen_port, model.mesh.networks())
        return (*near, *self.candidates)[:MOST]

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
