"""The doctor: what on this system keeps hosting or routing from working, and how to cure it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from meshnet.gui.models import findings
from meshnet.gui.models.language import translate
from meshnet.gui.views.form import CopyButton
from meshnet.gui.views.marks import Sign
from meshnet.gui.views.theme import Tone
from meshnet.gui.views.widgets import GAP, Busy, Card, label, scrolled
from meshnet.protocol import local

_WIDTH, _HEIGHT = 600, 520


class DoctorDialog(QDialog):
    """Shows what was found, and says when the person wants another look."""

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("doctorDialog")
        self.setWindowTitle(translate("Doctor", "Doctor"))
        self.sign = Sign()
        self.summary = label(wrapped=True, scale=1.3)
        self.detail = label(wrapped=True, quiet=True)
        self.progress = Busy()
        self.progress.setAccessibleName(translate("Doctor", "Looking at this system"))
        self.again = QPushButton(translate("Doctor", "&Look again"))
        self.again.clicked.connect(self.wanted)
        self._list = scrolled(QWidget())
        self._arrange()

    def show_busy(self) -> None:
        """Say that the daemon is looking; what it found last stays until it has."""
        self.again.setEnabled(False)
        self.progress.show()
        if not self.summary.text():
            self._head(None, translate("Doctor", "Looking at this system…"), "")

    def show_findings(self, found: local.Findings) -> None:
        """Show what was found, and how to cure it."""
        items = findings.items(found)
        well = translate("Doctor", "Nothing on this system is in the way of routing or hosting.")
        tone = Tone.BAD if any(item.is_error for item in items) else Tone.BUSY if items else Tone.GOOD
        self._done(tone, findings.summary(found), "" if items else well)
        nat = findings.nat_sentence(found.nat)
        self._show_cards([*map(FindingCard, items), *([_nat_card(nat)] if nat else [])])

    def show_failure(self, message: str, cure: str) -> None:
        """Say why nothing was found."""
        self._done(Tone.BAD, message, cure)
        self._show_cards([])

    def _done(self, tone: Tone, summary: str, detail: str) -> None:
        self.again.setEnabled(True)
        self.progress.hide()
        self._head(tone, summary, detail)

    def _head(self, tone: Tone | None, summary: str, detail: str) -> None:
        self.sign.show_tone(tone)
        self.summary.setText(summary)
        self.detail.show_text(detail)

    def _show_cards(self, cards: list[Card]) -> None:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, GAP // 2, 0)
        layout.setSpacing(GAP)
        for card in cards:
            layout.addWidget(card)
        layout.addStretch(1)
        self._list.setWidget(inside)

    def _arrange(self) -> None:
        close = QPushButton(translate("Doctor", "&Close"))
        close.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addWidget(self.again)
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP + 4, GAP + 4, GAP + 4, GAP + 4)
        layout.setSpacing(GAP)
        layout.addLayout(self._head_layout())
        layout.addWidget(self.progress)
        layout.addWidget(self._list, 1)
        layout.addLayout(buttons)
        self.resize(_WIDTH, _HEIGHT)

    def _head_layout(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.sign, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.summary, 0, 1)
        grid.addWidget(self.detail, 1, 1)
        return grid


class FindingCard(Card):
    """One finding: what is wrong, what to do, and what to type for it."""

    def __init__(self, item: findings.Item) -> None:
        super().__init__()
        self.setAccessibleName(item.kind)
        self.setAccessibleDescription(item.message)
        sign = Sign(large=False)
        sign.show_tone(Tone.BAD if item.is_error else Tone.BUSY)
        sign.setAccessibleName(item.kind)
        message = label(item.message, wrapped=True, selectable=True)
        cure = label(item.cure, wrapped=True, selectable=True, quiet=True)
        cure.setVisible(bool(item.cure))
        grid = QGridLayout(self)
        grid.setContentsMargins(GAP, GAP, GAP, GAP)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(GAP // 2)
        grid.setColumnStretch(1, 1)
        grid.addWidget(sign, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(message, 0, 1, 1, 2)
        grid.addWidget(cure, 1, 1, 1, 2)
        for row, command in enumerate(item.commands, 2):
            grid.addWidget(_command(command), row, 1)
            grid.addWidget(_copy(command), row, 2, Qt.AlignmentFlag.AlignTop)


def _nat_card(sentence: str) -> Card:
    made = Card()
    layout = QVBoxLayout(made)
    layout.setContentsMargins(GAP, GAP, GAP, GAP)
    layout.setSpacing(GAP // 2)
    layout.addWidget(label(translate("Doctor", "How this device meets others"), wrapped=True, scale=1.1))
    layout.addWidget(label(sentence, wrapped=True, selectable=True, quiet=True))
    return made


def _command(text: str) -> QWidget:
    made = Card()
    command = label(text, wrapped=True, selectable=True)
    command.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    command.setAccessibleName(text)
    around = QVBoxLayout(made)
    around.setContentsMargins(10, 4, 10, 4)
    around.addWidget(command)
    return made


def _copy(command: str) -> QWidget:
    made = CopyButton()
    made.show_text(command)
    made.setAccessibleName(translate("Doctor", "Copy “{command}”").format(command=command))
    return made
