"""The tab of this device: its name and addresses, whom it hosts, and the ways to settings, doctor and out of the mesh.

Law: it shows and tells of wishes. The one thing it keeps is a name that is being typed.
"""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from meshnet.gui.models import hosting, names
from meshnet.gui.models.hosting import Fact
from meshnet.gui.models.language import translate
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.views.hosting import HostingCard
from meshnet.gui.views.marks import CopyMark
from meshnet.gui.views.widgets import GAP, Card, ElidedLabel, Label, OneClickButton, label, scrolled


class ThisDevice(QWidget):
    """Shows what the snapshot tells of this device; scrolls where there is not room for all."""

    renamed = Signal(str)
    set_wanted = Signal(str, str)
    client_stopped = Signal(str, bool)
    granted = Signal(str, str, bool)
    settings_wanted = Signal()
    doctor_wanted = Signal()
    leave_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.name = NameField()
        self.facts = Facts()
        self.hosting = HostingCard()
        self.settings = OneClickButton(translate("ThisDevice", "S&ettings…"))
        self.doctor = OneClickButton(translate("ThisDevice", "Look for &problems…"))
        self.leave = OneClickButton(translate("ThisDevice", "Lea&ve the mesh…"))
        self._stations: tuple[QWidget, ...] = ()
        self._arrange()
        self._connect()

    def show_mesh(self, mesh: Snapshot) -> None:
        """Show this snapshot."""
        self.name.show_name(hosting.name(mesh.status))
        self.facts.show_facts(hosting.facts(mesh))
        self.hosting.show_hosting(hosting.hosting(mesh))
        self.settings.setVisible(bool(mesh.settings))
        self._order()

    def _order(self) -> None:
        # Qt puts what was made last at the end, wherever it stands.
        stations = (
            *self.name.stations(),
            *self.facts.stations(),
            *self.hosting.stations(),
            self.settings,
            self.doctor,
            self.leave,
        )
        if stations != self._stations:
            self._stations = stations
            for before, after in pairwise(stations):
                QWidget.setTabOrder(before, after)

    def _connect(self) -> None:
        self.name.renamed.connect(self.renamed)
        self.hosting.set_wanted.connect(self.set_wanted)
        self.hosting.client_stopped.connect(self.client_stopped)
        self.hosting.granted.connect(self.granted)
        self.settings.clicked.connect(self.settings_wanted)
        self.doctor.clicked.connect(self.doctor_wanted)
        self.leave.clicked.connect(self.leave_wanted)

    def _arrange(self) -> None:
        about = Card()
        card = QVBoxLayout(about)
        card.setContentsMargins(GAP + 4, GAP, GAP + 4, GAP)
        card.addWidget(self.name)
        card.addWidget(self.facts)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP // 2)
        buttons.addWidget(self.settings)
        buttons.addWidget(self.doctor)
        buttons.addStretch(1)
        buttons.addWidget(self.leave)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, GAP, 0, GAP)
        column.setSpacing(GAP)
        column.addWidget(about)
        column.addWidget(self.hosting)
        column.addLayout(buttons)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolled(content))


class NameField(QWidget):
    """The name of this device, and the line in which it is changed."""

    renamed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.name = ElidedLabel(scale=1.35)
        self.rename = OneClickButton(translate("ThisDevice", "Rena&me…"))
        self.line = QLineEdit()
        self.line.setMaxLength(names.MOST)
        self.line.setAccessibleName(translate("ThisDevice", "New name of this device"))
        self.save = OneClickButton(translate("ThisDevice", "Save"))
        self.cancel = OneClickButton(translate("ThisDevice", "Cancel"))
        self._pages = QStackedLayout(self)
        self._pages.addWidget(_row(self.name, self.rename))
        self._pages.addWidget(_row(self.line, self.save, self.cancel))
        self._connect()

    def show_name(self, name: str) -> None:
        """Show this name; what is being typed stays."""
        self.name.setText(name)
        self.name.setAccessibleName(translate("ThisDevice", "Name of this device: {name}").format(name=name))

    def stations(self) -> tuple[QWidget, ...]:
        """Where the keyboard stops."""
        return self.rename, self.line, self.save, self.cancel

    def _connect(self) -> None:
        self.rename.clicked.connect(self._begin)
        self.save.clicked.connect(self._finish)
        self.line.returnPressed.connect(self._finish)
        self.line.textChanged.connect(lambda text: self.save.setEnabled(names.is_name(text)))
        self.cancel.clicked.connect(self._end)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self.line)
        escape.setContext(Qt.ShortcutContext.WidgetShortcut)
        escape.activated.connect(self._end)

    def _begin(self) -> None:
        self.line.setText(self.name.text())
        self._pages.setCurrentIndex(1)
        self.line.selectAll()
        self.line.setFocus()

    def _finish(self) -> None:
        wanted = self.line.text().strip()
        if not names.is_name(wanted):
            return
        self._end()
        if wanted != self.name.text():
            self.renamed.emit(wanted)

    def _end(self) -> None:
        self._pages.setCurrentIndex(0)
        self.rename.setFocus()


class Facts(QWidget):
    """Titles and texts in two columns; each text can be selected, and some copied."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GAP)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 1)
        self._lines: dict[str, tuple[Label, Label, CopyMark]] = {}

    def show_facts(self, facts: tuple[Fact, ...]) -> None:
        """Show these."""
        for fact in facts:
            title, text, copy = self._lines.get(fact.key) or self._make(fact.key)
            title.setText(fact.title)
            title.setVisible(bool(fact.text))
            text.show_text(fact.text)
            text.setAccessibleName(f"{fact.title}: {fact.text}")
            copy.show_text(fact.title, fact.copied)

    def text(self, key: str) -> str:
        """What is shown of this fact; empty for nothing."""
        line = self._lines.get(key)
        return line[1].text() if line and not line[1].isHidden() else ""

    def stations(self) -> tuple[QWidget, ...]:
        """Where the keyboard stops."""
        return tuple(copy for _, _, copy in self._lines.values())

    def copy_mark(self, key: str) -> CopyMark:
        """The button that copies this fact."""
        return self._lines[key][2]

    def _make(self, key: str) -> tuple[Label, Label, CopyMark]:
        line = label(quiet=True), label(wrapped=True, selectable=True), CopyMark()
        # Lines with a button and without are equally far apart.
        line[1].setMinimumHeight(line[2].height())
        row = len(self._lines)
        for column, part in enumerate(line):
            self._grid.addWidget(part, row, column, Qt.AlignmentFlag.AlignTop)
        self._lines[key] = line
        return line


def _row(*widgets: QWidget) -> QWidget:
    made = QWidget()
    layout = QHBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GAP // 2)
    for at, widget in enumerate(widgets):
        layout.addWidget(widget, 0 if at else 1)
    return made
