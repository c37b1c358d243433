"""Those who route through this device: since when, and how much, as far as this run of the daemon has seen."""

from __future__ import annotations

from dataclasses import dataclass

from meshnet.core.plan import FRESH
from meshnet.core.records import STOCK, Device
from meshnet.daemon.model import Model
from meshnet_platform.api import PeerSight


@dataclass(slots=True)
class Client:
    """One of them."""

    device: Device
    since: float
    """Unix time."""
    rx_bytes: int = 0
    """What it sent."""
    tx_bytes: int = 0
    _last: PeerSight | None = None

    def count(self, sight: PeerSight | None) -> None:
        """Add what went through the tunnel since the last time.

        The tunnel counts from nothing again when it or the peer was configured anew.
        """
        last, self._last = self._last, sight or self._last
        if sight is None or last is None:
            return
        is_anew = (
            sight.public_key != last.public_key or sight.rx_bytes < last.rx_bytes or sight.tx_bytes < last.tx_bytes
        )
        self.rx_bytes += sight.rx_bytes - (0 if is_anew else last.rx_bytes)
        self.tx_bytes += sight.tx_bytes - (0 if is_anew else last.tx_bytes)


class Hosted:
    """The clients of this device."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._seen: dict[str, Client] = {}

    def look(self) -> list[Client]:
        """Those there are now, in the order of their ids. Who comes back after having left begins anew."""
        clients = self._clients()
        self._seen = {
            client.device: self._seen.get(client.device) or Client(client, self._model.clock()) for client in clients
        }
        for client in clients:
            seen = self._seen[client.device]
            seen.device = client
            seen.count(self._model.sight_of(client))
        return list(self._seen.values())

    def _clients(self) -> list[Device]:
        """Who says that it routes through this device, and is permitted to; of apps, those that speak to it."""
        model = self._model
        if model.ledger is None:
            return []
        routed = [device for device in model.ledger.active() if device.device != model.me and self._is_routed(device)]
        return [device for device in routed if model.permitted(device.device).routing]

    def _is_routed(self, device: Device) -> bool:
        model = self._model
        return device.route == model.me or (device.platform == STOCK and is_fresh(model, model.sight_of(device)))


def is_fresh(model: Model, sight: PeerSight | None) -> bool:
    """Whether the tunnel has a session with the peer that lives."""
    return sight is not None and abs(model.clock() - sight.last_handshake) < FRESH
