"""The shapes of buttons, tabs, fields and scroll bars: flat and rounded, in the colors of a palette.

A style sheet is of fixed colors, so the theme makes it anew whenever the palette changes (Qt Style Sheets Reference).
"""

from __future__ import annotations

from importlib import resources
from string import Template

from PySide6.QtGui import QColor, QPalette

_SHEET = Template("""
QPushButton {
    border: 1px solid $line; border-radius: 6px; padding: 5px 14px; background: $button; color: $text;
}
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $pressed; }
QPushButton:focus { border: 1px solid $accent; }
QPushButton:disabled { color: $faint; background: transparent; }
QPushButton[accent="true"] { background: $filling; color: $accentText; border-color: $filling; }
QPushButton[accent="true"]:hover, QPushButton[accent="true"]:pressed { background: $fillingHover; }
QPushButton[accent="true"]:focus { border: 2px solid $text; padding: 4px 13px; }
QPushButton[accent="true"]:disabled { background: transparent; color: $faint; border-color: $line; }
QLineEdit, QComboBox, QPlainTextEdit, QListWidget {
    border: 1px solid $line; border-radius: 6px; padding: 4px 8px; background: $base; color: $text;
    selection-background-color: $accent; selection-color: $accentText;
}
QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus, QListWidget:focus { border: 1px solid $accent; }
QLineEdit:read-only { background: $button; }
QLineEdit:disabled, QComboBox:disabled { color: $faint; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url("$down"); width: 16px; height: 16px; }
QComboBox QAbstractItemView { background: $base; color: $text; border: 1px solid $line; }
QTabWidget::pane { border: none; border-top: 1px solid $line; }
QTabBar { qproperty-drawBase: 0; }
QTabBar::tab {
    background: transparent; color: $quiet; padding: 7px 12px; margin-right: 4px; border: none;
    border-bottom: 2px solid transparent;
}
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:focus { background: $hover; border-top-left-radius: 6px; border-top-right-radius: 6px; }
QCheckBox, QRadioButton { color: $text; spacing: 7px; padding: 1px; }
QCheckBox:disabled, QRadioButton:disabled { color: $faint; }
QCheckBox:focus, QRadioButton:focus { border: 1px dotted $quiet; border-radius: 3px; }
QCheckBox::indicator, QRadioButton::indicator {
    width: 14px; height: 14px; border: 1px solid $edge; background: $base;
}
QCheckBox::indicator { border-radius: 4px; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover { border-color: $accent; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url("$tick"); }
QRadioButton::indicator:checked { border: 5px solid $accent; width: 6px; height: 6px; background: $base; }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: $line; }
QCheckBox::indicator:checked:disabled { background: $faint; border-color: transparent; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar::handle:vertical { background: $line; border-radius: 4px; min-height: 32px; margin: 2px; }
QScrollBar::handle:vertical:hover { background: $edge; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; width: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QMenu { background: $base; color: $text; border: 1px solid $line; }
QMenu::item { padding: 4px 24px 4px 10px; }
QMenu::item:selected { background: $hover; }
QMenu::item:disabled { color: $faint; background: transparent; }
QMenu::separator { height: 1px; background: $line; margin: 3px 8px; }
QMenu::indicator { width: 13px; height: 13px; border: 1px solid $edge; border-radius: 4px; margin-left: 8px; }
QMenu::indicator:checked { background: $accent; border-color: $accent; image: url("$tick"); }
QMenu::indicator:disabled { border-color: $line; }
QMenu::indicator:checked:disabled { background: $faint; border-color: transparent; }
QToolTip { background: $tip; color: $tipText; border: 1px solid $line; padding: 4px; }
""")


def sheet(palette: QPalette) -> str:
    """The style sheet of the app in these colors."""

    def of(role: QPalette.ColorRole, strength: float = 1.0) -> str:
        color = QColor(palette.color(role))
        return f"rgba({color.red()}, {color.green()}, {color.blue()}, {strength})"

    roles = QPalette.ColorRole
    accent = palette.color(roles.Accent)
    # White letters need a darker green than what stands out from a dark window.
    filling = accent.darker(122 if palette.color(roles.Window).lightness() < 128 else 100)
    return _SHEET.substitute(
        text=of(roles.WindowText),
        quiet=of(roles.WindowText, 0.7),
        faint=of(roles.WindowText, 0.45),
        edge=of(roles.WindowText, 0.5),
        line=of(roles.WindowText, 0.22),
        base=of(roles.Base),
        button=of(roles.Button),
        hover=of(roles.WindowText, 0.1),
        pressed=of(roles.WindowText, 0.18),
        accent=accent.name(),
        filling=filling.name(),
        fillingHover=filling.darker(115).name(),
        accentText=of(roles.HighlightedText),
        tip=of(roles.ToolTipBase),
        tipText=of(roles.ToolTipText),
        tick=_icon("tick"),
        down=_icon("down"),
    )


def _icon(name: str) -> str:
    # Qt reads it whenever it draws, and wants slashes on every system.
    return str(resources.files("meshnet_resources") / "icons" / f"{name}.svg").replace("\\", "/")
