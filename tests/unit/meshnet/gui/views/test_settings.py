"""The settings dialog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import device, joined

from meshnet.gui import autostart
from meshnet.gui.memory import Memory
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.views.settings import SettingsDialog

HOME, NAS, PC = device("home-pc"), device("nas", 3), device("pc", 4)
VALUES = {
    "kill-switch": "on",
    "local-network": "off",
    "dns": "host",
    "fallback": "home-pc,nas",
    "host-vpn-lost": "stop",
    "endpoint": "none",
    "own-devices": "none",
}
MESH = Snapshot(connected=True, status=joined(), devices={one.id: one for one in (HOME, NAS, PC)}, settings=VALUES)


@pytest.fixture
def memory(settings: QSettings) -> Memory:
    return Memory(settings)


@pytest.fixture
def dialog(qtbot: QtBot, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> SettingsDialog:
    monkeypatch.setattr(autostart, "is_supported", lambda: True)
    monkeypatch.setattr(autostart, "is_on", lambda: True)
    made = SettingsDialog(memory)
    qtbot.addWidget(made)
    made.show_mesh(MESH)
    made.show()
    return made


@pytest.fixture
def wishes(dialog: SettingsDialog) -> list[tuple[str, str]]:
    """What is wanted of the daemon."""
    found: list[tuple[str, str]] = []
    dialog.set_wanted.connect(lambda key, value: found.append((key, value)))
    return found


def with_values(**values: str) -> Snapshot:
    return replace(MESH, settings={**VALUES, **{key.replace("_", "-"): value for key, value in values.items()}})


def choose(dialog: SettingsDialog, number: int) -> None:
    dialog.tabs.setCurrentIndex(number)


def test_a_choice_is_wanted_at_once_and_stays_until_the_daemon_says_otherwise(
    dialog: SettingsDialog, wishes: list[tuple[str, str]]
) -> None:
    choose(dialog, 1)
    on, always, off = dialog.routing.kill_switch.buttons
    assert on.isChecked()
    always.click()
    dialog.show_mesh(replace(MESH, status=joined(rx_bytes=1)))
    assert always.isChecked()
    assert wishes == [("kill-switch", "always")]
    dialog.show_mesh(with_values(kill_switch="off"))
    assert off.isChecked()


def test_a_refused_wish_is_undone_with_the_reason(dialog: SettingsDialog) -> None:
    choose(dialog, 1)
    dialog.routing.local_network.box.click()
    dialog.routing.dns.choices.buttons[1].click()
    dialog.routing.fallback.remove.click()
    dialog.show_failure("Refused.", "Try <again>.")
    assert not dialog.routing.local_network.box.isChecked()
    assert dialog.routing.dns.choices.buttons[0].isChecked()
    assert dialog.routing.fallback.list.count() == 2
    assert dialog.trouble.isVisible()
    assert dialog.trouble.accessibleName() == "Refused. Try <again>."
    dialog.routing.local_network.box.click()
    assert not dialog.trouble.isVisible()


def test_an_address_of_a_name_server_is_wanted_when_it_is_one(
    dialog: SettingsDialog, wishes: list[tuple[str, str]]
) -> None:
    choose(dialog, 1)
    field = dialog.routing.dns
    assert not field.address.isVisible()
    field.choices.buttons[2].click()
    assert wishes == []
    QTest.keyClicks(field.address.edit, "9.9.9.")
    assert field.address.trouble.isVisible()
    assert field.address.edit.accessibleDescription()
    QTest.keyClick(field.address.edit, Qt.Key.Key_Return)
    assert wishes == []
    QTest.keyClicks(field.address.edit, "9")
    assert not field.address.trouble.isVisible()
    QTest.keyClick(field.address.edit, Qt.Key.Key_Return)
    QTest.keyClick(field.address.edit, Qt.Key.Key_Return)
    assert wishes == [("dns", "9.9.9.9")]
    assert dialog.isVisible()
    field.choices.buttons[0].click()
    assert not field.address.isVisible()
    field.choices.buttons[2].click()
    assert wishes == [("dns", "9.9.9.9"), ("dns", "host"), ("dns", "9.9.9.9")]


def test_an_address_that_the_daemon_has_is_shown(dialog: SettingsDialog) -> None:
    dialog.show_mesh(with_values(dns="2620:fe::fe", endpoint="203.0.113.7:51820"))
    choose(dialog, 1)
    assert dialog.routing.dns.address.edit.text() == "2620:fe::fe"
    assert dialog.routing.dns.address.isVisible()
    assert dialog.hosting.endpoint.edit.text() == "203.0.113.7:51820"
    dialog.show_mesh(with_values())
    assert dialog.hosting.endpoint.edit.text() == ""


def test_the_address_for_others_is_wanted_or_taken_back(dialog: SettingsDialog, wishes: list[tuple[str, str]]) -> None:
    choose(dialog, 2)
    edit = dialog.hosting.endpoint.edit
    QTest.keyClicks(edit, "203.0.113.7")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    edit.clear()
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert wishes == [("endpoint", "203.0.113.7"), ("endpoint", "none")]
    dialog.hosting.host_vpn_lost.buttons[1].click()
    assert wishes[2:] == [("host-vpn-lost", "tell")]


def test_an_address_that_is_untouched_is_not_wanted(dialog: SettingsDialog, wishes: list[tuple[str, str]]) -> None:
    choose(dialog, 2)
    QTest.keyClick(dialog.hosting.endpoint.edit, Qt.Key.Key_Return)
    assert wishes == []


def test_fallback_hosts_are_moved_removed_and_added(dialog: SettingsDialog, wishes: list[tuple[str, str]]) -> None:
    choose(dialog, 1)
    order = dialog.routing.fallback
    assert (order.up.isEnabled(), order.down.isEnabled()) == (False, True)
    order.down.click()
    assert (order.up.isEnabled(), order.down.isEnabled()) == (True, False)
    order.up.click()
    order.remove.click()
    order.more.setCurrentIndex(order.more.findText("pc"))
    order.more.activated.emit(order.more.currentIndex())
    h, n, p = HOME.id, NAS.id, PC.id
    assert [value for _, value in wishes] == [f"{n},{h}", f"{h},{n}", n, f"{n},{p}"]
    dialog.show_mesh(with_values(fallback="none"))
    assert order.list.count() == 0
    assert not order.remove.isEnabled()


def test_what_the_daemon_does_not_name_is_not_there(dialog: SettingsDialog) -> None:
    dialog.show_mesh(replace(MESH, settings={"kill-switch": "on", "own-devices": "none"}))
    choose(dialog, 1)
    assert dialog.routing.kill_switch.isVisible()
    assert not dialog.routing.fallback.isVisible()
    assert [dialog.tabs.isTabVisible(number) for number in range(3)] == [True, True, False]
    dialog.show_mesh(Snapshot())
    assert [dialog.tabs.isTabVisible(number) for number in range(3)] == [True, False, False]
    dialog.show_mesh(MESH)
    assert all(dialog.tabs.isTabVisible(number) for number in range(3))


def test_the_apps_own_choices_are_kept_and_told(dialog: SettingsDialog, memory: Memory, qtbot: QtBot) -> None:
    app = dialog.app
    for box, signal, word in (
        (app.language, dialog.language_chosen, "fr"),
        (app.appearance, dialog.appearance_chosen, "dark"),
    ):
        with qtbot.waitSignal(signal) as told:
            box.setCurrentIndex(box.findData(word))
            box.activated.emit(box.currentIndex())
        assert told.args == [word]
    app.tells.box.click()
    assert (memory.language, memory.appearance, memory.tells_of_clients) == ("fr", "dark", False)


def test_start_with_the_session_is_asked_for_and_shown_as_it_is(dialog: SettingsDialog, qtbot: QtBot) -> None:
    box = dialog.app.autostart.box
    assert box.isChecked()
    with qtbot.waitSignal(dialog.autostart_wanted) as told:
        box.click()
    assert told.args == [False]
    dialog.show_failure("It could not be changed.", "")
    assert box.isChecked()


def test_start_with_the_session_is_not_there_where_it_is_not_possible(
    dialog: SettingsDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog.close()
    monkeypatch.setattr(autostart, "is_supported", lambda: False)
    dialog.show()
    assert not dialog.app.autostart.isVisible()


def test_the_wheel_changes_no_list_that_the_page_is_scrolled_past(dialog: SettingsDialog) -> None:
    box = dialog.app.language
    middle = QPointF(box.rect().center())
    down = QWheelEvent(
        middle,
        box.mapToGlobal(middle),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(box, down)
    assert box.currentIndex() == 0


def test_escape_closes_it_and_an_old_failure_is_gone_next_time(dialog: SettingsDialog) -> None:
    dialog.show_failure("Refused.", "")
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    dialog.show()
    assert not dialog.trouble.isVisible()


def test_it_fits_a_small_screen_and_cuts_no_sentence(dialog: SettingsDialog) -> None:
    assert dialog.height() < 680
    assert dialog.minimumSizeHint().width() <= 560
    for number in range(3):
        choose(dialog, number)
        QApplication.processEvents()
        for one in _visible(dialog.tabs.currentWidget(), QLabel):
            assert one.height() >= one.heightForWidth(one.width()) or not one.wordWrap(), one.text()


def test_everything_that_can_be_changed_is_reached_by_tab(dialog: SettingsDialog) -> None:
    dialog.activateWindow()
    dialog.tabs.tabBar().setFocus()
    seen: list[str] = []
    for _ in range(6):
        QTest.keyClick(QApplication.focusWidget() or dialog, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        seen.append(_name(focused) if focused is not None else "")
    assert seen[:4] == [
        "&Start with my session",
        "&Tell me when somebody begins to route through this device",
        "&Language",
        "&Appearance",
    ]


def _name(widget: Any) -> str:
    text: Callable[[], str] = getattr(widget, "text", widget.accessibleName)
    return text()


def _visible(widget: QWidget, kind: type[QLabel]) -> list[QLabel]:
    return [one for one in widget.findChildren(kind) if one.isVisible()]
