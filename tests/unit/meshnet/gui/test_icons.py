"""The drawings."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import joined

from meshnet.gui import icons
from meshnet.gui.models.mesh import Snapshot


@pytest.mark.parametrize("state", icons.STATES)
@pytest.mark.parametrize("size", [16, 22, 64])
def test_every_state_is_legible_on_dark_and_on_light_panels(qtbot: QtBot, state: str, size: int) -> None:
    image = icons.icon(state).pixmap(size, size).toImage()
    lightness = {
        QColor(image.pixelColor(x, y)).lightness()
        for x in range(size)
        for y in range(size)
        if image.pixelColor(x, y).alpha() > 250
    }
    assert max(lightness) - min(lightness) > 80


def test_the_states_look_different(qtbot: QtBot) -> None:
    drawings = [icons.icon(state).pixmap(32, 32).toImage() for state in icons.STATES]
    assert all(a != b for number, a in enumerate(drawings) for b in drawings[:number])


def test_without_a_daemon_or_a_mesh_the_mark_is_off() -> None:
    assert icons.state_of(Snapshot(connected=False, status=joined("routing"))) == "off"
    assert icons.state_of(Snapshot(connected=True, status=joined("not-joined"))) == "off"
    assert icons.state_of(Snapshot(connected=True, status=joined("routing"))) == "routing"
