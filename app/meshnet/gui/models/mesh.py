"""The mesh as the daemon last told it: one value, and a signal for every change of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal

from meshnet.errors import Code
from meshnet.protocol.local import Capability, DeviceView, Status, Update

NOT_JOINED = Status("not-joined")
OWN_DEVICES = "own-devices"
"""The setting that lets all devices of the mesh route through this one."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that tray and window show, at one moment."""

    connected: bool = False
    trouble: str = ""
    """Why the daemon does not answer, in words; empty while connected, and before the first attempt has failed."""
    cure: str = ""
    code: Code | None = None
    """The same as a code; None while connected, and before the first attempt."""
    status: Status = NOT_JOINED
    devices: Mapping[str, DeviceView] = field(default_factory=lambda: MappingProxyType({}))
    """By their ids."""
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The daemon's settings by their keys; empty until it has told them."""
    favourites: frozenset[str] = frozenset()
    """Ids of the hosts that the person likes best."""
    recent: tuple[str, ...] = ()
    """Ids of the hosts that were used last, the newest first."""
    asked: Mapping[tuple[str, str], bool] = field(default_factory=lambda: MappingProxyType({}))
    """What the person ticked or unticked and the daemon has not answered yet, by device id and grant."""
    notice: str = ""
    """What went wrong last, until the person has seen it."""

    def can(self, capability: Capability) -> bool:
        """Whether the daemon can do this; what it cannot is not shown."""
        return self.connected and capability in self.status.capabilities

    @property
    def own_devices(self) -> str:
        """The setting `own-devices`; empty until the daemon has told it."""
        return self.settings.get(OWN_DEVICES, "")


class Mesh(QObject):
    """Holds the snapshot; `changed` carries the new one, and comes only when something is different."""

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.now = Snapshot()

    def begin(self, status: Status) -> None:
        """The daemon answers; what was known of devices is from before, and it tells them all anew."""
        self._become(connected=True, trouble="", cure="", code=None, status=status, devices={}, asked={})

    def lose(self, trouble: str, cure: str, code: Code) -> None:
        """The daemon does not answer."""
        gone: dict[str, Any] = {"status": NOT_JOINED, "devices": {}, "asked": {}, "settings": {}}
        self._become(connected=False, trouble=trouble.rstrip("."), cure=cure, code=code, **gone)

    def update(self, update: Update) -> None:
        """Take in what changed."""
        changed = {device.id: device for device in update.devices}
        devices = {id_: device for id_, device in {**self.now.devices, **changed}.items() if id_ not in update.gone}
        self._become(status=update.status, devices=devices)

    def ask(self, device: str, grant: str, wanted: bool) -> None:
        """The person ticked (or unticked) a grant; shown at once."""
        self._become(asked={**self.now.asked, (device, grant): wanted})

    def answer(self, device: str, grant: str, granted: bool | None) -> None:
        """The daemon did as it was asked, or (None) refused, and everything is as it was."""
        asked = {key: wanted for key, wanted in self.now.asked.items() if key != (device, grant)}
        devices = dict(self.now.devices)
        if granted is not None and device in devices:
            grants = msgspec.structs.replace(devices[device].grants, **{grant: granted})
            devices[device] = msgspec.structs.replace(devices[device], grants=grants)
        self._become(asked=asked, devices=devices)

    def set_settings(self, values: Mapping[str, str]) -> None:
        """These settings have these values; others are as they were."""
        self._become(settings={**self.now.settings, **values})

    def prefer(self, favourites: frozenset[str], recent: tuple[str, ...]) -> None:
        """What the person likes best, and used last."""
        self._become(favourites=favourites, recent=recent)

    def notify(self, notice: str) -> None:
        """Something went wrong, or (empty) the person has seen it."""
        self._become(notice=notice)

    def _become(self, **changes: Any) -> None:
        new = replace(self.now, **changes)
        if new != self.now:
            self.now = new
            self.changed.emit(new)
