"""What pages to fill in are made of."""

from __future__ import annotations

from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from meshnet.gui.views import theme
from meshnet.gui.views.form import AccentButton, ChoiceCard, CopyField, Field, PlainButton


def test_the_accent_is_of_the_theme_and_follows_it(qtbot: QtBot, qapp: QApplication) -> None:
    theme.begin(qapp, "light")
    button, plain = AccentButton("Do"), PlainButton("Do")
    qtbot.addWidget(button)
    qtbot.addWidget(plain)

    def ground(widget: QWidget) -> QColor:
        return widget.grab().toImage().pixelColor(6, widget.height() // 2)

    try:
        light = ground(button)
        assert light == qapp.palette().color(QPalette.ColorRole.Accent)
        assert ground(plain) != light
        theme.choose("dark")
        qtbot.waitUntil(lambda: ground(button) not in (light, ground(plain)), timeout=30_000)
    finally:
        theme.choose("light")


def test_a_field_is_called_by_its_label_and_says_what_is_wrong(qtbot: QtBot) -> None:
    field = Field("&Invite link")
    qtbot.addWidget(field)
    assert field.line.accessibleName() == "Invite link"
    assert field.called.buddy() is field.line
    field.complain("It is damaged.")
    assert not field.complaint.isHidden()
    field.complain("")
    assert field.complaint.isHidden()


def test_a_copy_button_says_that_it_copied_and_rests_again(qtbot: QtBot) -> None:
    field = CopyField("Command")
    qtbot.addWidget(field)
    field.show_text("meshnet status")
    assert field.button.minimumWidth() >= field.button.sizeHint().width()
    field.button.click()
    assert QGuiApplication.clipboard().text() == "meshnet status"
    assert field.button.text() == "Copied"
    assert field.button.minimumWidth() >= field.button.sizeHint().width()
    qtbot.waitUntil(lambda: field.button.text() == "Cop&y", timeout=30_000)


def test_a_choice_is_a_button_as_tall_as_its_sentence(qtbot: QtBot) -> None:
    card = ChoiceCard("Join a mesh", "A sentence that says what that means. " * 5)
    qtbot.addWidget(card)
    assert card.accessibleName() == "Join a mesh"
    assert card.heightForWidth(250) > card.heightForWidth(900)
    with qtbot.waitSignal(card.clicked):
        card.click()
