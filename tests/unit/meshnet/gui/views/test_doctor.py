"""The doctor's dialog."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from meshnet.gui.views.doctor import DoctorDialog, FindingCard
from meshnet.gui.views.form import CopyButton
from meshnet.protocol.local import Finding, Findings, NatView

ERROR = Finding("ufw-forward", "error", "ufw drops <b>what</b> is forwarded.", "Run `ufw route allow in on mesh0`.")
WARNING = Finding("odd", "warning", "Something is odd.", "Look at it.")


@pytest.fixture
def dialog(qtbot: QtBot) -> DoctorDialog:
    made = DoctorDialog()
    qtbot.addWidget(made)
    made.show()
    return made


def cards(dialog: DoctorDialog) -> list[FindingCard]:
    return [card for card in dialog.findChildren(FindingCard) if card.isVisible()]


def test_while_the_daemon_looks_it_says_so_and_takes_no_further_wish(dialog: DoctorDialog) -> None:
    dialog.show_busy()
    assert dialog.progress.isVisible()
    assert not dialog.again.isEnabled()
    assert dialog.summary.text() == "Looking at this system…"


def test_findings_stand_with_cure_and_command_and_can_be_looked_for_again(dialog: DoctorDialog, qtbot: QtBot) -> None:
    dialog.show_busy()
    dialog.show_findings(Findings((WARNING, ERROR)))
    assert not dialog.progress.isVisible()
    assert dialog.summary.text() == "One thing needs your attention"
    assert [card.accessibleName() for card in cards(dialog)] == ["Problem", "Worth knowing"]
    assert cards(dialog)[0].accessibleDescription() == ERROR.message
    with qtbot.waitSignal(dialog.wanted):
        dialog.again.click()


def test_what_was_found_stays_until_there_is_something_newer(dialog: DoctorDialog) -> None:
    dialog.show_findings(Findings((ERROR,)))
    dialog.show_busy()
    assert len(cards(dialog)) == 1
    assert dialog.summary.text() == "One thing needs your attention"
    dialog.show_findings(Findings((), NatView("one-port", "")))
    assert cards(dialog) == []
    assert dialog.summary.text() == "All is well"
    assert dialog.detail.text()


def test_a_failure_says_what_to_do(dialog: DoctorDialog) -> None:
    dialog.show_findings(Findings((ERROR,)))
    dialog.show_failure("The daemon does not answer.", "Start it.")
    assert (dialog.summary.text(), dialog.detail.text()) == ("The daemon does not answer.", "Start it.")
    assert cards(dialog) == []
    assert dialog.again.isEnabled()


def test_a_command_is_copied_by_the_button_beside_it(dialog: DoctorDialog) -> None:
    dialog.show_findings(Findings((ERROR,)))
    (button,) = dialog.findChildren(CopyButton)
    assert button.accessibleName() == "Copy “ufw route allow in on mesh0”"
    button.click()
    assert button.text() == "Copied"
    assert QGuiApplication.clipboard().text() == "ufw route allow in on mesh0"


def test_escape_closes_it(dialog: DoctorDialog) -> None:
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
