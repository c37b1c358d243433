"""One device in the window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import device, joined, route

from meshnet.gui.models.menu import Choice, Verb
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.rows import rows
from meshnet.gui.views.device_row import DeviceRow
from meshnet.protocol.local import DeviceView, Permissions, Status

HOME = device("home-pc")


@pytest.fixture
def widget(qtbot: QtBot) -> DeviceRow:
    made = DeviceRow()
    qtbot.addWidget(made)
    made.resize(500, 150)
    show(made, HOME)
    made.show()
    return made


def show(widget: DeviceRow, view: DeviceView, status: Status | None = None) -> None:
    mesh = Snapshot(connected=True, status=status or joined(), devices={view.id: view})
    widget.show_row(rows(mesh, view.group)[0])


def test_the_checkboxes_have_their_texts(widget: DeviceRow) -> None:
    assert [box.text() for box in widget.findChildren(QCheckBox)] == ["Allow routing", "Local network access"]


def test_a_tick_is_a_wish_and_showing_one_is_not(qtbot: QtBot, widget: DeviceRow) -> None:
    wishes: list[tuple[str, str, bool]] = []
    widget.granted.connect(lambda *wish: wishes.append(wish))
    show(widget, device("home-pc", grants=Permissions(routing=True)))
    assert wishes == []
    widget.routing.click()
    widget.lan.click()
    assert wishes == [(HOME.id, "routing", False), (HOME.id, "lan", True)]


def test_local_network_access_waits_for_routing(widget: DeviceRow) -> None:
    assert not widget.lan.isEnabled()
    show(widget, device("home-pc", grants=Permissions(routing=True)))
    assert widget.lan.isEnabled()


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


@pytest.mark.parametrize("name", ["<img src=x>", "x" * 63, "שלום <b>", "a & b"])
def test_hostile_names_are_plain_text_and_leave_the_width_alone(widget: DeviceRow, name: str) -> None:
    width = widget.minimumSizeHint().width()
    show(widget, device(name))
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in widget.findChildren(QLabel))
    assert "<" not in widget.name.toolTip()
    assert widget.minimumSizeHint().width() == width


def test_addresses_can_be_selected_with_mouse_and_keyboard(widget: DeviceRow) -> None:
    flags = widget.addresses.textInteractionFlags()
    assert flags & Qt.TextInteractionFlag.TextSelectableByMouse
    assert flags & Qt.TextInteractionFlag.TextSelectableByKeyboard
    assert "100.64.0.2" in widget.addresses.text()


def test_assistive_programs_hear_whose_checkbox_it_is(widget: DeviceRow) -> None:
    assert widget.routing.accessibleName() == "Allow routing for home-pc"
    assert widget.lan.accessibleName() == "Local network access for home-pc"
    assert widget.button.accessibleName() == "Route: home-pc"


def test_a_device_that_does_not_host_has_no_button_and_a_greyed_one_has_a_reason(widget: DeviceRow) -> None:
    show(widget, device("home-pc", granted=Permissions()))
    assert not widget.button.isEnabled()
    assert "has not allowed routing" in widget.permits.text()
    show(widget, device("home-pc", can_host=False))
    assert not widget.button.isVisible()
