"""The name of a device, as a person types it: whether it may be one, and what to begin with."""

from __future__ import annotations

from PySide6.QtCore import QSysInfo

from meshnet.core.identity import clean_name
from meshnet.errors import Code, MeshnetError, Refusal
from meshnet.gui.models import reasons

MOST = 63
"""Letters; no field takes more."""


def is_name(text: str) -> bool:
    """Whether a device may be called that."""
    return bool(text.strip()) and not complaint(text)


def complaint(text: str) -> str:
    """What is wrong with a name; empty for a good one, and for none."""
    if not text.strip():
        return ""
    try:
        clean_name(text)
    except Refusal:
        return reasons.explain(MeshnetError(Code.INVALID_NAME))[0]
    return ""


def own() -> str:
    """What this computer is called, without its domain; empty where that would be no name."""
    name = QSysInfo.machineHostName().split(".")[0]
    return name if is_name(name) else ""
