"""What pages to fill in are made of: a field with its complaint, a line to copy, the one button in the accent."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from meshnet.gui.models.language import translate
from meshnet.gui.views.theme import Tone
from meshnet.gui.views.widgets import GAP, Copier, OneClickButton, draw_frame, label


def make_tall(widget: QWidget) -> None:
    """Room above and below its text."""
    widget.setMinimumHeight(2 * widget.fontMetrics().height())


class PlainButton(OneClickButton):
    """A button as tall as a field."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setAutoDefault(False)
        make_tall(self)


class AccentButton(PlainButton):
    """The button that does what the page is for; in a dialog, Enter presses it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setDefault(True)
        self.setProperty("accent", True)

    def sizeHint(self) -> QSize:
        """Somewhat wider than its text."""
        return super().sizeHint() + QSize(2 * GAP, 0)


class Field(QWidget):
    """A line to fill in, below what it is called and above what is wrong with it; `beside` stands next to the line."""

    edited = Signal()

    def __init__(self, name: str, *beside: QWidget) -> None:
        super().__init__()
        self.called = label(name)
        self.line = QLineEdit()
        make_tall(self.line)
        self.called.setBuddy(self.line)
        self.line.setAccessibleName(name.replace("&", ""))
        self.complaint = label(wrapped=True, tone=Tone.BAD)
        self.complaint.hide()
        self.line.textChanged.connect(self.edited)
        row = QHBoxLayout()
        row.setSpacing(GAP // 2)
        row.addWidget(self.line, 1)
        for widget in beside:
            row.addWidget(widget)
        column = _column(self)
        column.addWidget(self.called)
        column.addLayout(row)
        column.addWidget(self.complaint)

    @property
    def text(self) -> str:
        """What was filled in, without space around it."""
        return self.line.text().strip()

    def complain(self, text: str) -> None:
        """Say what is wrong with it, or that nothing is."""
        self.complaint.show_text(text)
        self.line.setAccessibleDescription(text)


class CopyField(QWidget):
    """A line that is to be taken elsewhere, with a button that copies it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.line = QLineEdit()
        self.line.setReadOnly(True)
        make_tall(self.line)
        self.line.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.line.setAccessibleName(name)
        self.button = CopyButton()
        make_tall(self.button)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP // 2)
        row.addWidget(self.line, 1)
        row.addWidget(self.button)

    def show_text(self, text: str) -> None:
        """Show this line, from its beginning."""
        self.line.setText(text)
        self.line.setCursorPosition(0)
        self.button.show_text(text)


class CopyButton(OneClickButton):
    """ "Copy", and for a moment "Copied", of one width."""

    def __init__(self) -> None:
        super().__init__(translate("Form", "Copied"))
        self.setAutoDefault(False)
        self._copier = Copier(self)
        for signal in (self.clicked, self._copier.timeout):
            signal.connect(self._say)
        copied = self.sizeHint().width()
        self._say()
        self.setMinimumWidth(max(copied, self.sizeHint().width()))

    def show_text(self, text: str) -> None:
        """Copy this from now on."""
        self._copier.text = text
        self._copier.stop()
        self._say()

    def _say(self) -> None:
        self.setText(translate("Form", "Copied") if self._copier.isActive() else translate("Form", "Cop&y"))


class ChoiceCard(OneClickButton):
    """A card that is one large button: what it does, and a sentence about it."""

    def __init__(self, title: str, sentence: str) -> None:
        super().__init__()
        self.setAccessibleName(title)
        self.setAccessibleDescription(sentence)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._arrange(title, sentence)

    def sizeHint(self) -> QSize:
        """As tall as its texts are at the width it has."""
        layout = self.layout()
        if layout is None or not self.width():
            return super().sizeHint()
        return QSize(layout.sizeHint().width(), layout.totalHeightForWidth(self.width()))

    def hasHeightForWidth(self) -> bool:
        """Its sentence wraps."""
        return True

    def heightForWidth(self, width: int) -> int:
        """As tall as its texts are."""
        layout = self.layout()
        return layout.totalHeightForWidth(width) if layout else -1

    def paintEvent(self, _: QPaintEvent) -> None:
        """Draw the frame, in the accent where a click or a key would press it."""
        is_chosen = self.isEnabled() and (self.underMouse() or self.hasFocus())
        draw_frame(self, QGuiApplication.palette().color(QPalette.ColorRole.Accent) if is_chosen else None)

    def _arrange(self, title: str, sentence: str) -> None:
        name, about, arrow = label(scale=1.2), label(wrapped=True, quiet=True), label(quiet=True, scale=1.6)
        name.setText(title)
        about.setText(sentence)
        arrow.setText("›")
        texts = QVBoxLayout()
        texts.setSpacing(GAP // 3)
        texts.addWidget(name)
        texts.addWidget(about)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP + GAP // 2, GAP + GAP // 3, GAP + GAP // 2, GAP + GAP // 3)
        row.setSpacing(GAP)
        row.addLayout(texts, 1)
        row.addWidget(arrow)
        for part in (name, about, arrow):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            part.setForegroundRole(QPalette.ColorRole.WindowText)


def _column(widget: QWidget) -> QVBoxLayout:
    made = QVBoxLayout(widget)
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(GAP // 3)
    return made
