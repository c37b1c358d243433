"""The least that a tray program in Python and Qt can be: an icon, and a menu with so many lines.

Run by itself; imports nothing but Qt, for it is what the app is measured beside.
"""

import sys

from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon


def main() -> int:
    """Run until ended."""
    app = QApplication(sys.argv[:1])
    app.setQuitOnLastWindowClosed(False)
    pixmap = QPixmap(64, 64)
    pixmap.fill(QColor("#1b8a52"))
    menu = QMenu()
    for number in range(int(sys.argv[1])):
        menu.addAction(f"Line {number}")
    icon = QSystemTrayIcon(QIcon(pixmap))
    icon.setContextMenu(menu)
    icon.show()
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
