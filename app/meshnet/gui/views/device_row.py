"""One device in the window."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QMenu, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from meshnet.gui.models import words
from meshnet.gui.models.language import translate
from meshnet.gui.models.rows import Row, State, Tick, state_words
from meshnet.gui.views.marks import Dots, Star, StateMark
from meshnet.gui.views.theme import Tone, color
from meshnet.gui.views.widgets import GAP, Card, ElidedLabel, OneClickButton, draw_frame, label

_ROOM_FOR_ADDRESS6 = 90
"""Letters across a row from which there is room for the long address."""
_TONES = {State.CONNECTING: Tone.BUSY, State.ROUTED: Tone.GOOD, State.BLOCKED: Tone.BAD}


class DeviceRow(QWidget):
    """Shows a `Row`, of this device or that, and says what was ticked or chosen on it.

    All rows of one width are of one height, but for a heading. Its controls take no part in the window's own order of
    focus, which would be that of the widgets: the list leads the keyboard through them.
    """

    chosen = Signal(object)
    """Carries a `Choice`."""
    granted = Signal(str, str, bool)
    """Device id, grant, and whether it is wanted."""
    favoured = Signal(str, bool)
    remove_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("deviceRow")
        self._row: Row | None = None
        self.heading = ElidedLabel(quiet=True)
        self.mark = StateMark()
        self.name = ElidedLabel(scale=1.1)
        self.star = Star()
        self.button = RouteButton()
        self.more = Dots()
        self.presence = ElidedLabel(quiet=True)
        self.addresses = label(quiet=True)
        self.addresses.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.remark = ElidedLabel()
        self.remark.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.permits = ElidedLabel(quiet=True)
        self.routing = QCheckBox(translate("Devices", "Allow routing"))
        self.lan = QCheckBox(translate("Devices", "Local network access"))
        self.incoming = QCheckBox(translate("Devices", "Allow incoming"))
        self.menu = _Menu(self.more)
        self.stops: tuple[QWidget, ...] = (
            self.star,
            self.button,
            self.more,
            self.routing,
            self.lan,
            self.incoming,
        )
        """Where the keyboard stops, in the order of the eye."""
        self._arrange()
        self._connect()

    def show_row(self, row: Row, heading: str = "") -> None:
        """Show this device, below a heading or none."""
        if heading != self.heading.text():
            self.heading.setText(heading)
            self.heading.setVisible(bool(heading))
        if row is self._row:
            return
        if self._row is None or row.id != self._row.id:
            self._let_go()
        before, self._row = self._row, row
        if row == before:
            return
        self._show_texts(row)
        self._show_button(row)
        self._show_ticks(row)
        self.setAccessibleName(row.name)
        self.setAccessibleDescription(". ".join(filter(None, (row.remark, row.presence, row.permits))))

    @property
    def device(self) -> str:
        """The id of the device that is shown."""
        return self._row.id if self._row else ""

    def height_for(self, width: int) -> int:
        """How tall it is at this width."""
        layout = self.layout()
        return layout.totalHeightForWidth(width) if layout else 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the long address where there is room for it."""
        super().resizeEvent(event)
        if self._row is not None:
            self._show_addresses(self._row)

    def _show_texts(self, row: Row) -> None:
        self.mark.show_state(row.state, state_words(row.state))
        self._card.show_state(row.state)
        self.name.setText(row.name)
        self.presence.setText(row.presence)
        self.remark.show_text(row.remark, Tone.BUSY if row.is_unconfirmed else Tone.GOOD)
        self.permits.setText(row.permits)
        self._show_addresses(row)

    def _show_addresses(self, row: Row) -> None:
        roomy = self.width() > _ROOM_FOR_ADDRESS6 * self.fontMetrics().averageCharWidth()
        both = "   ".join(filter(None, (row.address4, row.address6)))
        self.addresses.setText(both if roomy else row.address4 or row.address6)
        self.addresses.setToolTip(words.unmarked(both))

    def _show_button(self, row: Row) -> None:
        self.button.setVisible(bool(row.button))
        self.button.show_choice(row.button, row.active, row.choice is not None)
        self.button.setAccessibleName(translate("Devices", "{action}: {name}").format(action=row.button, name=row.name))
        self.button.setToolTip(words.unmarked(row.why_not))
        self.button.setAccessibleDescription(row.why_not)
        self.star.setVisible(row.favourite is not None)
        self.star.setChecked(bool(row.favourite))
        self.star.setAccessibleName(translate("Devices", "Favourite: {name}").format(name=row.name))
        self.more.setAccessibleName(translate("Devices", "More about {name}").format(name=row.name))

    def _show_ticks(self, row: Row) -> None:
        _tick(self.routing, row.routing, translate("Devices", "Allow routing for {name}").format(name=row.name))
        _tick(self.lan, row.lan, translate("Devices", "Local network access for {name}").format(name=row.name))
        _tick(self.incoming, row.incoming, translate("Devices", "Allow incoming from {name}").format(name=row.name))
        waits = row.lan is not None and not row.lan.enabled
        self.lan.setToolTip(translate("Devices", "Allow routing first.") if waits else "")
        self._ticks.place()

    def _let_go(self) -> None:
        # A button that is held down must not be let go on another device than the one it was pressed on.
        for button in (self.star, self.button, self.more, self.routing, self.lan, self.incoming):
            button.setDown(False)

    def _arrange(self) -> None:
        self._ticks = _Ticks((self.routing, self.lan, self.incoming))
        self._card = _RowCard()
        grid = QGridLayout(self._card)
        grid.setContentsMargins(GAP, GAP - 2, GAP // 2, GAP)
        grid.setHorizontalSpacing(GAP // 2)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        # A device without a button is as tall as one with it.
        grid.setRowMinimumHeight(0, max(self.button.sizeHint().height(), self.more.sizeHint().height()))
        grid.addWidget(self.mark, 0, 0)
        grid.addWidget(self.name, 0, 1)
        grid.addLayout(_line(self.star, self.button, self.more), 0, 2)
        grid.addLayout(_line(self.presence, self.addresses, stretched=self.presence), 1, 1, 1, 2)
        grid.addLayout(_line(self.remark, self.permits, stretched=self.permits), 2, 1, 1, 2)
        grid.setRowMinimumHeight(3, GAP // 2)
        grid.addWidget(self._ticks, 4, 1, 1, 2)
        self.remark.setContentsMargins(0, 0, GAP // 2, 0)
        self.permits.setContentsMargins(0, 0, GAP // 2, 0)
        self.addresses.setContentsMargins(GAP, 0, GAP // 2, 0)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.setSpacing(GAP // 2)
        self.heading.setContentsMargins(2, GAP // 2, 0, 0)
        self.heading.hide()
        around.addWidget(self.heading)
        around.addWidget(self._card)

    def _connect(self) -> None:
        # `clicked`, not `toggled`: only what the person does is a wish.
        self.routing.clicked.connect(lambda wanted: self._on_ticked("routing", wanted))
        self.lan.clicked.connect(lambda wanted: self._on_ticked("lan", wanted))
        self.incoming.clicked.connect(lambda wanted: self._on_ticked("incoming", wanted))
        self.star.clicked.connect(lambda wanted: self.favoured.emit(self.device, wanted))
        self.button.clicked.connect(self._on_clicked)
        self.more.clicked.connect(self._open_menu)
        self.menu.remove_wanted.connect(self.remove_wanted)
        for stop in self.stops:
            stop.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def _on_ticked(self, grant: str, wanted: bool) -> None:
        self.granted.emit(self.device, grant, wanted)

    def _on_clicked(self) -> None:
        if self._row is not None and self._row.choice is not None:
            self.chosen.emit(self._row.choice)

    def _open_menu(self) -> None:
        if self._row is not None:
            self.menu.open_for(self._row)


class RouteButton(OneClickButton):
    """ "Route" or "Stop routing", of one width; in the accent's color while it stops."""

    def show_choice(self, text: str, active: bool, enabled: bool) -> None:
        """Say this, and be greyed or not."""
        self.setText(text)
        self.setEnabled(enabled)
        if active != self.property("accent"):
            self.setProperty("accent", active)
            # A style sheet looks at properties once.
            self.style().polish(self)

    def sizeHint(self) -> QSize:
        """Room for either text, so that the buttons of all rows stand below one another."""
        texts = (translate("Devices", "Route"), translate("Devices", "Stop routing"), self.text())
        widest = max(map(self.fontMetrics().horizontalAdvance, texts))
        return QSize(widest + 3 * GAP, super().sizeHint().height())


class _RowCard(Card):
    _state = State.OFFLINE

    def show_state(self, state: State) -> None:
        self._state = state
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        tone = _TONES.get(self._state)
        draw_frame(self, color(tone) if tone else None)


class _Ticks(QWidget):
    """Checkboxes beside one another, and on a further line where there is no room."""

    def __init__(self, boxes: tuple[QCheckBox, ...]) -> None:
        super().__init__()
        self._boxes = boxes
        for box in boxes:
            box.setParent(self)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def heightForWidth(self, width: int) -> int:
        return self._place(width, move=False)

    def sizeHint(self) -> QSize:
        return QSize(0, self.heightForWidth(self.width()))

    def place(self) -> None:
        self._place(self.width(), move=True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.place()

    def _place(self, width: int, move: bool) -> int:
        left = top = bottom = 0
        for box in self._boxes:
            if box.isHidden():
                continue
            size = box.sizeHint()
            if left and left + size.width() > width:
                left, top = 0, bottom + 2
            if move:
                box.setGeometry(left, top, min(size.width(), width), size.height())
            left += size.width() + 2 * GAP
            bottom = top + size.height()
        return bottom


class _Menu(QMenu):
    """What else can be done with a device; it stays that device's while it is open, whatever the row shows then."""

    remove_wanted = Signal(str)

    def __init__(self, button: QWidget) -> None:
        super().__init__(button)
        self._button = button
        self._row: Row | None = None
        self.copy4 = self.addAction(translate("Devices", "Copy address"))
        self.copy6 = self.addAction(translate("Devices", "Copy IPv6 address"))
        self._line = self.addSeparator()
        self.remove = self.addAction(translate("Devices", "Remove from the mesh…"))
        self.copy4.triggered.connect(lambda: self._copy(self._row.address4 if self._row else ""))
        self.copy6.triggered.connect(lambda: self._copy(self._row.address6 if self._row else ""))
        self.remove.triggered.connect(lambda: self.remove_wanted.emit(self._row.id if self._row else ""))

    def open_for(self, row: Row) -> None:
        self._row = row
        self.copy4.setVisible(bool(row.address4))
        self.copy6.setVisible(bool(row.address6))
        self._line.setVisible(row.removable)
        self.remove.setVisible(row.removable)
        corner = self._button.rect().bottomRight() - QPoint(self.sizeHint().width(), 0)
        self.popup(self._button.mapToGlobal(corner))

    def _copy(self, address: str) -> None:
        QGuiApplication.clipboard().setText(address)
        said = translate("Devices", "Copied: {address}").format(address=address)
        QToolTip.showText(self._button.mapToGlobal(self._button.rect().center()), words.unmarked(said), self._button)


def _line(*widgets: QWidget, stretched: QWidget | None = None) -> QHBoxLayout:
    made = QHBoxLayout()
    made.setSpacing(GAP // 2)
    for widget in widgets:
        made.addWidget(widget, 1 if widget is stretched else 0)
    return made


def _tick(box: QCheckBox, tick: Tick | None, name: str) -> None:
    box.setVisible(tick is not None)
    if tick is not None:
        box.setChecked(tick.checked)
        box.setEnabled(tick.enabled)
    box.setAccessibleName(name)
