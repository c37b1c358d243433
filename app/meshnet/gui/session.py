"""What the person does, as calls to the daemon; what comes of it, in the mesh model. Knows no widget."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from meshnet.errors import Code, MeshnetError
from meshnet.gui.link import DaemonLink
from meshnet.gui.models import reasons
from meshnet.gui.models.menu import Choice, Verb
from meshnet.gui.models.mesh import OWN_DEVICES, Mesh
from meshnet.gui.models.settings import FALLBACK
from meshnet.protocol import local

PAUSE_SECONDS = 600
_JUST_NOW = 3.0
"""Seconds after an answer in which what the daemon tells still comes of what the person did."""
_OF_ROUTES = (Verb.ROUTE, Verb.STOP, Verb.PAUSE, Verb.RESUME)


class Session(QObject):
    """Stands between the views and the link."""

    failed = Signal(str, str)
    """Something was refused: what happened and why, and what to do."""
    refused = Signal()
    """A setting was refused: what shows one shows the snapshot's value again."""
    open_wanted = Signal()
    quit_wanted = Signal()

    def __init__(
        self,
        link: DaemonLink,
        mesh: Mesh,
        parent: QObject | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._acted = -math.inf
        self._link = link
        self._mesh = mesh
        self._routing_to: str | None = None
        self._last_ask: dict[tuple[str, str], int] = {}
        link.watching.connect(self._on_watching)
        link.updated.connect(self._on_updated)
        link.lost.connect(self._on_lost)

    def choose(self, choice: Choice) -> None:
        """Do what was chosen in the menu or by a button."""
        deeds: dict[Verb, Callable[[], None]] = {
            Verb.ROUTE: partial(self.route, choice.device),
            Verb.STOP: self.stop_routing,
            Verb.SHARE: partial(self.share, True),
            Verb.UNSHARE: partial(self.share, False),
            Verb.PAUSE: self.pause,
            Verb.RESUME: self.resume,
            Verb.OPEN: self.open_wanted.emit,
            Verb.QUIT: self.quit_wanted.emit,
        }
        if choice.verb in _OF_ROUTES:
            self._acted = self._clock()
        deeds[choice.verb]()

    @property
    def is_acting(self) -> bool:
        """Whether the person has just done something about the route: what comes of it is no news to them."""
        return self._routing_to is not None or self._clock() - self._acted < _JUST_NOW

    def route(self, device: str) -> None:
        """Send all traffic through the device (id). Nothing happens if that is being done already."""
        if self._routing_to == device:
            return
        self._routing_to = device
        self._link.call(
            local.StartRoute(device),
            local.Status,
            lambda _: self._route_ended(device),
            lambda error: self._route_failed(device, error),
        )

    def stop_routing(self) -> None:
        """Let traffic go out directly again."""
        self._routing_to = None
        self._link.call(local.StopRoute(), local.Status, _nothing, self.tell)

    def grant(self, device: str, grant: str, wanted: bool) -> None:
        """Allow or deny the device (id) a grant; on refusal everything is as it was."""
        key = (device, grant)
        self._last_ask[key] = turn = self._last_ask.get(key, 0) + 1
        self._mesh.ask(device, grant, wanted)
        request = (local.Allow if wanted else local.Deny)(device, (grant,))
        self._link.call(
            request,
            local.Status,
            lambda _: self._granted(key, turn, wanted),
            lambda error: self._not_granted(key, turn, error),
        )

    def pause(self) -> None:
        """Let traffic go out directly for ten minutes; the route goes on by itself."""
        self._routing_to = None
        self._link.call(local.PauseRoute(PAUSE_SECONDS), local.Status, _nothing, self.tell)

    def resume(self) -> None:
        """End the pause."""
        self._link.call(local.ResumeRoute(), local.Status, _nothing, self.tell)

    def stop_client(self, device: str, wanted: bool) -> None:
        """End the device's (id) routing through this one for ten minutes, or let it go on."""
        request = local.StopClient(device, PAUSE_SECONDS if wanted else 0)
        self._link.call(request, local.Status, _nothing, self.tell)

    def share(self, wanted: bool) -> None:
        """Let all devices of the person's own route through this one, or none."""
        self.set(OWN_DEVICES, "routing" if wanted else "none")

    def set(self, key: str, value: str) -> None:
        """Change a setting of the daemon; on refusal the views show what was before."""
        before = self._mesh.now.settings.get(key)
        # Devices are named to the daemon by their ids, and shown by their names.
        if before is not None and key != FALLBACK:
            self._mesh.set_settings({key: value})
        self._link.call(
            local.SetSetting(key, value),
            local.SettingValues,
            self._on_settings,
            lambda error: self._not_set(key, before, error),
        )

    def refresh_settings(self) -> None:
        """Read the settings again: another front end may have changed them, and no update tells."""
        self._link.call(local.GetSettings(), local.SettingValues, self._on_settings, _nothing)

    def examine(self, on_found: Callable[[local.Findings], None], on_failure: Callable[[MeshnetError], None]) -> None:
        """Have the daemon look for what would keep this system from hosting or routing."""
        self._link.call(local.Doctor(), local.Findings, on_found, on_failure)

    def tell(self, error: MeshnetError) -> None:
        """Say why something that was wanted did not happen."""
        # That the daemon went away is on every view already.
        if error.code is Code.DAEMON_UNREACHABLE and not self._mesh.now.connected:
            return
        message, cure = reasons.explain(error)
        self._mesh.notify(f"{message} {cure}".strip())
        self.failed.emit(message, cure)

    def dismiss(self) -> None:
        """The person has seen the notice."""
        self._mesh.notify("")

    def _on_watching(self, status: local.Status) -> None:
        self._mesh.begin(status)
        self.refresh_settings()

    def _on_updated(self, update: local.Update) -> None:
        was_joined = self._mesh.now.status.device is not None
        self._mesh.update(update)
        # Joining and leaving change settings, of which no update tells.
        if was_joined != (update.status.device is not None):
            self.refresh_settings()

    def _on_lost(self, error: MeshnetError) -> None:
        self._mesh.lose(*reasons.explain(error), error.code)

    def _on_settings(self, settings: local.SettingValues) -> None:
        self._mesh.set_settings(settings.values)

    def _not_set(self, key: str, before: str | None, error: MeshnetError) -> None:
        if before is not None and self._mesh.now.connected:
            self._mesh.set_settings({key: before})
        self.refused.emit()
        self.tell(error)

    def _route_ended(self, device: str) -> None:
        if self._routing_to == device:
            self._routing_to = None
            self._acted = self._clock()

    def _route_failed(self, device: str, error: MeshnetError) -> None:
        # A route that the person stopped or replaced meanwhile fails too, and that is no news.
        if self._routing_to == device:
            self._routing_to = None
            self.tell(error)

    def _granted(self, key: tuple[str, str], turn: int, wanted: bool) -> None:
        if self._last_ask[key] == turn:
            self._mesh.answer(*key, wanted)

    def _not_granted(self, key: tuple[str, str], turn: int, error: MeshnetError) -> None:
        if self._last_ask[key] == turn:
            self._mesh.answer(*key, None)
        self.tell(error)


def _nothing(_: object) -> None:
    """The update that comes by itself tells all there is to tell."""
