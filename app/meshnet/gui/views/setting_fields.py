"""The pieces of the settings dialog: each shows one setting, and says what the person wants of it.

Law: a field shows a value only when it is another one than it was last given. Until the daemon has answered, what the
person chose stays; `forget` makes the field show the next value whatever it was, which undoes a refused one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QPushButton,
    QRadioButton,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from meshnet.gui.models.language import translate
from meshnet.gui.models.settings import Backup, Option
from meshnet.gui.views.theme import Tone
from meshnet.gui.views.widgets import GAP, Card, label

_ROWS_SHOWN = 4


class Section(Card):
    """A heading, a sentence, and fields under it."""

    def __init__(self, heading: str, meaning: str = "") -> None:
        super().__init__()
        self.setAccessibleName(heading)
        self.inside = QVBoxLayout(self)
        self.inside.setContentsMargins(GAP + 4, GAP, GAP + 4, GAP + 4)
        self.inside.setSpacing(GAP // 2)
        self.inside.addWidget(label(heading, wrapped=True, scale=1.1))
        if meaning:
            self.inside.addWidget(label(meaning, wrapped=True, quiet=True))
        self.inside.addSpacing(GAP // 2)

    def add(self, *fields: QWidget) -> None:
        """Put these under what is there."""
        for field in fields:
            self.inside.addWidget(field)


class Field(QWidget):
    """A setting; subclasses put the value on the screen."""

    wanted = Signal(str)
    """The person wants this value."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: str | None = None

    def show_value(self, value: str) -> None:
        """Show this value."""
        if value != self._shown:
            self._shown = value
            self._put(value)

    def forget(self) -> None:
        """Take what is on the screen for something else than the daemon's value."""
        self._shown = None

    def _put(self, value: str) -> None:
        raise NotImplementedError


class Choices(Field):
    """One of several, each with a sentence; `beside` goes with the last one."""

    def __init__(self, name: str, options: Sequence[Option], beside: QWidget | None = None) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._options = tuple(options)
        self._group = QButtonGroup(self)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(0)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(0, _indent(self))
        self.buttons = [self._add(grid, option) for option in options]
        if beside is not None:
            grid.setRowMinimumHeight(grid.rowCount(), 4)
            grid.addWidget(beside, grid.rowCount() + 1, 1)

    def _add(self, grid: QGridLayout, option: Option) -> QRadioButton:
        button = QRadioButton(option.name)
        button.setAccessibleDescription(option.meaning)
        button.clicked.connect(lambda: self.wanted.emit(option.value))
        self._group.addButton(button)
        row = grid.rowCount()
        grid.setRowMinimumHeight(row, GAP // 2 if self._group.buttons()[1:] else 0)
        grid.addWidget(button, row + 1, 0, 1, 2)
        grid.addWidget(label(option.meaning, wrapped=True, quiet=True), row + 2, 1)
        return button

    def _put(self, value: str) -> None:
        values = [option.value for option in self._options]
        self.buttons[values.index(value) if value in values else -1].setChecked(True)


class Switch(Field):
    """On or off, with a sentence under it."""

    def __init__(self, name: str, meaning: str = "") -> None:
        super().__init__()
        self.box = QCheckBox(name)
        self.box.setAccessibleDescription(meaning)
        self.box.clicked.connect(lambda on: self.wanted.emit("on" if on else "off"))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(0)
        grid.setVerticalSpacing(2)
        grid.setColumnMinimumWidth(0, _indent(self))
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.box, 0, 0, 1, 2)
        if meaning:
            grid.addWidget(label(meaning, wrapped=True, quiet=True), 1, 1)

    def _put(self, value: str) -> None:
        self.box.setChecked(value == "on")


class Text(Field):
    """A line of text that is checked while it is typed, and wanted when it is done with and right.

    `empty` is the value that shows as an empty line.
    """

    def __init__(self, name: str, example: str, problem: Callable[[str], str], empty: str = "") -> None:
        super().__init__()
        self._problem = problem
        self._empty = empty
        self.edit = QLineEdit()
        self.edit.setAccessibleName(name)
        self.edit.setPlaceholderText(example)
        self.edit.setClearButtonEnabled(True)
        self.edit.textEdited.connect(self._check)
        self.edit.editingFinished.connect(self._on_finished)
        self.trouble = label(wrapped=True, tone=Tone.BAD)
        self.trouble.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.edit)
        layout.addWidget(self.trouble)

    def is_right(self) -> bool:
        """Whether what stands there can be wanted."""
        return not self._problem(self.edit.text().strip())

    def _put(self, value: str) -> None:
        self.edit.setText("" if value == self._empty else value)
        self._say("")

    def _check(self, text: str) -> None:
        self._say(self._problem(text.strip()) if text.strip() else "")

    def _say(self, trouble: str) -> None:
        self.trouble.show_text(trouble)
        self.edit.setAccessibleDescription(trouble)

    def _on_finished(self) -> None:
        value = self.edit.text().strip() or self._empty
        if value != self._shown and self.is_right():
            self._shown = value
            self.wanted.emit(value)


class Order(QWidget):
    """Hosts in an order that the person changes."""

    wanted = Signal(object)
    """Carries the tuple of `Backup`s as it is to be."""

    def __init__(self) -> None:
        super().__init__()
        self._chosen: tuple[Backup, ...] = ()
        self._shown: tuple[Backup, ...] | None = None
        self._possible: tuple[Backup, ...] = ()
        self.list = QListWidget()
        self.list.setAccessibleName(translate("Settings", "Fallback hosts, in their order"))
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._show_buttons)
        self.up = QPushButton(translate("Settings", "Move &up"))
        self.down = QPushButton(translate("Settings", "Move &down"))
        self.remove = QPushButton(translate("Settings", "R&emove"))
        self.more = Combo()
        self.more.setAccessibleName(translate("Settings", "Add a fallback host"))
        self.more.activated.connect(self._on_added)
        self.up.clicked.connect(lambda: self._move(-1))
        self.down.clicked.connect(lambda: self._move(1))
        self.remove.clicked.connect(self._on_removed)
        self._arrange()

    def show_order(self, chosen: tuple[Backup, ...], possible: tuple[Backup, ...]) -> None:
        """Show these hosts, and those that may be added."""
        if chosen != self._shown:
            self._shown = chosen
            self._become(chosen, self.list.currentRow())
        if possible != self._possible or not self.more.count():
            self._possible = possible
            self._show_possible()

    def forget(self) -> None:
        """Take what is on the screen for something else than the daemon's value."""
        self._shown = None

    def _arrange(self) -> None:
        self.list.setSpacing(2)
        line = self.list.fontMetrics().height() + 8
        self.list.setFixedHeight(_ROWS_SHOWN * line)
        buttons = QVBoxLayout()
        buttons.setSpacing(GAP // 2)
        for button in (self.up, self.down, self.remove):
            buttons.addWidget(button)
        buttons.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GAP // 2)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.list, 0, 0)
        grid.addLayout(buttons, 0, 1)
        grid.addWidget(self.more, 1, 0)

    def _become(self, chosen: tuple[Backup, ...], row: int) -> None:
        self._chosen = chosen
        self.list.clear()
        self.list.addItems([f"{number}.  {backup.name}" for number, backup in enumerate(chosen, 1)])
        self.list.setCurrentRow(min(max(row, 0), len(chosen) - 1))
        self._show_buttons()

    def _show_buttons(self) -> None:
        row = self.list.currentRow()
        self.up.setEnabled(row > 0)
        self.down.setEnabled(0 <= row < len(self._chosen) - 1)
        self.remove.setEnabled(row >= 0)

    def _show_possible(self) -> None:
        self.more.clear()
        self.more.addItem(
            translate("Settings", "Add a host…") if self._possible else translate("Settings", "No further hosts")
        )
        for backup in self._possible:
            self.more.addItem(backup.name)
        self.more.setEnabled(bool(self._possible))

    def _want(self, chosen: Sequence[Backup], row: int) -> None:
        self._become(tuple(chosen), row)
        self.wanted.emit(tuple(chosen))

    def _move(self, step: int) -> None:
        row, chosen = self.list.currentRow(), list(self._chosen)
        chosen.insert(row + step, chosen.pop(row))
        self._want(chosen, row + step)

    def _on_removed(self) -> None:
        row = self.list.currentRow()
        self._want([backup for position, backup in enumerate(self._chosen) if position != row], row)

    def _on_added(self, position: int) -> None:
        if position:
            added = self._possible[position - 1]
            self.more.setCurrentIndex(0)
            self._want([*self._chosen, added], len(self._chosen))


class Combo(QComboBox):
    """A list of which one is chosen; the wheel that scrolls the page past it changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the page."""
        event.ignore()


def named(name: str, field: QWidget) -> QWidget:
    """The field with its name before it."""
    made = QWidget()
    layout = QHBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    title = label(name)
    title.setBuddy(field)
    field.setAccessibleName(name)
    layout.addWidget(title, 1)
    layout.addWidget(field)
    return made


def _indent(widget: QWidget) -> int:
    """Where the text of a check box or radio button begins."""
    style = widget.style()
    return style.pixelMetric(QStyle.PixelMetric.PM_ExclusiveIndicatorWidth) + style.pixelMetric(
        QStyle.PixelMetric.PM_RadioButtonLabelSpacing
    )
