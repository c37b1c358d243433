"""The dialog that adds a device."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import LAPTOP, device, joined

from meshnet.core.records import STOCK
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.views.invite import AddDeviceDialog
from meshnet.protocol.local import Capability, Invitation, PhoneAdded
from meshnet.protocol.phone import config_of

HOME = device("home-pc", 2)
GUEST = device("<b>new</b> laptop", 3)
MESH = Snapshot(connected=True, status=joined(), devices={HOME.id: HOME})
LINK = Invitation("meshnet://join/mesh.example:8443/" + "k" * 43, "2030-05-01T12:00:00Z")
ADDED = PhoneAdded("p" * 26, "Ada's", "100.64.0.9", "fd00::9", "home-pc", "H" * 43, "192.0.2.1:1", "100.64.0.2")
CONFIG = config_of(ADDED, "S" * 43 + "=")


@pytest.fixture
def dialog(qtbot: QtBot) -> AddDeviceDialog:
    made = AddDeviceDialog()
    qtbot.addWidget(made)
    made.show_mesh(MESH)
    made.show()
    return made


def wishes(dialog: AddDeviceDialog) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    dialog.invite_wanted.connect(lambda *wish: found.append(wish))
    dialog.phone_wanted.connect(lambda *wish: found.append(wish))
    return found


def visible_text(dialog: AddDeviceDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def with_guest() -> Snapshot:
    return replace(MESH, devices={**MESH.devices, GUEST.id: GUEST})


def test_a_link_holds_a_day_unless_something_else_is_chosen(dialog: AddDeviceDialog) -> None:
    found = wishes(dialog)
    page = dialog.computer
    page.make.click()
    assert not page.ask.isEnabled(), "it is being made"
    page.show_busy(False)
    page.expiry.setCurrentIndex(2)
    page.make.click()
    assert found == [(86_400,), (604_800,)]


def test_the_link_is_shown_with_its_code_and_can_be_copied(dialog: AddDeviceDialog) -> None:
    page = dialog.computer
    assert not page.result.isVisible()
    dialog.show_invitation(LINK)
    assert page.ask.isEnabled()
    assert page.link.line.text() == LINK.link
    assert page.link.line.isReadOnly()
    assert page.code.modules > 0
    assert "lets one device in, until" in visible_text(dialog)
    page.link.button.click()
    assert QGuiApplication.clipboard().text() == LINK.link


def test_it_says_when_the_device_has_joined(dialog: AddDeviceDialog) -> None:
    dialog.show_invitation(LINK)
    dialog.show_mesh(replace(MESH, connected=False, devices={}))
    dialog.show_mesh(MESH)
    assert not dialog.computer.joined.isVisible(), "the daemon was away, and nobody came"
    dialog.show_mesh(with_guest())
    assert dialog.computer.joined.text() == "<b>new</b> laptop has joined your mesh."
    assert dialog.computer.joined.textFormat() is Qt.TextFormat.PlainText
    dialog.show_invitation(LINK)
    assert not dialog.computer.joined.isVisible(), "the next link is for somebody else"


def test_the_first_device_beside_this_one_is_a_guest_too(dialog: AddDeviceDialog) -> None:
    dialog.show_mesh(replace(MESH, devices={}))
    dialog.show_invitation(LINK)
    dialog.show_mesh(replace(MESH, devices={GUEST.id: GUEST}))
    assert dialog.computer.joined.isVisible()


def test_a_phone_of_the_other_page_did_not_come_by_the_link(dialog: AddDeviceDialog) -> None:
    dialog.show_invitation(LINK)
    phone = device("phone", 9, platform=STOCK)
    dialog.show_mesh(replace(MESH, devices={**MESH.devices, phone.id: phone}))
    assert not dialog.computer.joined.isVisible()


@pytest.mark.parametrize(
    ("capabilities", "is_there"), [(tuple(Capability), True), ((Capability.ROUTE, Capability.HOST), False)]
)
def test_phones_are_there_where_the_daemon_can_add_them(
    dialog: AddDeviceDialog, capabilities: tuple[str, ...], is_there: bool
) -> None:
    dialog.show_mesh(replace(MESH, status=joined(capabilities=capabilities)))
    assert dialog.tabs.isTabVisible(1) is is_there


def test_a_phone_needs_a_name_and_a_host(dialog: AddDeviceDialog) -> None:
    found = wishes(dialog)
    dialog.tabs.setCurrentIndex(1)
    page = dialog.phone
    assert not page.make.isEnabled()
    page.name.line.setText(" Ada's ")
    page.host.setCurrentIndex(1)
    page.make.click()
    assert found == [("Ada's", HOME.id)]


def test_the_chosen_host_stays_chosen_when_others_come_and_go(dialog: AddDeviceDialog) -> None:
    page = dialog.phone
    page.host.setCurrentIndex(1)
    attic = device("attic", 8)
    dialog.show_mesh(replace(MESH, devices={HOME.id: HOME, attic.id: attic}))
    assert page.host.currentData() == HOME.id
    dialog.show_mesh(replace(MESH, devices={attic.id: attic}))
    assert page.host.currentData() == LAPTOP.id


def test_the_code_of_a_phone_is_shown_once_and_forgotten_with_the_dialog(dialog: AddDeviceDialog) -> None:
    dialog.tabs.setCurrentIndex(1)
    page = dialog.phone
    dialog.show_phone(ADDED, CONFIG)
    assert page.code.modules > 0
    assert not page.ask.isVisible()
    assert "shown this once and kept nowhere" in visible_text(dialog)
    assert "home-pc must allow Ada's to route" in visible_text(dialog)
    assert "S" * 43 not in visible_text(dialog)
    dialog.show_mesh(replace(MESH, status=joined(capabilities=())))
    assert dialog.tabs.isTabVisible(1), "it cannot be had a second time"
    dialog.reject()
    assert page.code.modules == 0
    assert dialog.computer.link.line.text() == ""


def test_a_failure_is_said_and_what_was_filled_in_stays(dialog: AddDeviceDialog) -> None:
    dialog.tabs.setCurrentIndex(1)
    page = dialog.phone
    page.name.line.setText("Ada's")
    page.make.click()
    dialog.show_failure("Another device of the mesh has that name.", "Choose another name.")
    assert "Another device of the mesh has that name. Choose another name." in visible_text(dialog)
    assert page.ask.isEnabled()
    assert page.name.text == "Ada's"


def test_a_failure_after_the_code_is_there_does_not_take_it_away(dialog: AddDeviceDialog) -> None:
    dialog.tabs.setCurrentIndex(1)
    dialog.show_phone(ADDED, CONFIG)
    dialog.show_failure("The system refused a step.")
    assert dialog.phone.code.modules > 0
    assert dialog.phone.code.isVisible()


def test_escape_closes_it(dialog: AddDeviceDialog) -> None:
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_it_makes_room_for_the_code_as_soon_as_there_is_one(qtbot: QtBot, dialog: AddDeviceDialog) -> None:
    qtbot.waitExposed(dialog)
    dialog.show_invitation(LINK)
    code = dialog.computer.code
    qtbot.waitUntil(lambda: min(code.width(), code.height()) >= code.sizeHint().height())


def test_it_fits_a_small_screen(dialog: AddDeviceDialog) -> None:
    dialog.show_invitation(LINK)
    dialog.show_phone(ADDED, CONFIG)
    assert dialog.minimumSizeHint().height() <= 700
    assert dialog.minimumSizeHint().width() <= 700
