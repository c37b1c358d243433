"""The card of hosting."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from meshnet.gui.models.hosting import Client, Hosting
from meshnet.gui.views.hosting import HostingCard

PHONE = Client("p" * 26, "phone", "since 14:05", can_stop=True, can_revoke=True)
TABLET = Client("t" * 26, "tablet", "stopped until 14:15", stopped=True, can_stop=True, can_revoke=True)
ABLE = Hosting(shown=True, verdict="It can.", able=True, can_share=True, empty="Nobody.")


@pytest.fixture
def card(qtbot: QtBot) -> HostingCard:
    made = HostingCard()
    qtbot.addWidget(made)
    made.show_hosting(replace(ABLE, clients=(PHONE, TABLET)))
    return made


def test_it_is_hidden_where_the_daemon_cannot_host(card: HostingCard) -> None:
    card.show_hosting(Hosting())
    assert card.isHidden()


def test_ticks_are_wishes_and_showing_them_is_none(card: HostingCard, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(card.set_wanted):
        card.show_hosting(replace(ABLE, shares_routing=True, shares_lan=True))
    for box, value in ((card.lan, "routing"), (card.lan, "routing,lan"), (card.routing, "none")):
        with qtbot.waitSignal(card.set_wanted) as wanted:
            box.click()
        assert wanted.args == ["own-devices", value]


def test_the_local_network_is_greyed_until_routing_is_shared(card: HostingCard) -> None:
    assert not card.lan.isEnabled()
    card.routing.click()
    assert card.lan.isEnabled()


def test_without_the_setting_there_are_no_ticks(card: HostingCard) -> None:
    card.show_hosting(replace(ABLE, can_share=False))
    assert not card.routing.isVisibleTo(card)
    assert not card.lan.isVisibleTo(card)


def test_while_nobody_routes_it_says_so(card: HostingCard) -> None:
    assert not card.empty.isVisibleTo(card)
    card.show_hosting(ABLE)
    assert card.empty.isVisibleTo(card)
    assert card.empty.text() == "Nobody."
    assert card.rows == {}


def test_a_client_is_stopped_and_one_that_was_goes_on(card: HostingCard, qtbot: QtBot) -> None:
    for client, stop in ((PHONE, True), (TABLET, False)):
        with qtbot.waitSignal(card.client_stopped) as stopped:
            card.rows[client.id].stop.click()
        assert stopped.args == [client.id, stop]


def test_revoking_takes_routing_away(card: HostingCard, qtbot: QtBot) -> None:
    with qtbot.waitSignal(card.granted) as granted:
        card.rows[PHONE.id].revoke.click()
    assert granted.args == [PHONE.id, "routing", False]


def test_buttons_tell_a_screen_reader_whom_they_mean(card: HostingCard) -> None:
    assert "phone" in card.rows[PHONE.id].stop.accessibleName()
    assert "phone" in card.rows[PHONE.id].revoke.accessibleName()
    assert card.rows[TABLET.id].stop.accessibleName() == "Let tablet go on"


def test_a_row_stays_while_its_numbers_change_and_goes_with_its_client(card: HostingCard) -> None:
    row = card.rows[PHONE.id]
    card.show_hosting(replace(ABLE, clients=(replace(PHONE, remark="since 14:05, more"),)))
    assert card.rows == {PHONE.id: row}
    assert row.remark.text() == "since 14:05, more"


def test_a_client_that_is_stopped_while_shown_can_be_let_on_at_once(card: HostingCard, qtbot: QtBot) -> None:
    card.show_hosting(replace(ABLE, clients=(replace(PHONE, stopped=True),)))
    with qtbot.waitSignal(card.client_stopped) as stopped:
        card.rows[PHONE.id].stop.click()
    assert stopped.args == [PHONE.id, False]


def test_what_the_daemon_cannot_is_not_offered(card: HostingCard) -> None:
    card.show_hosting(replace(ABLE, clients=(Client("", "phone", ""),)))
    row = card.rows["phone"]
    assert not row.stop.isVisibleTo(card)
    assert not row.revoke.isVisibleTo(card)
