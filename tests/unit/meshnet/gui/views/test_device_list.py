"""The devices of one tab."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import device, joined

from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.rows import rows
from meshnet.gui.views.device_list import DeviceList
from meshnet.gui.views.device_row import DeviceRow
from meshnet.protocol.local import DeviceView

MANY = [device(f"device-{number:03}", number) for number in range(2, 202)]


@pytest.fixture
def around(qtbot: QtBot) -> QWidget:
    """A window with a field, the list, and another field."""
    made = QWidget()
    qtbot.addWidget(made)
    layout = QVBoxLayout(made)
    layout.addWidget(QLineEdit())
    layout.addWidget(DeviceList("Nobody."))
    layout.addWidget(QLineEdit())
    made.resize(600, 500)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


@pytest.fixture
def devices(around: QWidget) -> DeviceList:
    return around.findChildren(DeviceList)[0]


@pytest.fixture
def fields(around: QWidget) -> list[QLineEdit]:
    return around.findChildren(QLineEdit)


def show(devices: DeviceList, *views: DeviceView, group: str = "yours") -> None:
    mesh = Snapshot(connected=True, status=joined(), devices={view.id: view for view in views})
    devices.show_rows(rows(mesh, group))


def press(key: Qt.Key, devices: DeviceList, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    widget = devices.window().focusWidget()
    assert widget is not None
    QTest.keyClick(widget, key, modifier)


def focused(devices: DeviceList) -> str:
    """The accessible name of what has the keyboard."""
    widget = devices.window().focusWidget()
    return widget.accessibleName() if widget else ""


def seen(devices: DeviceList, widget: QWidget) -> bool:
    """Whether all of it is in the visible part of the list."""
    view = devices.viewport()
    return view.rect().contains(widget.rect().translated(widget.mapTo(view, widget.rect().topLeft())))


def test_the_rows_stand_in_order_whenever_their_devices_came(devices: DeviceList) -> None:
    nas, attic, home = device("nas", 2), device("attic", 3), device("home", 4)
    show(devices, nas, home)
    show(devices, nas, home, attic)
    heights = [devices.row(view.id).y() for view in (attic, home, nas)]
    assert heights == sorted(set(heights))


def test_without_devices_it_says_what_it_was_told_to_say(devices: DeviceList) -> None:
    show(devices)
    assert devices.empty.isVisible()
    assert devices.empty.text() == "Nobody."
    show(devices, device("nas"))
    assert not devices.empty.isVisible()


def test_a_device_that_is_gone_has_no_row(devices: DeviceList) -> None:
    nas = device("nas")
    show(devices, nas)
    show(devices)
    with pytest.raises(KeyError):
        devices.row(nas.id)


def test_what_is_done_in_a_row_is_passed_on(qtbot: QtBot, devices: DeviceList) -> None:
    nas = device("nas")
    show(devices, nas)
    with qtbot.waitSignal(devices.granted) as granted:
        devices.row(nas.id).incoming.click()
    assert granted.args == [nas.id, "incoming", False]
    with qtbot.waitSignal(devices.favoured) as favoured:
        devices.row(nas.id).star.click()
    assert favoured.args == [nas.id, True]
    with qtbot.waitSignal(devices.chosen):
        devices.row(nas.id).button.click()


def test_only_rows_near_what_is_seen_have_widgets(devices: DeviceList) -> None:
    show(devices, *MANY)
    bar = devices.verticalScrollBar()
    for value in range(0, bar.maximum(), devices.viewport().height()):
        bar.setValue(value)
    assert len(devices.findChildren(DeviceRow)) < 20


def test_wherever_it_is_scrolled_to_the_right_devices_are_seen(devices: DeviceList) -> None:
    show(devices, *MANY)
    devices.verticalScrollBar().setValue(devices.verticalScrollBar().maximum())
    visible = {row.name.text() for row in devices.findChildren(DeviceRow) if row.isVisible() and seen(devices, row)}
    assert "device-201" in visible
    assert "device-002" not in visible


def test_a_row_far_away_is_brought_into_view(devices: DeviceList) -> None:
    show(devices, *MANY)
    row = devices.row(MANY[150].id)
    assert row.name.text() == "device-152"
    assert seen(devices, row)


def test_the_widget_of_a_device_stays_while_others_come_and_change(devices: DeviceList) -> None:
    nas = device("nas")
    show(devices, nas)
    row = devices.row(nas.id)
    show(devices, device("nas", online=False), device("attic", 3))
    assert devices.row(nas.id) is row
    assert "offline" in row.presence.text()


def test_what_the_person_looks_at_stays_where_it_is_when_devices_come_above(devices: DeviceList) -> None:
    show(devices, *MANY)
    row = devices.row(MANY[100].id)
    before = row.mapTo(devices.viewport(), row.rect().topLeft())
    show(devices, device("a-new-one", 999), *MANY)
    assert row.mapTo(devices.viewport(), row.rect().topLeft()) == before
    assert row.device == MANY[100].id


def test_headings_stand_above_the_first_device_of_each_owner(devices: DeviceList) -> None:
    owners = ["a" * 26, "a" * 26, "b" * 26]
    views = [device(f"pc-{number}", number, "external", owner=owner) for number, owner in enumerate(owners, 2)]
    show(devices, *views, group="external")
    shown = [devices.row(view.id).heading for view in views]
    assert [heading.isVisible() for heading in shown] == [True, False, True]
    cards = [devices.row(view.id).routing.mapTo(devices.row(view.id), devices.rect().topLeft()).y() for view in views]
    assert cards[0] == cards[2] > cards[1]


def test_tab_goes_from_the_field_before_through_all_rows_to_the_field_after(
    devices: DeviceList, fields: list[QLineEdit]
) -> None:
    show(devices, *MANY[:30])
    fields[0].setFocus()
    visited: list[str] = []
    for _ in range(30 * 5 + 1):
        press(Qt.Key.Key_Tab, devices)
        visited.append(focused(devices))
    assert devices.window().focusWidget() is fields[1]
    assert visited[:6] == [
        "Favourite: device-002",
        "Route: device-002",
        "More about device-002",
        "Allow routing for device-002",
        "Allow incoming from device-002",
        "Favourite: device-003",
    ]
    assert len(set(visited)) == 30 * 5 + 1


def test_backtab_goes_the_same_way_back(devices: DeviceList, fields: list[QLineEdit]) -> None:
    show(devices, *MANY[:3])
    fields[1].setFocus()
    press(Qt.Key.Key_Backtab, devices)
    assert focused(devices) == "Allow incoming from device-004"
    for _ in range(3 * 5):
        press(Qt.Key.Key_Backtab, devices)
    assert devices.window().focusWidget() is fields[0]


def test_an_empty_list_is_no_stop(devices: DeviceList, fields: list[QLineEdit]) -> None:
    fields[0].setFocus()
    press(Qt.Key.Key_Tab, devices)
    assert devices.window().focusWidget() is fields[1]


def test_arrows_and_page_keys_go_from_row_to_row_on_the_same_control(devices: DeviceList) -> None:
    show(devices, *MANY)
    devices.row(MANY[0].id).routing.setFocus()
    press(Qt.Key.Key_Down, devices)
    assert focused(devices) == "Allow routing for device-003"
    press(Qt.Key.Key_Up, devices)
    press(Qt.Key.Key_Up, devices)
    assert focused(devices) == "Allow routing for device-002"
    press(Qt.Key.Key_End, devices)
    assert focused(devices) == "Allow routing for device-201"
    assert seen(devices, devices.row(MANY[-1].id))
    press(Qt.Key.Key_PageUp, devices)
    assert "device-002" < focused(devices).removeprefix("Allow routing for ") < "device-201"
    press(Qt.Key.Key_Home, devices)
    assert focused(devices) == "Allow routing for device-002"
    press(Qt.Key.Key_PageDown, devices)
    assert focused(devices) > "Allow routing for device-002"


def test_the_keyboard_stays_with_its_device_when_others_come_before_it(devices: DeviceList) -> None:
    show(devices, *MANY)
    devices.row(MANY[5].id).routing.setFocus()
    show(devices, *(device(f"a-{number:03}", number + 500) for number in range(50)), *MANY)
    assert focused(devices) == f"Allow routing for {MANY[5].name}"


def test_the_keyboard_stays_with_its_device_while_it_is_scrolled_out_of_view(devices: DeviceList) -> None:
    show(devices, *MANY)
    devices.row(MANY[0].id).routing.setFocus()
    devices.verticalScrollBar().setValue(devices.verticalScrollBar().maximum())
    assert focused(devices) == "Allow routing for device-002"
    press(Qt.Key.Key_Down, devices)
    assert focused(devices) == "Allow routing for device-003"
    assert seen(devices, devices.row(MANY[1].id))


def test_when_its_device_goes_the_keyboard_is_on_the_one_that_takes_its_place(devices: DeviceList) -> None:
    show(devices, *MANY[:5])
    devices.row(MANY[2].id).routing.setFocus()
    show(devices, *MANY[:2], *MANY[3:5])
    assert focused(devices) == f"Allow routing for {MANY[3].name}"
    show(devices, *MANY[:2])
    assert focused(devices) == f"Allow routing for {MANY[1].name}"


def test_another_device_of_the_search_far_away_takes_the_keyboard_over(devices: DeviceList) -> None:
    show(devices, *MANY)
    devices.row(MANY[2].id).routing.setFocus()
    show(devices, MANY[190], MANY[191], MANY[192])
    assert focused(devices) == f"Allow routing for {MANY[192].name}"
