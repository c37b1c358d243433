"""The person's language, for sentences: every text that tray and window show is asked for here.

Law: a text stands as `translate("Context", "Text with {places}")`, in literals, which is how Qt's lupdate finds it;
what is put into its places comes afterwards, with `.format`. Contexts are the names of the modules, as people say them.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def translate(context: str, text: str, remark: str | None = None) -> str:
    """The text in the language that is installed; English where there is none. `remark` tells equal texts apart."""
    return QCoreApplication.translate(context, text, remark)
