"""QR codes as cameras need them."""

from __future__ import annotations

import pytest
import segno
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from meshnet.gui.views import theme
from meshnet.gui.views.qr import QrCode

LINK = "meshnet://join/mesh.example:8443/" + "k" * 43


@pytest.fixture
def code(qtbot: QtBot) -> QrCode:
    made = QrCode()
    qtbot.addWidget(made)
    made.show_text(LINK, "The invite link as a QR code")
    return made


def drawn(code: QrCode, ratio: float) -> QImage:
    """What it looks like on a screen of this many pixels for each logical one."""
    image = QImage(int(code.width() * ratio), int(code.height() * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor("#123456"))
    code.render(image)
    return image


@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_every_module_is_the_one_of_the_code_dark_on_white(qapp: QApplication, code: QrCode, appearance: str) -> None:
    theme.begin(qapp, appearance)
    code.resize(code.modules * 3, code.modules * 3)
    image = drawn(code, 1.0)
    wanted = [[bool(dark) for dark in row] for row in segno.make_qr(LINK, error="l").matrix_iter(border=4)]
    shown = [
        [image.pixelColor(x * 3 + 1, y * 3 + 1).lightness() < 128 for x in range(code.modules)]
        for y in range(code.modules)
    ]
    theme.choose("light")
    assert shown == wanted


@pytest.mark.parametrize("size", [(301, 222), (77, 400)])
def test_there_are_no_shades_between_dark_and_white(code: QrCode, size: tuple[int, int]) -> None:
    code.resize(*size)
    image = drawn(code, 1.0)
    ground = QApplication.palette().color(code.backgroundRole()).rgb()
    pixels = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
    assert pixels <= {0xFF000000, 0xFFFFFFFF, ground}


def test_it_asks_for_room_that_cameras_like_and_says_what_it_is(code: QrCode) -> None:
    assert code.sizeHint().width() == 4 * code.modules
    assert code.minimumSizeHint().width() == 2 * code.modules
    assert code.accessibleName() == "The invite link as a QR code"


def test_without_a_text_nothing_is_drawn(code: QrCode) -> None:
    code.show_text("", "")
    code.resize(40, 40)
    assert code.modules == 0
    assert drawn(code, 1.0).pixel(20, 20) != 0xFF000000
