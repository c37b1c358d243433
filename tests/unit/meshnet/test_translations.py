"""Every text of the desktop app stands in every language that it is shipped in."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import translations
from support.translations import NotLiteralError, Text, Translated

TS = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>Tray</name>
    <message><source>Quit</source><translation>Beenden</translation></message>
    <message><source>Stop</source><translation type="unfinished"></translation></message>
    <message><source>Open</source><comment>the door</comment><translation>Öffnen</translation></message>
    <message><source>Gone</source><translation type="vanished">Weg</translation></message>
</context>
</TS>
"""


@pytest.fixture
def ts(tmp_path: Path) -> Path:
    made = tmp_path / "made.ts"
    made.write_text(TS, "utf-8")
    return made


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_a_language_is_complete_and_compiled(language: str) -> None:
    file = translations.FOLDER / f"meshnet_{language}.ts"
    there = translations.read(file)
    left = [*translations.faults(translations.wanted(), there), *translations.stale(there, file.with_suffix(".qm"))]
    assert left == [], "run ./dev translations, translate what it names, and run it again"


def test_texts_are_found_as_they_stand_in_the_sources(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(
        'def f():\n    translate("Tray", "Quit")\n    translate("Tray", "A " "long {one}", "a remark").format(one=1)\n'
    )
    assert translations.wanted(tmp_path) == {Text("Tray", "Quit"), Text("Tray", "A long {one}", "a remark")}


@pytest.mark.parametrize("call", ['translate("Tray", name)', 'translate("Tray", f"{name}")'])
def test_a_text_that_lupdate_cannot_find_is_a_fault(call: str) -> None:
    with pytest.raises(NotLiteralError, match="line 1"):
        list(translations.texts_of(call))


def test_a_file_is_read_without_what_is_gone(ts: Path) -> None:
    assert translations.read(ts) == {
        Text("Tray", "Quit"): Translated("Beenden", True),
        Text("Tray", "Stop"): Translated("", False),
        Text("Tray", "Open", "the door"): Translated("Öffnen", True),
    }


@pytest.mark.parametrize(
    ("text", "translated", "fault"),
    [
        ("Quit", Translated("Beenden", True), None),
        ("Quit", Translated("Beenden", False), "not translated"),
        ("Quit", Translated("", True), "not translated"),
        ("{one} of {two}", Translated("von {two} {one}", True), None),
        ("{one} of {two}", Translated("{one} von {zwei}", True), "other places"),
        ("{one}", Translated("eins", True), "other places"),
        ("&Quit", Translated("Beenden", True), "mnemonic"),
        ("Down && up", Translated("Ab && auf", True), None),
    ],
)
def test_a_translation_that_does_not_fit_its_text_is_a_fault(
    text: str, translated: Translated, fault: str | None
) -> None:
    found = translations.faults([Text("Tray", text)], {Text("Tray", text): translated})
    assert [one.startswith(fault or "-") or (fault or "-") in one for one in found] == ([True] if fault else [])


def test_a_text_without_a_place_in_the_file_and_one_that_is_asked_for_no_more_are_faults() -> None:
    found = translations.faults([Text("Tray", "Quit")], {Text("Tray", "Stop"): Translated("Halt", True)})
    assert found == ["not in the file, or asked for in an f-string: Tray: 'Quit'", "no longer asked for: Tray: 'Stop'"]


def test_a_compiled_file_that_says_something_else_is_a_fault(ts: Path, tmp_path: Path) -> None:
    qm = tmp_path / "made.qm"
    translations.compile_to(ts, qm)
    assert translations.stale(translations.read(ts), qm) == []
    ts.write_text(TS.replace("Beenden", "Schließen"), "utf-8")
    assert translations.stale(translations.read(ts), qm) == ["compiled otherwise: Tray: 'Quit'"]
    qm.unlink()
    assert translations.stale(translations.read(ts), qm) == ["cannot be read: made.qm"]
