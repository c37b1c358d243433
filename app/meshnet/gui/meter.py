"""Takes down, whenever the daemon tells of it, how much went through the tunnel."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from meshnet.gui.link import DaemonLink
from meshnet.gui.models.traffic import History, followed
from meshnet.protocol.local import Status, Update


class Meter(QObject):
    """Keeps the history of the last minutes; `measured` carries it after every sample."""

    measured = Signal(object)

    def __init__(
        self, link: DaemonLink, clock: Callable[[], float] = time.monotonic, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self.history = History()
        link.watching.connect(self._begin)
        link.updated.connect(self._on_update)

    def _begin(self, _: Status) -> None:
        # Another daemon, or the same one after a restart, counts from the beginning.
        self.history = History()

    def _on_update(self, update: Update) -> None:
        self.history = followed(self.history, update.status, self._clock())
        self.measured.emit(self.history)
