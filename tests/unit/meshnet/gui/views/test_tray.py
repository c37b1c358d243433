"""The tray menu as widgets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAction, QActionEvent
from PySide6.QtWidgets import QSystemTrayIcon
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import device, joined, route

from meshnet.gui.models.menu import Choice, Verb
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.news import Kind, Notice
from meshnet.gui.panel import Panel
from meshnet.gui.views.tray import Tray

HOME, NAS = device("home-pc", 2), device("nas", 3)
IDLE = Snapshot(connected=True, status=joined(), devices={HOME.id: HOME, NAS.id: NAS}, settings={"own-devices": "none"})
ROUTED = replace(IDLE, status=joined("routing", route=route(HOME)))
FIRST = 3
"""Where the first host stands."""


class FakePanel(Panel):
    """A desktop's panel as the test has it."""

    def __init__(self, on_dbus: bool = False, late: bool = False) -> None:
        super().__init__()
        self.on_dbus = on_dbus
        self.late = late
        self.awaited = 0

    def is_on_dbus(self) -> bool:
        return self.on_dbus and not self.late

    def must_be_awaited(self) -> bool:
        return self.late

    def wait(self) -> None:
        self.awaited += 1


@pytest.fixture
def panel(qtbot: QtBot) -> FakePanel:
    return FakePanel()


@pytest.fixture
def tray(panel: FakePanel) -> Iterator[Tray]:
    made = Tray(panel=panel)
    made.show(IDLE)
    yield made
    made.menu.deleteLater()


@pytest.fixture
def chosen(tray: Tray) -> list[Choice]:
    seen: list[Choice] = []
    tray.chosen.connect(seen.append)
    return seen


def texts(tray: Tray) -> list[str]:
    return [action.text().partition("   ")[0] for action in tray.menu.actions()]


def action(tray: Tray, text: str) -> QAction:
    return next(action for action in tray.menu.actions() if action.text().startswith(text))


def named(name: str) -> Snapshot:
    return replace(IDLE, devices={HOME.id: device(name)})


def test_the_menu_has_its_name_and_a_disabled_heading_that_is_no_section(tray: Tray) -> None:
    heading = action(tray, "Devices in Meshnet")
    assert heading.text() == "Devices in Meshnet"
    assert tray.menu.objectName() == "trayMenu"
    assert not heading.isEnabled()
    assert not heading.isSeparator()


def test_the_active_host_has_the_check_mark_and_no_other(tray: Tray) -> None:
    tray.show(ROUTED)
    assert [entry.text() for entry in tray.menu.actions() if entry.isChecked()] == ["home-pc   direct, 23 ms"]


def test_a_click_says_what_was_chosen_and_leaves_the_check_mark_to_the_daemon(
    qtbot: QtBot, tray: Tray, chosen: list[Choice]
) -> None:
    host = action(tray, "home-pc")
    host.trigger()
    assert not host.isChecked()
    tray.show(ROUTED)
    host.trigger()
    assert host.isChecked()
    qtbot.waitUntil(lambda: chosen == [Choice(Verb.ROUTE, HOME.id), Choice(Verb.STOP)])


def test_the_setting_is_toggled_once_for_each_click(qtbot: QtBot, tray: Tray, chosen: list[Choice]) -> None:
    share = action(tray, "Let my devices route through this one")
    share.trigger()
    tray.show(replace(IDLE, settings={"own-devices": "routing"}))
    assert share.isChecked()
    share.trigger()
    qtbot.waitUntil(lambda: chosen == [Choice(Verb.SHARE), Choice(Verb.UNSHARE)])


def test_the_menu_is_not_changed_while_a_click_is_handled(qtbot: QtBot, tray: Tray) -> None:
    handled: list[list[str]] = []
    tray.chosen.connect(lambda _: tray.show(replace(IDLE, devices={})))
    host = action(tray, "home-pc")
    host.triggered.connect(lambda: handled.append(texts(tray)))
    host.trigger()
    assert "home-pc" in handled[0]
    qtbot.waitUntil(lambda: "home-pc" not in texts(tray))


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
    assert texts(tray)[FIRST : FIRST + 4] == ["attic", "home-pc", "kitchen", "nas"]
    tray.show(replace(IDLE, devices={HOME.id: HOME}))
    assert texts(tray)[2:6] == ["Devices in Meshnet", "home-pc", "", "Stop routing"]
    tray.show(replace(IDLE, devices={}))
    assert texts(tray)[2:6] == ["Devices in Meshnet", "No hosts yet", "", "Stop routing"]
    tray.show(IDLE)
    assert texts(tray)[FIRST : FIRST + 2] == ["home-pc", "nas"]
    assert tray.menu is menu
    assert home not in tray.menu.actions()


def test_a_line_is_complete_when_it_comes_into_the_menu(tray: Tray) -> None:
    came: list[tuple[str, bool, bool]] = []

    class Watch(QObject):
        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            if isinstance(event, QActionEvent) and event.type() == QEvent.Type.ActionAdded:
                came.append((event.action().text(), event.action().isCheckable(), event.action().isChecked()))
            return False

    watch = Watch()
    tray.menu.installEventFilter(watch)
    attic = device("attic", 5)
    tray.show(replace(IDLE, devices={attic.id: attic}, status=joined("routing", route=route(attic))))
    assert ("attic   direct, 23 ms", True, True) in came


def test_an_open_menu_follows(qtbot: QtBot, tray: Tray) -> None:
    tray.menu.popup(tray.menu.pos())
    tray.show(replace(IDLE, devices={NAS.id: device("nas", 3, online=False)}))
    assert tray.menu.isVisible()
    assert texts(tray)[FIRST] == "nas: offline"
    tray.menu.close()


def test_an_ampersand_in_a_name_is_no_shortcut_and_an_underscore_is_itself(tray: Tray) -> None:
    tray.show(named("Tom & Ada & me_2"))
    assert "Tom && Ada && me_2" in texts(tray)


def test_over_dbus_an_underscore_in_a_name_is_no_shortcut(qtbot: QtBot) -> None:
    tray = Tray(panel=FakePanel(on_dbus=True))
    tray.show(named("Tom & Ada & me_2"))
    assert "Tom && Ada & me__2" in texts(tray)
    tray.menu.deleteLater()


def test_the_tooltip_is_the_state_and_never_html(tray: Tray) -> None:
    assert tray.icon.toolTip() == "Not routed"
    evil = device("<img src=x>")
    tray.show(replace(IDLE, status=joined("routing", route=route(evil))))
    assert tray.icon.toolTip() == "Through ‹img src=x›, direct, 23 ms"


def test_a_left_click_opens_the_window_and_other_clicks_do_not(tray: Tray, chosen: list[Choice]) -> None:
    for reason in (QSystemTrayIcon.ActivationReason.Context, QSystemTrayIcon.ActivationReason.MiddleClick):
        tray.icon.activated.emit(reason)
    assert chosen == []
    tray.icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    assert chosen == [Choice(Verb.OPEN)]


@pytest.fixture
def told(tray: Tray, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    seen: list[tuple[object, ...]] = []
    monkeypatch.setattr(tray.icon, "showMessage", lambda *message: seen.append(message))
    return seen


def test_a_warning_names_what_happened_and_the_cure_without_markup(tray: Tray, told: list[tuple[object, ...]]) -> None:
    tray.warn("<b>nas</b> is offline.", "Switch it on.")
    assert told == [("Meshnet", "‹b›nas‹/b› is offline.\nSwitch it on.", QSystemTrayIcon.MessageIcon.Warning)]


def test_news_are_told_and_ask_for_attention_only_where_they_must(tray: Tray, told: list[tuple[object, ...]]) -> None:
    tray.tell(Notice(Kind.ROUTE_BACK, "Back", "Through home-pc again."))
    tray.tell(Notice(Kind.ROUTE_LOST, "Lost", "home-pc does not answer."))
    assert told == [
        ("Back", "Through home-pc again.", QSystemTrayIcon.MessageIcon.Information),
        ("Lost", "home-pc does not answer.", QSystemTrayIcon.MessageIcon.Warning),
    ]


def test_a_click_on_a_notification_opens_the_window(tray: Tray, chosen: list[Choice]) -> None:
    tray.icon.messageClicked.emit()
    assert chosen == [Choice(Verb.OPEN)]


def test_the_menu_can_be_made_anew(tray: Tray) -> None:
    before, shown = texts(tray), tray.menu.actions()
    tray.begin_anew()
    tray.show(IDLE)
    assert texts(tray) == before
    assert not set(shown) & set(tray.menu.actions())


def test_the_icon_is_shown_at_once_where_there_is_a_panel(tray: Tray, panel: FakePanel) -> None:
    tray.start()
    assert tray.icon.isVisible()
    assert panel.awaited == 0
    tray.stop()
    assert not tray.icon.isVisible()


def test_no_icon_is_made_before_the_panel_it_must_wait_for(
    qtbot: QtBot, tray: Tray, panel: FakePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.late, panel.on_dbus = True, True
    made: list[QSystemTrayIcon] = []
    make = tray._made_icon

    def note() -> QSystemTrayIcon:
        made.append(make())
        return made[-1]

    monkeypatch.setattr(tray, "_made_icon", note)
    tray.show(named("me_2"))
    tray.start()
    tray.warn("nas is offline.", "")
    tray.stop()
    assert (panel.awaited, made) == (1, [])
    panel.late = False
    with qtbot.waitSignal(tray.appeared):
        panel.appeared.emit()
    assert made[0].isVisible()
    assert made[0].toolTip() == "Not routed"
    assert "me__2" in texts(tray)
