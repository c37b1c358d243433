"""The Windows backend, which cannot serve yet and says so."""

from __future__ import annotations

from meshnet_platform.unbuilt import UnbuiltBackend


class WindowsBackend(UnbuiltBackend):
    """Says why it cannot serve."""

    def __init__(self) -> None:
        super().__init__("windows", "Windows")
