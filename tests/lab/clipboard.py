"""The clipboard of a desktop: prints what is on it, or puts a text there and holds it until it is ended.

`python -m lab.clipboard [TEXT]`. X has no clipboard of its own: whoever copied something hands it over when asked.
"""

from __future__ import annotations

import sys

from PySide6.QtGui import QGuiApplication


def main() -> int:
    """Print it and end, or hold the text."""
    app = QGuiApplication(sys.argv[:1])
    clipboard = QGuiApplication.clipboard()
    if len(sys.argv) == 1:
        print(clipboard.text())
        return 0
    clipboard.setText(sys.argv[1])
    print("ready", flush=True)
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
