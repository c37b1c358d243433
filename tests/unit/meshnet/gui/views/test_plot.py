"""The plot of traffic."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPaintEvent
from pytestqt.qtbot import QtBot

from meshnet.gui.models.traffic import History, Sample, rate_in_words
from meshnet.gui.views import theme
from meshnet.gui.views.plot import Curve, Traffic, lines
from meshnet.gui.views.theme import Tone

AREA = QRectF(0, 0, 300, 50)


def history(*samples: tuple[float, int, int]) -> History:
    made = History()
    for sample in samples:
        made = made.added(Sample(*sample))
    return made


def test_the_newest_rate_is_at_the_right_and_its_height_goes_by_the_scale() -> None:
    made = history((290, 0, 0), (300, 5000, 10_000))
    ((down,),) = lines(made.rates, False, 300, 1000, AREA)
    ((up,),) = lines(made.rates, True, 300, 1000, AREA)
    assert down.x() == up.x() == 295
    assert (down.y(), up.y()) == (25, 0)


def test_a_gap_is_no_line() -> None:
    made = history((0, 0, 0), (5, 100, 0), (10, 200, 0), (100, 300, 0), (105, 400, 0))
    assert [len(points) for points in lines(made.rates, False, 105, 1000, AREA)] == [2, 1]


def test_what_is_older_than_the_plot_is_not_drawn() -> None:
    made = history((0, 0, 0), (5, 100, 0), (320, 200, 0), (325, 300, 0))
    assert len(lines(made.rates, False, 325, 1000, AREA)) == 1


def test_numbers_and_curve_say_what_came_and_what_went(qtbot: QtBot) -> None:
    traffic = Traffic()
    qtbot.addWidget(traffic)
    assert traffic.down.rate.text() == rate_in_words(0)
    made = history((0, 0, 0), (5, 6_000_000, 50_000))
    traffic.show_history(made)
    assert traffic.down.rate.text() == rate_in_words(1_200_000)
    assert traffic.up.rate.text() == rate_in_words(10_000)
    assert traffic.down.total.text() == "6.0 MB in all"
    assert rate_in_words(1_200_000) in traffic.curve.accessibleDescription()
    assert not traffic.grab().isNull()


@pytest.mark.parametrize("tone", [Tone.DOWN, Tone.UP])
def test_both_directions_are_drawn_in_their_colors(qtbot: QtBot, tone: Tone) -> None:
    curve = Curve()
    qtbot.addWidget(curve)
    curve.resize(300, 58)
    amounts = (5_000_000, 0) if tone is Tone.DOWN else (0, 5_000_000)
    curve.show_history(history((0, 0, 0), *((at, at * amounts[0], at * amounts[1]) for at in range(10, 300, 10))))
    image, wanted = curve.grab().toImage(), theme.color(tone).rgb()
    assert any(image.pixel(x, y) == wanted for x in range(image.width()) for y in range(image.height()))


def test_it_is_painted_for_what_is_new_and_not_while_nobody_sees_it(qtbot: QtBot) -> None:
    painted = []

    class Watched(Curve):
        def paintEvent(self, event: QPaintEvent) -> None:
            painted.append(event)
            super().paintEvent(event)

    curve = Watched()
    qtbot.addWidget(curve)
    made = history((0, 0, 0), (5, 100, 100))
    curve.show_history(made)
    qtbot.wait(1)
    assert painted == []
    with qtbot.waitExposed(curve):
        curve.show()
    qtbot.waitUntil(lambda: bool(painted))
    painted.clear()
    curve.show_history(made)
    qtbot.wait(1)
    assert painted == []
    curve.show_history(made.added(Sample(10, 200, 200)))
    qtbot.waitUntil(lambda: bool(painted))
