"""The top of the window: the state, the way the traffic takes, and the button that stops it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout

from meshnet.gui import icons
from meshnet.gui.models import words
from meshnet.gui.models.menu import Choice, Verb, retry
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.views.widgets import GAP, FramedLabel, OneClickButton, label

_ICON = 56


class Header(QFrame):
    """Shows a snapshot's state in words and as a drawing of the way."""

    chosen = Signal(object)
    """Carries a `Choice`."""

    def __init__(self) -> None:
        super().__init__()
        self._icon = QLabel()
        self.state = label(wrapped=True, scale=1.5)
        self.detail = label(wrapped=True, quiet=True)
        self.identity = label(wrapped=True, selectable=True, quiet=True)
        self.hosting = label(wrapped=True)
        self.stop = OneClickButton("Stop routing")
        self.stop.clicked.connect(lambda: self.chosen.emit(Choice(Verb.STOP)))
        self.retry = OneClickButton("Try again")
        self.retry.clicked.connect(lambda: self.chosen.emit(self._again))
        self._again: Choice | None = None
        self.way = QFrame()
        self._way = QHBoxLayout(self.way)
        self._way.setContentsMargins(0, 0, 0, 0)
        self._stops: tuple[str, ...] = ()
        self._arrange()

    def show_state(self, mesh: Snapshot) -> None:
        """Show this snapshot."""
        self._icon.setPixmap(icons.icon(icons.state_of(mesh)).pixmap(_ICON, _ICON))
        self.state.setText(words.state_line(mesh))
        _say(self.detail, words.state_detail(mesh))
        _say(self.identity, words.identity(mesh.status))
        _say(self.hosting, words.hosted(mesh.status.clients))
        self.stop.setVisible(mesh.status.route is not None)
        self._again = retry(mesh)
        self.retry.setVisible(self._again is not None)
        stops = words.chain(mesh.status) if mesh.connected else ()
        if stops != self._stops:
            self._draw(stops)

    def _draw(self, stops: tuple[str, ...]) -> None:
        self._stops = stops
        while item := self._way.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        for position, stop in enumerate(stops):
            if position:
                arrow = label(quiet=True)
                arrow.setText("→")
                self._way.addWidget(arrow)
            self._way.addWidget(FramedLabel(stop))
        self._way.addStretch(1)
        self.way.setAccessibleName(" → ".join(stops))
        self.way.setVisible(bool(stops))

    def _arrange(self) -> None:
        texts = QVBoxLayout()
        texts.setSpacing(2)
        for widget in (self.state, self.detail, self.identity, self.hosting):
            texts.addWidget(widget)
        texts.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(GAP, GAP, GAP, 0)
        grid.setHorizontalSpacing(GAP + GAP // 2)
        grid.setVerticalSpacing(GAP)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._icon, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addLayout(texts, 0, 1)
        buttons = QVBoxLayout()
        buttons.setSpacing(GAP // 2)
        buttons.addWidget(self.retry)
        buttons.addWidget(self.stop)
        buttons.addStretch(1)
        grid.addLayout(buttons, 0, 2)
        grid.addWidget(self.way, 1, 0, 1, 3)


def _say(place: QLabel, text: str) -> None:
    place.setText(text)
    place.setVisible(bool(text))
