"""The languages of the app."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QLocale
from pytestqt.qtbot import QtBot

from meshnet.gui import languages
from meshnet.gui.languages import Languages, spoken
from meshnet.gui.models.language import translate


@pytest.fixture
def speaker(qtbot: QtBot) -> Iterator[Languages]:
    made, before = Languages(), QLocale()
    yield made
    made.speak("en")
    QLocale.setDefault(before)


@pytest.mark.parametrize(
    ("chosen", "wanted", "code"),
    [
        ("fr", ["de-DE"], "fr"),
        ("", ["de-Latn-AT", "de-AT", "de"], "de"),
        ("", ["es-ES", "fr_CA", "en"], "fr"),
        ("", ["C"], "en"),
        ("xx", [], "en"),
        ("", ["en-US", "de"], "en"),
    ],
)
def test_the_chosen_language_is_spoken_or_the_first_of_the_systems_that_there_is(
    chosen: str, wanted: list[str], code: str
) -> None:
    assert spoken(chosen, wanted) == code


@pytest.mark.parametrize("code", ["de", "fr"])
def test_numbers_qts_own_texts_and_ours_follow_the_language_and_go_back(code: str, speaker: Languages) -> None:
    assert speaker.speak(code) == code
    assert QLocale().language() == QLocale(code).language()
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") != "Cancel"
    assert translate("Reasons", "en", "the code of the language of these texts, such as de or fr") == code
    speaker.speak("en")
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Cancel"
    assert QLocale().language() == QLocale.Language.English


def test_a_language_whose_texts_are_missing_is_english(
    speaker: Languages, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    speaker.speak("de")
    assert translate("Reasons", "Try again.") == "Try again."


def test_every_language_is_named_in_its_own_words() -> None:
    assert dict(languages.available()) == {"en": "English", "de": "Deutsch", "fr": "Français"}
