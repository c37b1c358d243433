"""One device in the window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QLabel
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import device, joined, route

from meshnet.gui.models.menu import Choice, Verb
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.rows import rows
from meshnet.gui.views import theme
from meshnet.gui.views.device_row import DeviceRow
from meshnet.gui.views.theme import Tone, color
from meshnet.protocol.local import Capability, DeviceView, Permissions, Status

HOME = device("home-pc")


@pytest.fixture
def widget(qtbot: QtBot) -> DeviceRow:
    made = DeviceRow()
    qtbot.addWidget(made)
    made.resize(560, 150)
    show(made, HOME)
    made.show()
    return made


def show(widget: DeviceRow, view: DeviceView, status: Status | None = None) -> None:
    mesh = Snapshot(connected=True, status=status or joined(), devices={view.id: view})
    widget.show_row(rows(mesh, view.group)[0])


def test_the_checkboxes_have_their_texts(widget: DeviceRow) -> None:
    texts = [box.text() for box in widget.findChildren(QCheckBox) if box.isVisible()]
    assert texts == ["Allow routing", "Local network access", "Allow incoming"]


def test_what_the_daemon_cannot_do_has_no_checkbox(widget: DeviceRow) -> None:
    show(widget, HOME, joined(capabilities=(Capability.ROUTE, Capability.INCOMING)))
    assert [box.text() for box in widget.findChildren(QCheckBox) if box.isVisible()] == ["Allow incoming"]


def test_a_tick_is_a_wish_and_showing_one_is_not(qtbot: QtBot, widget: DeviceRow) -> None:
    wishes: list[tuple[str, str, bool]] = []
    widget.granted.connect(lambda *wish: wishes.append(wish))
    show(widget, device("home-pc", grants=Permissions(routing=True)))
    assert wishes == []
    widget.routing.click()
    widget.lan.click()
    widget.incoming.click()
    assert wishes == [(HOME.id, "routing", False), (HOME.id, "lan", True), (HOME.id, "incoming", True)]


def test_local_network_access_waits_for_routing(widget: DeviceRow) -> None:
    assert not widget.lan.isEnabled()
    assert widget.lan.toolTip() == "Allow routing first."
    show(widget, device("home-pc", grants=Permissions(routing=True)))
    assert widget.lan.isEnabled()
    assert widget.lan.toolTip() == ""


def test_the_button_routes_and_then_stops(widget: DeviceRow) -> None:
    choices: list[Choice] = []
    widget.chosen.connect(choices.append)
    widget.button.click()
    show(widget, HOME, joined("routing", route=route(HOME)))
    assert widget.button.text() == "Stop routing"
    widget.button.click()
    assert choices == [Choice(Verb.ROUTE, HOME.id), Choice(Verb.STOP)]


def test_a_double_click_on_the_button_is_one_click(qtbot: QtBot, widget: DeviceRow) -> None:
    choices: list[Choice] = []
    widget.chosen.connect(choices.append)
    widget.chosen.connect(lambda _: show(widget, HOME, joined("routing", route=route(HOME))))
    QTest.mouseClick(widget.button, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(widget.button, Qt.MouseButton.LeftButton)
    assert choices == [Choice(Verb.ROUTE, HOME.id)]


def test_a_button_held_down_is_not_let_go_on_another_device(widget: DeviceRow) -> None:
    wishes: list[tuple[str, str, bool]] = []
    widget.granted.connect(lambda *wish: wishes.append(wish))
    QTest.mousePress(widget.routing, Qt.MouseButton.LeftButton)
    show(widget, device("another", 3))
    QTest.mouseRelease(widget.routing, Qt.MouseButton.LeftButton)
    assert wishes == []


def test_the_button_stays_as_wide_whatever_it_says(widget: DeviceRow) -> None:
    width = widget.button.sizeHint().width()
    show(widget, HOME, joined("routing", route=route(HOME)))
    assert widget.button.sizeHint().width() == width


def test_the_button_is_in_the_accent_while_it_stops(qtbot: QtBot, qapp: QApplication) -> None:
    theme.begin(qapp, "light")
    row = DeviceRow()
    qtbot.addWidget(row)
    accents = []
    for status in (joined(), joined("routing", route=route(HOME)), joined()):
        show(row, HOME, status)
        seen = row.button.grab().toImage().pixelColor(6, row.button.height() // 2)
        accents.append(seen == qapp.palette().color(QPalette.ColorRole.Accent))
    assert accents == [False, True, False]


@pytest.mark.parametrize("name", ["<img src=x>", "x" * 63, "שלום <b>", "a & b"])
def test_hostile_names_are_plain_text_and_leave_the_size_alone(widget: DeviceRow, name: str) -> None:
    width, height = widget.minimumSizeHint().width(), widget.height_for(560)
    show(widget, device(name, route=name, platform=name))
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in widget.findChildren(QLabel))
    assert "<" not in widget.name.toolTip()
    assert widget.minimumSizeHint().width() == width
    assert widget.height_for(560) == height


@pytest.mark.parametrize("view", [device("a", can_host=False), device("a", online=False), device("a", 2, "external")])
def test_rows_are_of_one_height_whatever_the_device(widget: DeviceRow, view: DeviceView) -> None:
    height = widget.height_for(560)
    show(widget, view, joined(clients=("a",)))
    assert widget.height_for(560) == height


def test_checkboxes_without_room_take_a_further_line(widget: DeviceRow) -> None:
    widget.resize(800, widget.height_for(800))
    assert widget.incoming.y() == widget.routing.y()
    widget.resize(300, widget.height_for(300))
    assert widget.height_for(300) > widget.height_for(800)
    assert widget.incoming.y() > widget.routing.y()
    below = widget.incoming.mapTo(widget, widget.incoming.rect().bottomLeft()).y()
    assert below < widget.height()


def test_addresses_can_be_selected_and_the_long_one_is_shown_where_there_is_room(widget: DeviceRow) -> None:
    assert widget.addresses.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
    widget.resize(400, 150)
    assert widget.addresses.text() == "100.64.0.2"
    widget.resize(1200, 150)
    assert widget.addresses.text() == "100.64.0.2   fd00::2"


def test_the_menu_copies_addresses(widget: DeviceRow) -> None:
    widget.more.click()
    widget.menu.copy4.trigger()
    assert QGuiApplication.clipboard().text() == "100.64.0.2"
    widget.menu.copy6.trigger()
    assert QGuiApplication.clipboard().text() == "fd00::2"
    widget.menu.close()


def test_the_menu_removes_the_device_that_it_was_opened_for(widget: DeviceRow) -> None:
    removals: list[str] = []
    widget.remove_wanted.connect(removals.append)
    widget.more.click()
    show(widget, device("another", 3))
    widget.menu.remove.trigger()
    widget.menu.close()
    assert removals == [HOME.id]


def test_external_devices_are_not_the_persons_to_remove(widget: DeviceRow) -> None:
    show(widget, device("ada-pc", 3, "external"))
    widget.more.click()
    assert not widget.menu.remove.isVisible()
    widget.menu.close()


def test_the_star_makes_a_host_a_favourite(widget: DeviceRow) -> None:
    favours: list[tuple[str, bool]] = []
    widget.favoured.connect(lambda *favour: favours.append(favour))
    widget.star.click()
    assert favours == [(HOME.id, True)]
    show(widget, device("phone", can_host=False))
    assert not widget.star.isVisible()


def test_assistive_programs_hear_whose_control_it_is(widget: DeviceRow) -> None:
    assert widget.routing.accessibleName() == "Allow routing for home-pc"
    assert widget.lan.accessibleName() == "Local network access for home-pc"
    assert widget.incoming.accessibleName() == "Allow incoming from home-pc"
    assert widget.button.accessibleName() == "Route: home-pc"
    buttons = widget.findChildren(QAbstractButton)
    assert all("home-pc" in button.accessibleName() for button in buttons)
    assert widget.mark.accessibleName() == "online"
    assert "Lets this device route through it" in widget.accessibleDescription()


def test_a_device_that_does_not_host_has_no_button_and_a_greyed_one_has_a_reason(widget: DeviceRow) -> None:
    show(widget, device("home-pc", granted=Permissions()))
    assert not widget.button.isEnabled()
    assert "home-pc has not allowed" in widget.button.toolTip()
    assert widget.permits.text() == "Has not allowed this device to route through it"
    show(widget, device("home-pc", can_host=False))
    assert not widget.button.isVisible()


def test_a_device_that_routes_here_says_so_in_color(widget: DeviceRow) -> None:
    show(widget, HOME, joined(clients=("home-pc",)))
    assert widget.remark.text() == "Routes through this device now"
    assert widget.remark.palette().color(QPalette.ColorRole.WindowText) == color(Tone.GOOD)


def test_a_device_that_waits_to_be_confirmed_says_so_in_another_color(widget: DeviceRow) -> None:
    show(widget, HOME, joined(unconfirmed=(HOME.id,)))
    assert widget.remark.text() == "Joined by an invite and not confirmed yet"
    assert widget.remark.palette().color(QPalette.ColorRole.WindowText) == color(Tone.BUSY)


@pytest.mark.parametrize("state", ["idle", "routing", "connecting", "blocked"])
def test_each_state_has_a_look_of_its_own(widget: DeviceRow, state: str) -> None:
    show(widget, HOME, joined("idle"))
    before = widget.mark.grab().toImage()
    show(widget, HOME, joined(state, route=route(HOME) if state != "idle" else None))
    assert (widget.mark.grab().toImage() == before) is (state == "idle")
