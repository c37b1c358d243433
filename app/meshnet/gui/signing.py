"""Signs for the person: devices that joined by an invite are confirmed as soon as a front end has the mesh key.

The key is read in a thread, because a keyring may first ask the person to unlock it. It never leaves this process.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from meshnet import keys
from meshnet.core.identity import SigningKey
from meshnet.errors import MeshnetError
from meshnet.gui.link import DaemonLink
from meshnet.protocol import local, statements

log = logging.getLogger(__name__)

LoadKey = Callable[[str], SigningKey | None]


@dataclass(frozen=True, slots=True)
class Task:
    """Devices (ids) of a mesh (id) that wait for a confirmation."""

    mesh: str
    devices: frozenset[str]


def in_thread(work: Callable[[], None]) -> None:
    """Run it aside; a keyring that never answers does not keep the program from ending."""
    threading.Thread(target=work, name="mesh key", daemon=True).start()


class Confirmer(QObject):
    """Looks at each status, and confirms whom it names, once for each set of names."""

    _loaded = Signal(object, object)

    def __init__(
        self,
        link: DaemonLink,
        load: LoadKey = keys.load,
        aside: Callable[[Callable[[], None]], None] = in_thread,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._link = link
        self._load = load
        self._aside = aside
        self._last: Task | None = None
        self._loaded.connect(self._on_loaded)
        link.watching.connect(self._start_over)
        link.watching.connect(self.consider)
        link.updated.connect(lambda update: self.consider(update.status))

    def consider(self, status: local.Status) -> None:
        """Confirm those who wait, if the mesh key is here."""
        if status.mesh is None or not status.unconfirmed:
            return
        task = Task(status.mesh, frozenset(status.unconfirmed))
        if task != self._last:
            self._last = task
            self._aside(lambda: self._loaded.emit(task, self._load(task.mesh)))

    def _start_over(self) -> None:
        self._last = None

    def _on_loaded(self, task: Task, key: SigningKey | None) -> None:
        if key is None:
            return
        self._link.call(
            local.PrepareConfirm(), local.Statements, lambda prepared: self._post(task, key, prepared), _failed
        )

    def _post(self, task: Task, key: SigningKey, prepared: local.Statements) -> None:
        try:
            records = statements.signed(task.mesh, prepared.bodies, key, statements.confirms(task.devices))
        except MeshnetError as error:
            log.warning("confirmation not signed: %s", error.message)
            return
        if records:
            self._link.call(local.PostSigned(records), local.Status, _confirmed, _failed)


def _confirmed(_: local.Status) -> None:
    log.info("new devices of the mesh confirmed")


def _failed(error: MeshnetError) -> None:
    log.warning("confirmation failed: %s (%s)", error.message, error.code)
