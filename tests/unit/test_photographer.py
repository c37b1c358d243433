"""Pictures are taken of the real program, and laid on sheets."""

from __future__ import annotations

import os
import sys

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from pathlib import Path

import pytest
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

if sys.platform == "win32":
    pytest.skip("the daemon serves on Unix sockets only as yet", allow_module_level=True)

from support import photographer
from support.photographer import Look, Photographer, history, photograph, sheet
from support.scenes import SCENES


def look(out: Path) -> Look:
    return Look("en", "light", "100", out)


@pytest.mark.usefixtures("qtbot")
def test_a_picture_is_taken_and_laid_on_a_sheet(tmp_path: Path) -> None:
    assert photograph(look(tmp_path), ("routed",), only="menu-routed") == []
    assert QPixmap(str(tmp_path / "en-light-100" / "menu-routed.png")).width() > 50
    assert QPixmap(str(tmp_path / "en-light-100-menu-1.png")).width() > 50


def test_one_picture_that_fails_keeps_no_other_from_being_taken(
    qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> QWidget:
        raise RuntimeError("no such window")

    taker = Photographer(look(tmp_path), only="")
    taker.take("menu", "broken", fail)
    assert taker.failed == ["menu-broken"]
    assert "no such window" in capsys.readouterr().err
    assert qtbot is not None


@pytest.mark.usefixtures("qtbot")
def test_a_sheet_holds_all_pictures_in_rows() -> None:
    tall, wide = QPixmap(100, 300), QPixmap(2000, 500)
    made = sheet([("a", tall), ("b", wide), ("c", tall), ("d", tall), ("e", tall)])
    assert made.height() == 2 * 300 + 2 * photographer._CAPTION
    assert made.width() >= 4 * photographer._THUMBNAIL


def test_the_traffic_behind_a_picture_never_falls() -> None:
    made = history(SCENES["routed"]().status)
    assert len(made.rates) > 40
    assert history(SCENES["idle"]().status).samples == ()


def test_the_main_scenes_are_scenes() -> None:
    assert set(photographer.MAIN) <= SCENES.keys()
