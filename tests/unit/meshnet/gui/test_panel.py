"""What the app makes of a desktop without a panel over D-Bus; the lab has one with it."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QSystemTrayIcon
from pytestqt.qtbot import QtBot

from meshnet.gui import panel
from meshnet.gui.panel import Panel


@pytest.fixture(autouse=True)
def no_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel, "_bus", lambda: None)


def test_without_a_bus_there_is_no_panel_on_it(qtbot: QtBot) -> None:
    assert not Panel().is_on_dbus()


@pytest.mark.parametrize(("platform", "waits"), [("wayland", True), ("xcb", False), ("windows", False)])
def test_only_where_dbus_is_the_only_way_is_a_panel_awaited(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, platform: str, waits: bool
) -> None:
    monkeypatch.setattr(QGuiApplication, "platformName", lambda: platform)
    assert Panel().must_be_awaited() is waits


def test_qt_is_not_asked_for_a_tray_before_it_can_be_there(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(QGuiApplication, "platformName", lambda: "wayland")
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: asked.append(True))
    assert not Panel().is_there()
    assert asked == []


def test_waiting_without_a_bus_is_harmless(qtbot: QtBot) -> None:
    Panel().wait()
