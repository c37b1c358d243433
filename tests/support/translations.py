"""The translations: brought up to date by `./dev translations`, and checked by a test.

`python -m support.translations` runs Qt's lupdate over the desktop app and lrelease over what it wrote, then says what
is left to translate. The checks below need neither: they read the sources and the files themselves.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

import defusedxml.ElementTree
from PySide6.QtCore import QTranslator

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "app" / "meshnet" / "gui"
FOLDER = ROOT / "resources" / "meshnet_resources" / "translations"
LANGUAGES = ("de", "fr")
FUNCTION = "translate"


@dataclass(frozen=True, slots=True, order=True)
class Text:
    """A text in the sources; the remark tells apart texts that are the same in English."""

    context: str
    text: str
    remark: str = ""

    def __str__(self) -> str:
        return f"{self.context}: {self.text!r}"


@dataclass(frozen=True, slots=True)
class Translated:
    """What a .ts file has for a text."""

    text: str
    is_finished: bool


class NotLiteralError(Exception):
    """A text that Qt's lupdate cannot find."""


def texts_of(source: str) -> Iterator[Text]:
    """Every text that a module asks for."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == FUNCTION:
            yield Text(*(_literal(argument) for argument in node.args))


def _literal(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise NotLiteralError(f"line {node.lineno}: {ast.unparse(node)} is no literal")


def wanted(folder: Path = SOURCES) -> set[Text]:
    """Every text that the app asks for."""
    return {text for file in folder.rglob("*.py") for text in texts_of(file.read_text("utf-8"))}


def read(ts: Path) -> dict[Text, Translated]:
    """What a .ts file holds; what it keeps of texts that are gone is left out."""
    found = {}
    for context in defusedxml.ElementTree.parse(ts).iter("context"):
        name = context.findtext("name") or ""
        for message in context.iter("message"):
            key = Text(name, message.findtext("source") or "", message.findtext("comment") or "")
            translation = message.find("translation")
            kind = None if translation is None else translation.get("type")
            if kind not in ("vanished", "obsolete"):
                text = "" if translation is None else translation.text or ""
                found[key] = Translated(text, kind != "unfinished")
    return found


def faults(asked: Iterable[Text], there: dict[Text, Translated]) -> list[str]:
    """What is wrong with a language, in words."""
    found = []
    for text in sorted(asked):
        translated = there.get(text)
        if translated is None:
            # lupdate does not look into f-strings.
            found.append(f"not in the file, or asked for in an f-string: {text}")
        elif not translated.is_finished or not translated.text:
            found.append(f"not translated: {text}")
        elif places(translated.text) != places(text.text):
            found.append(f"other places: {text} and {translated.text!r}")
        elif mnemonics(translated.text) != mnemonics(text.text):
            found.append(f"a mnemonic too many or too few: {text} and {translated.text!r}")
    return [*found, *(f"no longer asked for: {text}" for text in sorted(set(there) - set(asked)))]


def places(text: str) -> list[str]:
    """The names in braces, in no order."""
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def mnemonics(text: str) -> int:
    """How many letters are underlined."""
    return text.replace("&&", "").count("&")


def stale(there: dict[Text, Translated], qm: Path) -> list[str]:
    """The texts that the compiled file says otherwise than its source."""
    translator = QTranslator()
    if not translator.load(str(qm)):
        return [f"cannot be read: {qm.name}"]
    return [
        f"compiled otherwise: {text}"
        for text, translated in sorted(there.items())
        if translated.is_finished
        and translator.translate(text.context, text.text, text.remark or "") != translated.text
    ]


def main() -> int:
    """Update, compile, and say what is left to do."""
    FOLDER.mkdir(exist_ok=True)
    unfinished = 0
    for language in LANGUAGES:
        ts = FOLDER / f"meshnet_{language}.ts"
        _update(language, ts)
        compile_to(ts, ts.with_suffix(".qm"))
        left = faults(wanted(), read(ts))
        unfinished += len(left)
        print(f"{ts.name}: {f'{len(left)} left to do' if left else 'complete'}", *left, sep="\n  ")
    return 1 if unfinished else 0


def compile_to(ts: Path, qm: Path) -> None:
    """Compile for Qt; what is not translated is left out."""
    _run("pyside6-lrelease", "-silent", str(ts), "-qm", str(qm))


def _update(language: str, ts: Path) -> None:
    options = ("-silent", "-no-obsolete", "-locations", "none", "-sort-messages", "-disable-heuristic", "similartext")
    languages = ("-source-language", "en", "-target-language", language)
    modules = sorted(str(file) for file in SOURCES.rglob("*.py"))
    _run("pyside6-lupdate", *options, *languages, *modules, "-ts", str(ts))


def _run(tool: str, *arguments: str) -> None:
    subprocess.run([str(Path(sys.executable).with_name(tool)), *arguments], check=True)


if __name__ == "__main__":
    sys.exit(main())
