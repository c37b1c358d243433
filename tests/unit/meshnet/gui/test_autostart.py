"""Starting with the session."""

from __future__ import annotations

import plistlib
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from meshnet.errors import Code, MeshnetError
from meshnet.gui import autostart
from meshnet.gui.autostart import DesktopEntry, LaunchAgent, RunKey

PROGRAM = Path("/opt/mesh net/bin/100%$meshnet-gui")


def test_a_desktop_entry_is_written_and_taken_away(tmp_path: Path) -> None:
    file = tmp_path / "autostart" / "meshnet.desktop"
    entry = DesktopEntry(file)
    assert not entry.is_on()
    entry.set(PROGRAM)
    assert entry.is_on()
    lines = file.read_text().splitlines()
    assert 'Exec="/opt/mesh net/bin/100%%\\\\$meshnet-gui"' in lines
    assert f"TryExec={PROGRAM}" in lines
    assert [other.name for other in file.parent.iterdir()] == ["meshnet.desktop"]
    entry.set(None)
    assert not entry.is_on()
    assert not file.exists()


def test_one_of_the_system_is_hidden_by_the_persons_own(tmp_path: Path) -> None:
    own, systems = tmp_path / "own.desktop", tmp_path / "systems.desktop"
    systems.write_text("[Desktop Entry]\nExec=meshnet-gui\n")
    entry = DesktopEntry(own, (systems,))
    assert entry.is_on()
    entry.set(None)
    assert not entry.is_on()
    assert "Hidden=true" in own.read_text()
    entry.set(PROGRAM)
    assert entry.is_on()


@pytest.mark.parametrize("line", ["Hidden=true", "Hidden = true", "X-GNOME-Autostart-enabled=false"])
def test_what_a_desktop_has_turned_off_is_off(line: str, tmp_path: Path) -> None:
    file = tmp_path / "meshnet.desktop"
    file.write_text(f"[Desktop Entry]\nExec=meshnet-gui\n{line}\n")
    assert not DesktopEntry(file).is_on()


def test_the_registry_value_is_written_and_taken_away(tmp_path: Path) -> None:
    key = QSettings(str(tmp_path / "run.ini"), QSettings.Format.IniFormat)
    entry = RunKey(key)
    assert not entry.is_on()
    entry.set(PROGRAM)
    assert entry.is_on()
    assert key.value("Meshnet") == f'"{PROGRAM}"'
    entry.set(None)
    assert not entry.is_on()


def test_a_registry_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "run.ini").mkdir()
    with pytest.raises(OSError, match="registry"):
        RunKey(QSettings(str(tmp_path / "run.ini"), QSettings.Format.IniFormat)).set(PROGRAM)


def test_a_launch_agent_is_written_and_taken_away(tmp_path: Path) -> None:
    file = tmp_path / "LaunchAgents" / "meshnet.gui.plist"
    entry = LaunchAgent(file)
    entry.set(PROGRAM)
    assert entry.is_on()
    content = plistlib.loads(file.read_bytes())
    assert content["ProgramArguments"] == [str(PROGRAM)]
    assert content["RunAtLoad"] is True
    entry.set(None)
    entry.set(None)
    assert not entry.is_on()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of nobody, in which a program is installed."""
    program = tmp_path / "bin" / "meshnet-gui"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program.with_name("python")))
    monkeypatch.setattr(autostart, "_entry", lambda: DesktopEntry(tmp_path / "config" / "meshnet.desktop"))
    return tmp_path


def test_the_program_beside_this_python_is_started(home: Path) -> None:
    assert autostart.is_supported()
    autostart.set_on(True)
    assert autostart.is_on()
    assert f"TryExec={home / 'bin' / 'meshnet-gui'}" in (home / "config" / "meshnet.desktop").read_text()
    autostart.set_on(False)
    assert not autostart.is_on()


def test_a_bundle_starts_itself(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(home / "Meshnet"))
    autostart.set_on(True)
    assert f"TryExec={home / 'Meshnet'}" in (home / "config" / "meshnet.desktop").read_text()


def test_without_a_program_it_is_not_offered_and_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "bin" / "meshnet-gui").unlink()
    monkeypatch.setenv("PATH", str(home))
    assert not autostart.is_supported()
    with pytest.raises(MeshnetError) as refused:
        autostart.set_on(True)
    assert refused.value.code is Code.NOT_SUPPORTED


def test_a_system_that_refuses_is_said(home: Path) -> None:
    (home / "config").write_text("in the way")
    with pytest.raises(MeshnetError, match="could not be changed"):
        autostart.set_on(True)


@pytest.mark.skipif(sys.platform != "linux", reason="the folders are those of XDG")
def test_on_linux_the_entry_is_in_the_persons_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "systems"))
    autostart.set_on(True)
    assert (tmp_path / "own" / "autostart" / "meshnet.desktop").is_file()
    assert autostart.is_on()
