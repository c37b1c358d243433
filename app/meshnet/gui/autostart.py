"""Whether the app starts with the person's session, each system in its own way.

Linux: the XDG Autostart specification. Windows: the `Run` key of the person's registry. macOS: a launch agent.
Beside QSettings this is the only thing that the app writes.
"""

from __future__ import annotations

import os
import plistlib
import shutil
import sys
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QSettings, QStandardPaths

from meshnet.errors import Code, MeshnetError
from meshnet.gui.models.language import translate

_PROGRAM = "meshnet-gui"
_RUN = r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Run"
_LABEL = "meshnet.gui"
_ENTRY = """[Desktop Entry]
Type=Application
Name=Meshnet
Comment=Route your traffic through your own devices
Icon=meshnet
TryExec={tried}
Exec={started}
Terminal=false
"""
_HIDDEN = "[Desktop Entry]\nType=Application\nName=Meshnet\nHidden=true\n"


class Entry(Protocol):
    """The place where a system keeps what it starts."""

    def is_on(self) -> bool:
        """Whether the app is started."""
        ...

    def set(self, program: Path | None) -> None:
        """Have this program started, or (None) nothing; OSError where that cannot be written."""
        ...


def is_supported() -> bool:
    """Whether there is a program that a session could start."""
    return _program() is not None and _entry() is not None


def is_on() -> bool:
    """Whether the app starts with the session."""
    entry = _entry()
    return entry is not None and entry.is_on()


def set_on(wanted: bool) -> None:
    """Start with the session, or not; MeshnetError where the system refuses."""
    entry, program = _entry(), _program()
    if entry is None or (wanted and program is None):
        raise MeshnetError(Code.NOT_SUPPORTED)
    try:
        entry.set(program if wanted else None)
    except OSError as error:
        text = translate("Settings", "Starting with the session could not be changed: {reason}.")
        raise MeshnetError(Code.SYSTEM_ERROR, text.format(reason=error.strerror or error)) from error


class DesktopEntry:
    """A file that desktops read; the person's own one hides that of the system."""

    def __init__(self, own: Path, others: tuple[Path, ...] = ()) -> None:
        self._own = own
        self._others = others

    def is_on(self) -> bool:
        """Whether the first file there is lets itself be started."""
        first = next((file for file in (self._own, *self._others) if file.is_file()), None)
        return first is not None and not _is_hidden(first)

    def set(self, program: Path | None) -> None:
        """Write the person's own file, or take it away; where the system has one too, it must be there to hide that."""
        if program is not None:
            _write(self._own, _ENTRY.format(tried=_escaped(str(program)), started=_quoted(program)).encode())
        elif any(file.is_file() for file in self._others):
            _write(self._own, _HIDDEN.encode())
        else:
            self._own.unlink(missing_ok=True)


class RunKey:
    """A value in the registry."""

    def __init__(self, key: QSettings) -> None:
        self._key = key

    def is_on(self) -> bool:
        """Whether the value is there."""
        return self._key.contains("Meshnet")

    def set(self, program: Path | None) -> None:
        """Write the value, or take it away."""
        if program is not None:
            self._key.setValue("Meshnet", f'"{program}"')
        else:
            self._key.remove("Meshnet")
        self._key.sync()
        if self._key.status() is not QSettings.Status.NoError:
            raise PermissionError(None, translate("Settings", "the registry cannot be written"))


class LaunchAgent:
    """A property list that launchd reads at the next login."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def is_on(self) -> bool:
        """Whether the file is there."""
        return self._file.is_file()

    def set(self, program: Path | None) -> None:
        """Write the file, or take it away."""
        if program is None:
            self._file.unlink(missing_ok=True)
            return
        content = {
            "Label": _LABEL,
            "ProgramArguments": [str(program)],
            "RunAtLoad": True,
            "LimitLoadToSessionType": "Aqua",
            "ProcessType": "Interactive",
        }
        _write(self._file, plistlib.dumps(content))


def _entry() -> Entry | None:
    if sys.platform == "linux":
        folders = QStandardPaths.standardLocations(QStandardPaths.StandardLocation.GenericConfigLocation)
        own, *others = (Path(folder) / "autostart" / "meshnet.desktop" for folder in folders)
        return DesktopEntry(own, tuple(others))
    if sys.platform == "win32":
        return RunKey(QSettings(_RUN, QSettings.Format.NativeFormat))
    if sys.platform == "darwin":
        return LaunchAgent(Path.home() / "Library" / "LaunchAgents" / f"{_LABEL}.plist")
    return None


def _program() -> Path | None:
    """The program as a session finds it: the bundle that runs now, or the one beside this Python or on the path."""
    if getattr(sys, "frozen", False):
        return Path(sys.executable)
    found = shutil.which(_PROGRAM, path=str(Path(sys.executable).parent)) or shutil.which(_PROGRAM)
    return Path(found).absolute() if found else None


def _is_hidden(file: Path) -> bool:
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return True
    said = {line.replace(" ", "").lower() for line in lines}
    return bool(said & {"hidden=true", "x-gnome-autostart-enabled=false"})


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\")


def _quoted(program: Path) -> str:
    """The path as an argument of `Exec`: quoted, then escaped as every text in such a file (Desktop Entry, "Exec")."""
    letters = "".join(f"\\{letter}" if letter in '"`$\\' else letter for letter in str(program))
    return _escaped(f'"{letters}"').replace("%", "%%")


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all: a session may start at any moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.write_bytes(content)
    os.replace(new, file)
