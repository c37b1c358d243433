"""The tab of this device."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import LAPTOP, joined

from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.views.this_device import ThisDevice
from meshnet.protocol.local import HostedClient, Status

MESH = Snapshot(connected=True, status=joined(public=("203.0.113.7",)), settings={"own-devices": "none"})


@pytest.fixture
def page(qtbot: QtBot) -> ThisDevice:
    made = ThisDevice()
    qtbot.addWidget(made)
    made.show_mesh(MESH)
    made.resize(560, 500)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_name_and_facts_are_shown_and_gone_with_the_mesh(page: ThisDevice) -> None:
    assert page.name.name.text() == "laptop"
    assert page.facts.text("address4") == "100.64.0.1"
    assert page.facts.text("public") == "203.0.113.7"
    page.show_mesh(Snapshot(connected=True, status=joined()))
    assert page.facts.text("public") == ""


def test_before_there_is_a_mesh_nothing_stumbles(qtbot: QtBot) -> None:
    page = ThisDevice()
    qtbot.addWidget(page)
    for mesh in (Snapshot(), Snapshot(connected=True, status=Status("not-joined")), MESH):
        page.show_mesh(mesh)
    assert page.facts.text("system") == "Linux"


def test_an_address_is_copied_by_its_button(page: ThisDevice) -> None:
    page.facts.copy_mark("address4").click()
    assert QGuiApplication.clipboard().text() == "100.64.0.1"
    assert "IPv4 address" in page.facts.copy_mark("address4").accessibleName()
    assert not page.facts.copy_mark("system").isVisible()


def test_a_new_name_is_typed_and_told(page: ThisDevice, qtbot: QtBot) -> None:
    page.name.rename.click()
    assert page.name.line.text() == "laptop"
    page.name.line.setText("  desk  ")
    with qtbot.waitSignal(page.renamed) as renamed:
        QTest.keyClick(page.name.line, Qt.Key.Key_Return)
    assert renamed.args == ["desk"]
    assert page.name.name.isVisible()


def named(name: str) -> Snapshot:
    return Snapshot(connected=True, status=joined(device=msgspec.structs.replace(LAPTOP, name=name)))


def test_what_is_typed_survives_an_update(page: ThisDevice) -> None:
    page.name.rename.click()
    page.name.line.setText("des")
    page.show_mesh(named("other"))
    assert page.name.line.text() == "des"


def test_no_name_the_same_name_and_cancel_rename_nothing(page: ThisDevice, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(page.renamed):
        page.name.rename.click()
        page.name.line.setText("")
        assert not page.name.save.isEnabled()
        QTest.keyClick(page.name.line, Qt.Key.Key_Return)
        assert page.name.line.isVisible()
        page.name.cancel.click()
        page.name.rename.click()
        page.name.save.click()
    assert page.name.name.isVisible()


def test_escape_ends_the_renaming(page: ThisDevice, qtbot: QtBot) -> None:
    page.activateWindow()
    page.name.rename.click()
    qtbot.waitUntil(page.name.line.hasFocus)
    QTest.keyClick(page.name.line, Qt.Key.Key_Escape)
    qtbot.waitUntil(page.name.name.isVisible)


def test_the_buttons_say_what_is_wanted(page: ThisDevice, qtbot: QtBot) -> None:
    wanted = [
        (page.settings, page.settings_wanted),
        (page.doctor, page.doctor_wanted),
        (page.leave, page.leave_wanted),
    ]
    for button, signal in wanted:
        with qtbot.waitSignal(signal):
            button.click()


def test_what_is_wished_of_hosting_comes_through(page: ThisDevice, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.set_wanted) as wanted:
        page.hosting.routing.click()
    assert wanted.args == ["own-devices", "routing"]


def test_long_names_and_addresses_need_no_wider_window(page: ThisDevice) -> None:
    page.show_mesh(named("n" * 63))
    assert page.minimumSizeHint().width() <= 520
    assert page.name.minimumSizeHint().width() <= 480


def test_the_keyboard_goes_as_the_eye_reads_also_through_what_came_later(page: ThisDevice, qtbot: QtBot) -> None:
    hosting = (HostedClient("p" * 26, "phone", "2026-01-01T00:00:00Z", 1, 1),)
    page.show_mesh(replace(MESH, settings={"own-devices": "routing"}, status=joined(hosting=hosting)))
    page.activateWindow()
    page.name.rename.setFocus()
    row = page.hosting.rows["p" * 26]
    qtbot.waitUntil(row.isVisible)
    expected = [
        page.facts.copy_mark("address4"),
        page.facts.copy_mark("address6"),
        page.facts.copy_mark("mesh"),
        page.hosting.routing,
        page.hosting.lan,
        row.stop,
        row.revoke,
        page.settings,
        page.doctor,
        page.leave,
    ]
    for widget in expected:
        QTest.keyClick(page.focusWidget(), Qt.Key.Key_Tab)
        assert page.focusWidget() is widget
