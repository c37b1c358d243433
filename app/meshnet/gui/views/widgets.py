"""Small widgets that the views share. All text is plain: names come from other people."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from meshnet.gui.models import words
from meshnet.gui.models.language import translate
from meshnet.gui.views import theme

GAP = 12
"""Pixels between things that belong to different groups; half of it within a group."""
_ROUND = 8
_COPIED_FOR = 2000
"""Milliseconds for which a button says that it has copied."""


def faint(palette: QPalette, strength: float) -> QColor:
    """The text's color, let through by this much."""
    color = palette.color(QPalette.ColorRole.WindowText)
    color.setAlphaF(strength)
    return color


def draw_frame(widget: QWidget, color: QColor | None = None) -> None:
    """A rounded frame around the widget, filled; drawn, because its color says the state of what is in it."""
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(color or faint(widget.palette(), 0.25))
    painter.setBrush(widget.palette().base())
    painter.drawRoundedRect(QRectF(widget.rect()).adjusted(0.5, 0.5, -0.5, -0.5), _ROUND, _ROUND)
    painter.end()


class Label(QLabel):
    """A label of plain text; `quiet` for what is secondary, or in a tone; `scale` of the system's own font size."""

    def __init__(self, quiet: bool = False, scale: float = 1.0, tone: theme.Tone | None = None) -> None:
        super().__init__()
        self._quiet = quiet
        self._tone = tone
        self.setTextFormat(Qt.TextFormat.PlainText)
        # The dots of Ä and É stand higher than some fonts say of themselves, and would be cut off.
        self.setContentsMargins(0, 1, 0, 1)
        self._dress()
        if scale != 1.0:
            font = self.font()
            font.setPointSizeF(font.pointSizeF() * scale)
            font.setBold(True)
            self.setFont(font)

    def show_text(self, text: str, tone: theme.Tone | None = None) -> None:
        """Say this, in this tone from now on, or be hidden while there is nothing to say."""
        self._tone = tone or self._tone
        self._dress()
        self.setText(text)
        self.setVisible(bool(text))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the desktop when it turns dark or light."""
        super().changeEvent(event)
        # Under a style sheet, another palette of the app comes as another style.
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._dress()

    def _dress(self) -> None:
        if not self._quiet and self._tone is None:
            return
        palette = QApplication.palette()
        # The palette's own PlaceholderText is too faint in some styles, and the same as text in others.
        color = theme.color(self._tone) if self._tone else faint(palette, 0.7)
        if self.palette().color(QPalette.ColorRole.WindowText) != color:
            palette.setColor(QPalette.ColorRole.WindowText, color)
            self.setPalette(palette)


def label(
    text: str = "",
    *,
    wrapped: bool = False,
    selectable: bool = False,
    quiet: bool = False,
    scale: float = 1.0,
    tone: theme.Tone | None = None,
) -> Label:
    """A label that may take several lines, or be selected with mouse and keyboard."""
    made = Label(quiet, scale, tone)
    made.setText(text)
    made.setWordWrap(wrapped)
    if selectable:
        made.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
    return made


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
        room = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter = QPainter(self)
        self.style().drawItemText(
            painter, room, int(self.alignment()), self.palette(), self.isEnabled(), text, self.foregroundRole()
        )
        painter.end()


class OneClickButton(QPushButton):
    """A button for which a double click is one click: its second half must not hit what the first has brought.

    Enter presses it, as the space bar does: outside of dialogs, Qt leaves that to buttons that are told so.
    """

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Be pressed by Enter, once however long it is held."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            self.click()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Do nothing."""
        event.accept()


class Copier(QTimer):
    """Puts `text` on the clipboard when the button is clicked, and runs for as long as the button is to say so."""

    def __init__(self, button: QAbstractButton) -> None:
        super().__init__(button)
        self.text = ""
        self.setSingleShot(True)
        self.setInterval(_COPIED_FOR)
        button.clicked.connect(self._copy)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text)
        self.start()


class Busy(QProgressBar):
    """A thin bar: something is being done, nobody knows for how long."""

    def __init__(self) -> None:
        super().__init__()
        self.setRange(0, 0)
        self.setTextVisible(False)
        self.setFixedHeight(GAP // 3)
        self.hide()


def scrolled(content: QWidget) -> QScrollArea:
    """The content, which scrolls up and down where there is not room for all of it."""
    made = QScrollArea()
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.setWidgetResizable(True)
    # The content follows what has the focus in it; the area needs none of its own.
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.setWidget(content)
    return made


class Bar(QFrame):
    """A line of text across the window that asks for attention; hidden while there is nothing to say."""

    dismissed = Signal()

    def __init__(self, name: str, tone: theme.Tone, dismissable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._tone = tone
        self._text = label(wrapped=True, selectable=True)
        close = QToolButton()
        close.setText("✕")
        close.setAutoRaise(True)
        close.setAccessibleName(translate("Window", "Dismiss"))
        if not dismissable:
            close.hide()
        close.clicked.connect(self.dismissed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP + GAP // 2, GAP // 2, GAP // 2, GAP // 2)
        layout.addWidget(self._text, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Draw the frame, and a stripe in its color."""
        color = theme.color(self._tone)
        draw_frame(self, color)
        painter = QPainter(self)
        painter.fillRect(7, 7, 3, self.height() - 14, color)
        painter.end()

    def show_text(self, text: str) -> None:
        """Say this, or nothing."""
        self._text.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))
