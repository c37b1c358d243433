"""The drawings."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import joined

from meshnet.gui import icons
from meshnet.gui.models.mesh import Snapshot
from meshnet.protocol.local import Pause


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


@pytest.mark.parametrize("state", icons.STATES)
def test_a_template_has_one_color_and_a_shape(qtbot: QtBot, state: str) -> None:
    template = icons.template(state)
    image = template.pixmap(32, 32).toImage()
    pixels = [QColor(image.pixelColor(x, y)) for x in range(32) for y in range(32)]
    assert template.isMask()
    assert {pixel.lightness() for pixel in pixels if pixel.alpha()} == {0}
    assert 0.05 < sum(pixel.alpha() > 128 for pixel in pixels) / len(pixels) < 0.6


@pytest.mark.parametrize(("system", "is_mask"), [("darwin", True), ("linux", False), ("win32", False)])
def test_only_the_panel_of_macos_colors_the_icon_itself(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, system: str, is_mask: bool
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert icons.tray_icon("routing").isMask() is is_mask


def test_the_states_differ_by_shape_alone(qtbot: QtBot) -> None:
    shapes = [icons.template(state).pixmap(16, 16).toImage() for state in icons.STATES]
    for number, one in enumerate(shapes):
        for other in shapes[:number]:
            alphas = [
                (one.pixelColor(x, y).alpha(), other.pixelColor(x, y).alpha()) for x in range(16) for y in range(16)
            ]
            assert sum(abs(a - b) > 128 for a, b in alphas) > 20


def test_the_mark_of_the_app_has_every_size_that_desktops_ask_for(qtbot: QtBot) -> None:
    assert {16, 32, 48, 256} <= {size.width() for size in icons.app_icon().availableSizes()}


def test_the_states_look_different(qtbot: QtBot) -> None:
    drawings = [icons.icon(state).pixmap(32, 32).toImage() for state in icons.STATES]
    assert all(a != b for number, a in enumerate(drawings) for b in drawings[:number])


def test_without_a_daemon_or_a_mesh_the_mark_is_off() -> None:
    assert icons.state_of(Snapshot(connected=False, status=joined("routing"))) == "off"
    assert icons.state_of(Snapshot(connected=True, status=joined("not-joined"))) == "off"
    assert icons.state_of(Snapshot(connected=True, status=joined("routing"))) == "routing"


def test_a_pause_has_a_drawing_of_its_own() -> None:
    pause = Pause("home-pc", "1", "2026-01-01T00:00:00Z")
    assert icons.state_of(Snapshot(connected=True, status=joined(pause=pause))) == "paused"
