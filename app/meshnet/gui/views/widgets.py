"""Small widgets that the views share. All text is plain: names come from other people."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFontDatabase, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from meshnet.gui.models import words

GAP = 12
"""Pixels between things that belong to different groups; half of it within a group."""


class Label(QLabel):
    """A label of plain text; `quiet` for what is secondary, `scale` of the system's own font size."""

    def __init__(self, quiet: bool = False, scale: float = 1.0) -> None:
        super().__init__()
        self._quiet = quiet
        self.setTextFormat(Qt.TextFormat.PlainText)
        if quiet:
            self._soften()
        if scale != 1.0:
            font = self.font()
            font.setPointSizeF(font.pointSizeF() * scale)
            font.setBold(True)
            self.setFont(font)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the desktop when it turns dark or light."""
        if self._quiet and event.type() == QEvent.Type.ApplicationPaletteChange:
            self._soften()
        super().changeEvent(event)

    def _soften(self) -> None:
        # The palette's own PlaceholderText is too faint in some styles, and the same as text in others.
        palette = QApplication.palette(self)
        color = palette.color(palette.ColorRole.WindowText)
        color.setAlphaF(0.7)
        palette.setColor(palette.ColorRole.WindowText, color)
        self.setPalette(palette)


def label(wrapped: bool = False, selectable: bool = False, quiet: bool = False, scale: float = 1.0) -> Label:
    """A label that may take several lines, or be selected with mouse and keyboard."""
    made = Label(quiet, scale)
    made.setWordWrap(wrapped)
    if selectable:
        made.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
    return made


def command(words_to_type: str) -> Label:
    """A line to be typed in a terminal, set as such."""
    made = label(selectable=True)
    made.setText(words_to_type)
    made.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    made.setObjectName("command")
    made.setStyleSheet(
        "#command { background: palette(base); border: 1px solid palette(mid); border-radius: 5px; padding: 6px 10px; }"
    )
    return made


class ElidedLabel(Label):
    """One line that ends in … where there is no room, and then tells the rest in a tooltip."""

    def __init__(self, quiet: bool = False, scale: float = 1.0) -> None:
        super().__init__(quiet, scale)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:
        """Show the text; the tooltip cannot take it for HTML."""
        super().setText(text)
        self.setToolTip(words.unmarked(text))

    def minimumSizeHint(self) -> QSize:
        """Room for one letter."""
        return QSize(self.fontMetrics().averageCharWidth(), super().minimumSizeHint().height())

    def paintEvent(self, _: QPaintEvent) -> None:
        """Draw what fits."""
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter = QPainter(self)
        self.style().drawItemText(
            painter, self.rect(), int(self.alignment()), self.palette(), self.isEnabled(), text, self.foregroundRole()
        )
        painter.end()


class OneClickButton(QPushButton):
    """A button for which a double click is one click: its second half must not hit what the first has brought."""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Do nothing."""
        event.accept()


class Bar(QFrame):
    """A line of text across the window that asks for attention; hidden while there is nothing to say."""

    dismissed = Signal()

    def __init__(self, name: str, color: str, dismissable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setStyleSheet(
            f"QFrame#{name} {{ border: 1px solid {color}; border-left: 5px solid {color}; border-radius: 5px; }}"
        )
        self._text = label(wrapped=True, selectable=True)
        close = QToolButton()
        close.setText("✕")
        close.setAutoRaise(True)
        close.setAccessibleName("Dismiss")
        close.setVisible(dismissable)
        close.clicked.connect(self.dismissed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP, GAP // 2, GAP // 2, GAP // 2)
        layout.addWidget(self._text, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_text(self, text: str) -> None:
        """Say this, or nothing."""
        self._text.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))
