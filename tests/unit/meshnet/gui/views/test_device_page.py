"""One tab of devices."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import device, joined

from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.views.device_page import FEW, DevicePage
from meshnet.protocol.local import Capability, DeviceView

MANY = [device(f"device-{number:02}", number) for number in range(2, 32)]


@pytest.fixture
def page(qtbot: QtBot) -> DevicePage:
    made = shown(qtbot, "yours")
    made.show_mesh(mesh_of(*MANY))
    return made


def shown(qtbot: QtBot, group: str) -> DevicePage:
    made = DevicePage(group)
    qtbot.addWidget(made)
    made.resize(640, 480)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def mesh_of(*views: DeviceView) -> Snapshot:
    return Snapshot(connected=True, status=joined(), devices={view.id: view for view in views})


def names(page: DevicePage) -> list[str]:
    """The devices that can be reached, among the first four."""
    found = []
    for view in MANY[:4]:
        try:
            found.append(page.row(view.id).name.text())
        except KeyError:
            continue
    return found


def test_a_search_is_there_where_there_are_many(page: DevicePage) -> None:
    assert page.search.isVisible()
    page.list.setFocus()
    page.show_mesh(mesh_of(*MANY[:FEW]))
    assert not page.search.isVisible()
    assert page.count.text() == "8 devices, 8 online"
    page.show_mesh(mesh_of(device("nas", online=False)))
    assert page.count.text() == "1 device, 0 online"


def test_a_search_is_not_taken_away_while_it_is_used(page: DevicePage) -> None:
    page.list.setFocus()
    page.search.setText("device-02")
    page.show_mesh(mesh_of(*MANY[:FEW]))
    assert page.search.isVisible()
    page.search.clear()
    page.search.setFocus()
    page.show_mesh(mesh_of(*MANY[:3]))
    assert page.search.isVisible()
    page.list.setFocus()
    page.show_mesh(mesh_of(*MANY[:FEW]))
    assert not page.search.isVisible()


def test_what_is_searched_for_is_shown_alone_until_escape(page: DevicePage) -> None:
    QTest.keyClicks(page.search, "device-03")
    assert names(page) == ["device-03"]
    page.show_mesh(mesh_of(*MANY, device("new", 99)))
    assert names(page) == ["device-03"]
    QTest.keyClick(page.search, Qt.Key.Key_Escape)
    assert len(names(page)) == 4


def test_a_search_that_finds_nothing_says_so(page: DevicePage) -> None:
    page.search.setText("nothing like it")
    assert page.list.empty.isVisible()
    assert page.list.empty.text() == "No device matches the search."


def test_ctrl_f_searches_and_down_leads_into_the_list(page: DevicePage) -> None:
    page.row(MANY[3].id).routing.setFocus()
    QTest.keyClick(page, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert page.window().focusWidget() is page.search
    QTest.keyClick(page.search, Qt.Key.Key_Down)
    assert page.row(MANY[0].id).star.hasFocus()


def test_adding_a_device_is_offered_beside_the_list_and_in_its_place(qtbot: QtBot, page: DevicePage) -> None:
    with qtbot.waitSignal(page.invite_wanted):
        page.add.click()
    page.show_mesh(mesh_of())
    assert not page.add.isVisible()
    assert "phone" in page.empty.text.text()
    with qtbot.waitSignal(page.invite_wanted):
        page.empty.add.click()


def test_an_empty_tab_of_external_devices_explains_itself(qtbot: QtBot) -> None:
    page = shown(qtbot, "external")
    page.show_mesh(mesh_of())
    assert page.empty.isVisible()
    assert "Nothing is permitted to them until you allow it." in page.empty.text.text()
    assert page.empty.add.isVisible()


def test_external_invites_are_offered_only_where_the_daemon_can_make_them(qtbot: QtBot) -> None:
    page = shown(qtbot, "external")
    able = mesh_of(device("ada-pc", group="external"))
    page.show_mesh(able)
    assert page.add.isVisible()
    others = tuple(one for one in Capability if one is not Capability.EXTERNAL)
    page.show_mesh(replace(able, status=joined(capabilities=others)))
    assert not page.add.isVisible()
    page.show_mesh(replace(able, status=joined(capabilities=others), devices={}))
    assert not page.empty.add.isVisible()
    assert "cannot make yet" in page.empty.text.text()


def test_a_wish_shows_at_once_and_is_undone_when_it_was_refused(page: DevicePage) -> None:
    mesh = mesh_of(*MANY)
    box = page.row(MANY[0].id).incoming
    assert box.isChecked()
    page.show_mesh(replace(mesh, asked={(MANY[0].id, "incoming"): False}))
    assert not box.isChecked()
    page.show_mesh(mesh)
    assert box.isChecked()


def test_a_click_that_the_daemon_refuses_before_anything_is_shown_is_undone(page: DevicePage) -> None:
    mesh = mesh_of(*MANY)
    box = page.row(MANY[0].id).incoming
    page.granted.connect(lambda device, grant, wanted: page.show_mesh(replace(mesh, asked={(device, grant): wanted})))
    box.click()
    assert not box.isChecked()
    page.show_mesh(mesh)
    assert box.isChecked()


def test_what_is_done_in_a_row_is_passed_on(qtbot: QtBot, page: DevicePage) -> None:
    row = page.row(MANY[0].id)
    for signal, act in (
        (page.chosen, row.button.click),
        (page.granted, row.routing.click),
        (page.favoured, row.star.click),
    ):
        with qtbot.waitSignal(signal):
            act()
    row.more.click()
    with qtbot.waitSignal(page.remove_wanted) as removed:
        row.menu.remove.trigger()
    row.menu.close()
    assert removed.args == [MANY[0].id]
