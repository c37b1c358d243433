"""The tray menu as widgets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSystemTrayIcon
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import device, joined, route

from meshnet.gui.models.menu import Choice, Verb
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.views.tray import Tray

HOME, NAS = device("home-pc", 2), device("nas", 3)
IDLE = Snapshot(connected=True, status=joined(), devices={HOME.id: HOME, NAS.id: NAS}, settings={"own-devices": "none"})
ROUTED = replace(IDLE, status=joined("routing", route=route(HOME)))


@pytest.fixture
def tray(qtbot: QtBot) -> Iterator[Tray]:
    made = Tray()
    made.show(IDLE)
    yield made
    made.menu.deleteLater()


@pytest.fixture
def chosen(tray: Tray) -> list[Choice]:
    seen: list[Choice] = []
    tray.chosen.connect(seen.append)
    return seen


def texts(tray: Tray) -> list[str]:
    return [action.text() for action in tray.menu.actions()]


def action(tray: Tray, text: str) -> QAction:
    return next(action for action in tray.menu.actions() if action.text() == text)


def test_the_menu_has_its_name_and_a_disabled_heading_that_is_no_section(tray: Tray) -> None:
    heading = action(tray, "Devices in Meshnet")
    assert tray.menu.objectName() == "trayMenu"
    assert not heading.isEnabled()
    assert not heading.isSeparator()


def test_the_active_host_has_the_check_mark_and_no_other(tray: Tray) -> None:
    tray.show(ROUTED)
    assert [entry.text() for entry in tray.menu.actions() if entry.isChecked()] == ["home-pc"]


def test_a_click_says_what_was_chosen_and_leaves_the_check_mark_to_the_daemon(tray: Tray, chosen: list[Choice]) -> None:
    host = action(tray, "home-pc")
    host.trigger()
    assert not host.isChecked()
    tray.show(ROUTED)
    host.trigger()
    assert host.isChecked()
    assert chosen == [Choice(Verb.ROUTE, HOME.id), Choice(Verb.STOP)]


def test_the_setting_is_toggled_once_for_each_click(tray: Tray, chosen: list[Choice]) -> None:
    share = action(tray, "Let my devices route through this one")
    share.trigger()
    tray.show(replace(IDLE, settings={"own-devices": "routing"}))
    assert share.isChecked()
    share.trigger()
    assert chosen == [Choice(Verb.SHARE), Choice(Verb.UNSHARE)]


def test_what_does_not_concern_the_menu_leaves_it_untouched(qtbot: QtBot, tray: Tray) -> None:
    changes: list[str] = []
    for entry in tray.menu.actions():
        entry.changed.connect(lambda: changes.append("changed"))
    before = tray.menu.actions()
    tray.show(replace(IDLE, status=joined(rx_bytes=123456)))
    assert changes == []
    assert tray.menu.actions() == before


def test_the_menu_changes_in_place_and_keeps_its_order(tray: Tray) -> None:
    menu, home = tray.menu, action(tray, "home-pc")
    middle, first = device("kitchen", 4), device("attic", 5)
    tray.show(replace(IDLE, devices={view.id: view for view in (NAS, middle, HOME, first)}))
    assert texts(tray)[3:7] == ["attic", "home-pc", "kitchen", "nas"]
    tray.show(replace(IDLE, devices={HOME.id: HOME}))
    assert texts(tray)[2:5] == ["Devices in Meshnet", "home-pc", "Stop routing"]
    tray.show(replace(IDLE, devices={}))
    assert texts(tray)[2:5] == ["Devices in Meshnet", "No hosts yet", "Stop routing"]
    tray.show(IDLE)
    assert texts(tray)[3:5] == ["home-pc", "nas"]
    assert tray.menu is menu
    assert home not in tray.menu.actions()


def test_an_open_menu_follows(qtbot: QtBot, tray: Tray) -> None:
    tray.menu.popup(tray.menu.pos())
    tray.show(replace(IDLE, devices={NAS.id: device("nas", 3, online=False)}))
    assert tray.menu.isVisible()
    assert texts(tray)[3] == "nas: offline"
    tray.menu.close()


def test_an_ampersand_in_a_name_is_no_shortcut(tray: Tray) -> None:
    tray.show(replace(IDLE, devices={HOME.id: device("Tom & Ada")}))
    assert "Tom && Ada" in texts(tray)


def test_the_tooltip_is_the_state_and_never_html(tray: Tray) -> None:
    assert tray.icon.toolTip() == "Not routed"
    evil = device("<img src=x>")
    tray.show(replace(IDLE, status=joined("routing", route=route(evil))))
    assert tray.icon.toolTip() == "Through ‹img src=x›, direct, 23 ms"


def test_a_left_click_opens_the_window_and_a_right_click_does_not(tray: Tray, chosen: list[Choice]) -> None:
    tray.icon.activated.emit(QSystemTrayIcon.ActivationReason.Context)
    assert chosen == []
    tray.icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    assert chosen == [Choice(Verb.OPEN)]


def test_a_warning_names_what_happened_and_the_cure_without_markup(tray: Tray, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[object, ...]] = []
    monkeypatch.setattr(tray.icon, "showMessage", lambda *message: shown.append(message))
    tray.warn("<b>nas</b> is offline.", "Switch it on.")
    assert shown[0][:2] == ("Meshnet", "‹b›nas‹/b› is offline.\nSwitch it on.")
