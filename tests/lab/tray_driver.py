"""The tray alone, as on a desktop where D-Bus is the only way to a panel; says when its icon is there."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QApplication

from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.panel import Panel
from meshnet.gui.views.tray import Tray


class OnlyDBus(Panel):
    """A desktop without X11's tray, whatever platform Qt runs on."""

    def must_be_awaited(self) -> bool:
        """Until there is a panel over D-Bus."""
        return not self.is_on_dbus()


def main() -> int:
    """Run until the desktop ends it."""
    app = QApplication(sys.argv[:1])
    app.setQuitOnLastWindowClosed(False)
    tray = Tray(panel=OnlyDBus())
    tray.show(Snapshot())
    tray.appeared.connect(lambda: print("appeared", flush=True))
    tray.start()
    print("waiting", flush=True)
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
