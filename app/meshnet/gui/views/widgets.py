"""Small widgets that the views share. All text is plain: names come from other people."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontDatabase, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from meshnet.gui.models import words

GAP = 12
"""Pixels between things that belong to different groups; half of it within a group."""
_ROUND = 8


SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard


def faint(palette: QPalette, strength: float) -> QColor:
    """The text's color, let through by this much."""
    color = palette.color(QPalette.ColorRole.WindowText)
    color.setAlphaF(strength)
    return color


def draw_frame(widget: QWidget, color: QColor | None = None) -> None:
    """A rounded frame around the widget, filled; drawn, because a style sheet would not follow a change to dark."""
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(color or faint(widget.palette(), 0.25))
    painter.setBrush(widget.palette().base())
    painter.drawRoundedRect(QRectF(widget.rect()).adjusted(0.5, 0.5, -0.5, -0.5), _ROUND, _ROUND)
    painter.end()


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
        super().changeEvent(event)
        if self._quiet and event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ParentChange):
            self._soften()

    def _soften(self) -> None:
        # The palette's own PlaceholderText is too faint in some styles, and the same as text in others.
        around = self.parentWidget()
        palette = around.palette() if around else QApplication.palette()
        color = faint(palette, 0.7)
        if self.palette().color(QPalette.ColorRole.WindowText) != color:
            palette.setColor(QPalette.ColorRole.WindowText, color)
            self.setPalette(palette)


def label(wrapped: bool = False, selectable: bool = False, quiet: bool = False, scale: float = 1.0) -> Label:
    """A label that may take several lines, or be selected with mouse and keyboard."""
    made = Label(quiet, scale)
    made.setWordWrap(wrapped)
    if selectable:
        made.setTextInteractionFlags(SELECTABLE)
    return made


class FramedLabel(Label):
    """A label in a rounded frame of its own."""

    def __init__(self, text: str, fixed_font: bool = False) -> None:
        super().__init__()
        self.setText(text)
        self.setContentsMargins(10, 4, 10, 4)
        if fixed_font:
            self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
            self.setTextInteractionFlags(SELECTABLE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame, then the text."""
        draw_frame(self)
        super().paintEvent(event)


class Card(QFrame):
    """A rounded frame around things that belong together."""

    def paintEvent(self, _: QPaintEvent) -> None:
        """Draw the frame."""
        draw_frame(self)


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
        self._color = QColor(color)
        self._text = label(wrapped=True, selectable=True)
        close = QToolButton()
        close.setText("✕")
        close.setAutoRaise(True)
        close.setAccessibleName("Dismiss")
        close.setVisible(dismissable)
        close.clicked.connect(self.dismissed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP + GAP // 2, GAP // 2, GAP // 2, GAP // 2)
        layout.addWidget(self._text, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Draw the frame, and a stripe in its color."""
        draw_frame(self, self._color)
        painter = QPainter(self)
        painter.fillRect(7, 7, 3, self.height() - 14, self._color)
        painter.end()

    def show_text(self, text: str) -> None:
        """Say this, or nothing."""
        self._text.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))
