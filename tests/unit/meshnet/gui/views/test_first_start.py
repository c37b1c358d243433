"""The first start: three steps into a mesh, and what is wrong with the daemon."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import joined

from meshnet.core.links import CoordinatorAddress, CreateLink, JoinLink
from meshnet.errors import Code
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.views.first_start import FirstStart
from meshnet.protocol.local import Capability, Status
from support.meshes import COORDINATOR, FakeMesh, seed

AT = CoordinatorAddress("mesh.example", 8443, COORDINATOR.public)
INVITE = str(JoinLink(AT, FakeMesh().key.public, seed("invite")))
LINE = str(CreateLink(AT, seed("token")))
OUTSIDE = Snapshot(connected=True, status=Status("not-joined", capabilities=tuple(Capability)))
INSIDE = Snapshot(connected=True, status=joined())
GONE = Snapshot(trouble="The daemon does not answer", code=Code.DAEMON_UNREACHABLE)


@pytest.fixture
def first(qtbot: QtBot) -> FirstStart:
    made = FirstStart()
    qtbot.addWidget(made)
    made.resize(640, 700)
    made.show()
    made.show_mesh(OUTSIDE)
    return made


def wishes(first: FirstStart) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    first.join_wanted.connect(lambda *wish: found.append(wish))
    first.create_wanted.connect(lambda *wish: found.append(wish))
    return found


def visible_text(first: FirstStart) -> str:
    return "\n".join(label.text() for label in first.findChildren(QLabel) if label.isVisible())


def test_joining_takes_one_choice_a_link_and_a_name(first: FirstStart) -> None:
    found = wishes(first)
    first.choice.to_join.click()
    form = first.join_form
    assert form.isVisible()
    assert not form.go.isEnabled()
    form.pasted.line.setText(f" {INVITE} ")
    form.name.line.setText("desk")
    form.go.click()
    assert found == [(INVITE, "desk", ())]


def test_letting_devices_route_is_a_tick_where_this_system_can_host(first: FirstStart) -> None:
    first.offer_link(INVITE)
    form = first.join_form
    form.share.setChecked(True)
    assert form.share.text().replace("&", "") == "Let my devices route through this one"
    allowed = [form.allow]
    first.show_mesh(Snapshot(connected=True, status=Status("not-joined")))
    assert not form.share.isVisible()
    assert [*allowed, form.allow] == [("routing",), ()]


def test_creating_takes_the_coordinators_line(first: FirstStart) -> None:
    found = wishes(first)
    first.choice.to_create.click()
    form = first.create_form
    assert form.command.line.text() == "meshnet-coordinator address"
    form.pasted.line.setText(LINE)
    form.name.line.setText("desk")
    form.go.click()
    assert found == [(LINE, "desk")]


def test_the_name_of_the_system_is_filled_in(first: FirstStart) -> None:
    first.choice.to_join.click()
    assert first.join_form.name.text == first.create_form.name.text
    first.join_form.name.line.setText("x" * 64)
    assert "63" in first.join_form.name.complaint.text()
    assert first.join_form.name.complaint.isVisible()


def test_what_is_wrong_with_the_link_is_said_below_it(first: FirstStart) -> None:
    first.choice.to_join.click()
    form = first.join_form
    form.pasted.line.setText("hello")
    assert "no invite link" in form.pasted.complaint.text()
    assert form.pasted.line.accessibleDescription() == form.pasted.complaint.text()
    form.pasted.line.setText(INVITE)
    assert not form.pasted.complaint.isVisible()


def test_the_clipboard_is_read_when_the_person_pastes(first: FirstStart) -> None:
    QGuiApplication.clipboard().setText(f"{INVITE}\n")
    first.choice.to_join.click()
    assert first.join_form.line == ""
    first.join_form.paste.click()
    assert first.join_form.line == INVITE
    QGuiApplication.clipboard().clear()


@pytest.mark.parametrize("link", [INVITE, LINE])
def test_a_link_from_outside_fills_the_field_and_does_nothing_more(first: FirstStart, link: str) -> None:
    found = wishes(first)
    first.offer_link(link)
    form = first.join_form if link == INVITE else first.create_form
    assert form.isVisible()
    assert form.line == link
    assert found == []


def test_a_link_that_comes_before_the_daemon_waits_in_its_field(first: FirstStart) -> None:
    first.show_mesh(GONE)
    first.offer_link(INVITE)
    assert first.trouble.isVisible()
    first.show_mesh(OUTSIDE)
    assert first.join_form.isVisible()
    assert first.join_form.line == INVITE


def test_a_refusal_is_said_beside_the_link_which_stays(first: FirstStart) -> None:
    first.offer_link(INVITE)
    first.show_busy(True)
    assert not first.join_form.pasted.isEnabled()
    first.show_failure("The invite link was used already.", "Ask for a new one.")
    form = first.join_form
    assert form.pasted.isEnabled()
    assert form.line == INVITE
    assert "The invite link was used already. Ask for a new one." in visible_text(first)
    form.pasted.line.setText("meshnet://join/other")
    assert not form.failure.isVisible()


def test_while_it_is_being_done_nothing_else_is_begun(first: FirstStart) -> None:
    first.offer_link(INVITE)
    found = wishes(first)
    first.show_busy(True)
    first.join_form.pasted.line.returnPressed.emit()
    first.offer_link("meshnet://join/other")
    assert found == []
    assert first.join_form.line == INVITE
    assert first.join_form.progress.isVisible()


@pytest.mark.parametrize("status_comes_first", [True, False])
def test_the_last_step_stays_until_it_is_read(first: FirstStart, status_comes_first: bool) -> None:
    first.offer_link(INVITE)
    first.show_busy(True)
    assert first.holds
    steps = [lambda: first.show_mesh(INSIDE), first.show_joined]
    for step in steps if status_comes_first else reversed(steps):
        step()
        assert first.holds
        assert first.done.isVisible()
    assert first.join_form.line == "", "a secret that is used up"
    seen: list[bool] = []
    first.finished.connect(lambda: seen.append(True))
    first.done.finish.click()
    assert seen == [True]
    assert not first.holds


def test_who_has_read_the_last_step_does_not_get_it_again_when_the_answer_comes_late(first: FirstStart) -> None:
    first.offer_link(INVITE)
    first.show_busy(True)
    first.show_mesh(INSIDE)
    first.done.finish.click()
    first.show_joined()
    assert not first.holds


def test_after_creating_the_place_of_the_key_and_the_next_step_are_told(first: FirstStart) -> None:
    first.offer_link(LINE)
    first.show_busy(True)
    first.show_mesh(INSIDE)
    first.show_created(None)
    assert "in your keyring" in visible_text(first)
    seen: list[bool] = []
    first.add_device_wanted.connect(lambda: seen.append(True))
    first.done.add_device.click()
    assert seen == [True]
    assert not first.holds


def test_a_mesh_that_was_joined_elsewhere_holds_nobody_up(first: FirstStart) -> None:
    first.offer_link(INVITE)
    first.show_mesh(INSIDE)
    assert not first.holds


def test_without_a_daemon_the_command_can_be_copied(first: FirstStart) -> None:
    first.show_mesh(GONE)
    assert first.trouble.isVisible()
    assert "Meshnet keeps looking by itself." in visible_text(first)
    command = first.trouble.command
    if command.isVisible():
        command.button.click()
        assert QGuiApplication.clipboard().text() == command.line.text()
        assert command.button.text() == "Copied"
    first.show_mesh(OUTSIDE)
    assert first.choice.isVisible()


def test_escape_and_back_lead_to_the_choice_and_keep_the_line(qtbot: QtBot, first: FirstStart) -> None:
    first.activateWindow()
    first.offer_link(INVITE)
    qtbot.waitUntil(first.join_form.pasted.line.hasFocus, timeout=30_000)
    QTest.keyClick(first.join_form.pasted.line, Qt.Key.Key_Escape)
    qtbot.waitUntil(first.choice.isVisible, timeout=30_000)
    first.choice.to_join.click()
    assert first.join_form.line == INVITE
    first.join_form.back.click()
    assert first.choice.isVisible()


def test_the_keyboard_begins_where_the_page_begins(first: FirstStart) -> None:
    first.hide()
    first.show()
    assert first.focusWidget() is first.choice.to_join
    assert first.focusPolicy() is Qt.FocusPolicy.NoFocus


def test_the_keyboard_goes_the_way_of_the_eye(first: FirstStart) -> None:
    first.offer_link(INVITE)
    form = first.join_form
    wanted = [form.pasted.line, form.paste, form.name.line, form.share, form.back, form.go]
    found: list[int] = []
    widget: QWidget | None = form.pasted.line.previousInFocusChain()
    while widget is not None and len(found) < len(wanted):
        widget = widget.nextInFocusChain()
        if widget in wanted:
            found.append(wanted.index(widget))
    assert found == list(range(len(wanted)))


def test_it_fits_a_small_window_at_its_narrowest(first: FirstStart) -> None:
    first.resize(520, 480)
    for page in (first.trouble, first.choice, first.join_form, first.create_form, first.done):
        assert page.minimumSizeHint().width() <= 460
