"""The top of the window: the state, the way the traffic takes, how much goes through, and what to do about it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout

from meshnet.gui import icons
from meshnet.gui.models import words
from meshnet.gui.models.language import translate
from meshnet.gui.models.menu import Choice, Verb, retry
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.traffic import History
from meshnet.gui.models.way import Way, way
from meshnet.gui.views.plot import Traffic
from meshnet.gui.views.way import WayView
from meshnet.gui.views.widgets import GAP, Card, OneClickButton, label
from meshnet.protocol.local import Capability

_ICON = 44


class Header(Card):
    """Shows a snapshot's state in words and as a drawing of the way."""

    chosen = Signal(object)
    """Carries a `Choice`."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("header")
        self._icon = QLabel()
        self.state = label(wrapped=True, scale=1.35)
        self.detail = label(wrapped=True, quiet=True)
        self.retry = self._button(translate("Header", "Tr&y again"), Verb.ROUTE)
        self.resume = self._button(translate("Header", "Res&ume now"), Verb.RESUME)
        self.pause = self._button(translate("Header", "Pa&use for 10 minutes"), Verb.PAUSE)
        self.stop = self._button(translate("Header", "St&op routing"), Verb.STOP)
        self.way = WayView()
        self.traffic = Traffic()
        self._again: Choice | None = None
        self._arrange()
        self.show_state(Snapshot())

    def show_state(self, mesh: Snapshot) -> None:
        """Show this snapshot."""
        shown = way(mesh)
        self._icon.setPixmap(icons.icon(icons.state_of(mesh)).pixmap(QSize(_ICON, _ICON), self.devicePixelRatioF()))
        self.state.setText(words.state_line(mesh))
        self.detail.show_text(_breakable(_detail(mesh, shown)))
        self.way.show_way(shown)
        self.way.setVisible(bool(shown.stops))
        self.traffic.setVisible(mesh.status.state == "routing")
        self._show_buttons(mesh)

    def show_traffic(self, history: History) -> None:
        """Show how much goes through."""
        self.traffic.show_history(history)

    def _show_buttons(self, mesh: Snapshot) -> None:
        status = mesh.status
        paused = status.pause is not None
        self._again = retry(mesh)
        self.retry.setVisible(self._again is not None)
        self.resume.setVisible(paused)
        self.pause.setVisible(status.state in ("routing", "blocked") and mesh.can(Capability.PAUSE))
        self.stop.setVisible(status.route is not None or paused)

    def _button(self, text: str, verb: Verb) -> OneClickButton:
        made = OneClickButton(text)
        made.clicked.connect(lambda: self._choose(verb))
        return made

    def _choose(self, verb: Verb) -> None:
        choice = self._again if verb is Verb.ROUTE else Choice(verb)
        if choice is not None:
            self.chosen.emit(choice)

    def _arrange(self) -> None:
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addStretch(1)
        texts.addWidget(self.state)
        texts.addWidget(self.detail)
        texts.addStretch(1)
        buttons = QVBoxLayout()
        buttons.setSpacing(GAP // 2)
        buttons.addStretch(1)
        for button in (self.retry, self.resume, self.pause, self.stop):
            buttons.addWidget(button)
        buttons.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(GAP + 4, GAP, GAP + 4, GAP)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(GAP)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._icon, 0, 0, Qt.AlignmentFlag.AlignVCenter)
        grid.addLayout(texts, 0, 1)
        grid.addLayout(buttons, 0, 2)
        grid.addWidget(self.way, 1, 0, 1, 3)
        grid.addWidget(self.traffic, 2, 0, 1, 3)


def _detail(mesh: Snapshot, shown: Way) -> str:
    """While it is known where traffic leaves, whose address the world sees; else what the state means."""
    pausing = mesh.status.pause is not None
    if mesh.connected and shown.seen and mesh.status.state in ("routing", "connecting"):
        return shown.seen
    if mesh.connected and mesh.status.state == "idle" and not pausing and shown.seen:
        if not any(device.can_host for device in mesh.devices.values()):
            return shown.seen
        choose = translate("Header", "Choose a host to send the traffic through.")
        return f"{shown.seen} {choose}"
    return words.state_detail(mesh)


def _breakable(text: str) -> str:
    """The text with places where a line may end in an IPv6 address, longer than a small window is wide."""
    return text.replace(":", ":\u200b")
