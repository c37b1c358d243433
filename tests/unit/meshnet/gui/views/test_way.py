"""The drawing of the way."""

from __future__ import annotations

from itertools import pairwise

import pytest
from pytestqt.qtbot import QtBot

from meshnet.gui.models.way import Kind, Link, Stop, Way
from meshnet.gui.views.way import NODE, WayView, places

START, END = Stop(Kind.DEVICE, "This device", "laptop"), Stop(Kind.INTERNET, "Internet", "203.0.113.7", Link.GOOD)


def way(*hosts: str, link: Link = Link.GOOD) -> Way:
    stops = (Stop(Kind.HOST, name, "Linux", link, ("direct", "23 ms")) for name in hosts)
    return Way((START, *stops, END), "The world sees 203.0.113.7.")


@pytest.fixture
def view(qtbot: QtBot) -> WayView:
    made = WayView()
    qtbot.addWidget(made)
    return made


def test_stops_are_apart_and_inside_the_width() -> None:
    found = places([80, 60, 90], [70, 0], [40, 0], 560)
    assert found is not None
    assert not found.split
    assert found.centers[0] - found.texts[0] / 2 >= 0
    assert found.centers[-1] + found.texts[-1] / 2 <= 560
    for (left, left_room), (right, right_room) in pairwise(zip(found.centers, found.texts, strict=True)):
        assert left + left_room / 2 < right - right_room / 2


def test_what_is_said_of_a_link_takes_two_lines_before_names_are_shortened_much() -> None:
    found = places([90, 90, 90, 90], [200, 200, 0], [60, 60, 0], 560)
    assert found is not None
    assert found.split
    assert found.texts[0] == 90


def test_where_nothing_fits_it_says_so() -> None:
    assert places([90] * 9, [0] * 8, [0] * 8, 300) is None


def test_nothing_to_draw_is_hidden_and_read_aloud_as_nothing(view: WayView) -> None:
    view.show_way(way("home-pc"))
    assert "This device to home-pc: direct, 23 ms." in view.accessibleDescription()
    view.show_way(Way())
    assert view.isHidden()
    assert view.accessibleDescription() == ""
    assert view.told_at(10) == ""


@pytest.mark.parametrize("width", [1, 120, 320, 560, 1600])
@pytest.mark.parametrize("hosts", [0, 1, 4, 5, 20])
def test_any_way_is_drawn_in_any_width(view: WayView, width: int, hosts: int) -> None:
    view.resize(width, view.sizeHint().height())
    view.show_way(way(*(f"host-{number}" for number in range(hosts)), link=Link.BROKEN))
    assert not view.grab().isNull()


def test_four_hosts_fit_into_a_small_window_and_twenty_do_not_need_more(view: WayView) -> None:
    assert view.minimumSizeHint().width() <= 400
    view.resize(536, view.sizeHint().height())
    view.show_way(way(*["host"] * 4))
    told = [view.told_at(x) for x in range(0, 536, int(NODE))]
    assert not any("more hosts" in text for text in told)
    view.show_way(way(*["host"] * 20))
    assert any("more hosts" in view.told_at(x) for x in range(0, 536, 5))


def test_a_tooltip_tells_the_whole_name_of_a_stop_and_cannot_be_markup(view: WayView) -> None:
    view.resize(536, view.sizeHint().height())
    view.show_way(Way((START, Stop(Kind.HOST, "<b>" + "x" * 40, "Linux", Link.GOOD, ("direct",)), END)))
    assert view.told_at(0).startswith("This device\nlaptop")
    assert view.told_at(535).startswith("Internet\n203.0.113.7")
    assert view.told_at(268).startswith("‹b›" + "x" * 40)


@pytest.mark.parametrize("link", list(Link))
def test_every_link_and_every_stop_looks_different(view: WayView, link: Link) -> None:
    view.resize(536, view.sizeHint().height())
    pictures = []
    for other in Link:
        view.show_way(way("home-pc", link=other))
        pictures.append((other, view.grab().toImage()))
    mine = next(picture for other, picture in pictures if other is link)
    assert [other for other, picture in pictures if picture == mine] == [link]
