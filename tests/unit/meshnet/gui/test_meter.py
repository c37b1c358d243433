"""How much went through the tunnel, as the daemon tells it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import FakeDaemon, device, joined, route

from meshnet.gui.link import DaemonLink
from meshnet.gui.meter import Meter
from meshnet.gui.models.traffic import History

ROUTE = route(device("home-pc"))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def meter(daemon: FakeDaemon, link: DaemonLink, clock: Clock) -> Iterator[Meter]:
    daemon.status = joined("routing", route=ROUTE)
    daemon.listen()
    made = Meter(link, clock)
    link.start()
    yield made
    made.deleteLater()


def told(qtbot: QtBot, daemon: FakeDaemon, meter: Meter, received: int, sent: int) -> History:
    with qtbot.waitSignal(meter.measured) as seen:
        daemon.tell(joined("routing", route=ROUTE, rx_bytes=received, tx_bytes=sent))
    history: History = seen.args[0]
    return history


def test_every_update_is_a_sample(qtbot: QtBot, daemon: FakeDaemon, meter: Meter, clock: Clock) -> None:
    with qtbot.waitSignal(meter.measured):
        pass
    clock.now = 105.0
    history = told(qtbot, daemon, meter, 5_000, 500)
    assert (history.rates[-1].down, history.rates[-1].up) == (1_000, 100)


def test_a_daemon_that_was_restarted_counts_anew(qtbot: QtBot, daemon: FakeDaemon, meter: Meter, clock: Clock) -> None:
    with qtbot.waitSignal(meter.measured):
        pass
    clock.now = 105.0
    told(qtbot, daemon, meter, 5_000, 500)
    daemon.die()
    daemon.listen()
    with qtbot.waitSignal(meter.measured) as seen:
        pass
    assert not seen.args[0].rates
