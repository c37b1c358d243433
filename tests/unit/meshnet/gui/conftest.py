"""A fake daemon at a socket of its own, and everything off screen."""

from __future__ import annotations

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import FakeDaemon

from meshnet.gui.link import DaemonLink


@pytest.fixture
def daemon(qtbot: QtBot, tmp_path: Path) -> Iterator[FakeDaemon]:
    """A daemon that does not listen yet."""
    made = FakeDaemon(str(tmp_path / "daemon.sock"))
    yield made
    made.die()


@pytest.fixture
def link(daemon: FakeDaemon) -> Iterator[DaemonLink]:
    """A link to that daemon, not started; it comes back quickly."""
    made = DaemonLink(daemon.path, first_pause=10)
    yield made
    made.stop()


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    """Settings of nobody."""
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
