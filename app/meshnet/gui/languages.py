"""The app's languages: which there are, which one it speaks, and Qt's own texts along with it.

A text that is shown already stays as it is: who changes the language builds the windows anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

ENGLISH = "en"


def available() -> list[tuple[str, str]]:
    """Code and name of every language, each in its own words."""
    return [(ENGLISH, "English"), ("de", "Deutsch"), ("fr", "Français")]


def spoken(chosen: str, wanted: Iterable[str]) -> str:
    """The language to speak: the chosen one, or the first of the system's (`QLocale.uiLanguages`) that there is."""
    known = [code for code, _ in available()]
    return next((code for code in (chosen, *map(_language_of, wanted)) if code in known), ENGLISH)


class Languages:
    """Holds what is installed, for Qt does not."""

    def __init__(self) -> None:
        self._installed: list[QTranslator] = []

    def speak(self, chosen: str) -> str:
        """Speak the language (empty: the system's) from the next text on; returns which one that is."""
        for translator in self._installed:
            QCoreApplication.removeTranslator(translator)
        self._installed.clear()
        code = spoken(chosen, QLocale.system().uiLanguages())
        QLocale.setDefault(_locale(code))
        if code != ENGLISH:
            # The one that was installed last is asked first.
            self._install(_qt_texts(code))
            self._install(_own_texts(code))
        return code

    def _install(self, translator: QTranslator | None) -> None:
        if translator is not None:
            self._installed.append(translator)
            QCoreApplication.installTranslator(translator)


def _language_of(tag: str) -> str:
    return tag.replace("_", "-").split("-")[0].lower()


def _locale(code: str) -> QLocale:
    """The language as it is written where the system is: numbers and dates as the person knows them."""
    system = QLocale.system()
    if _language_of(system.name()) == code:
        return system
    return QLocale(QLocale(code).language(), system.territory())


def _own_texts(code: str) -> QTranslator | None:
    translator = QTranslator()
    # By its file: from bytes, Qt would read on in memory that Python has freed.
    with resources.as_file(resources.files("meshnet_resources") / "translations" / f"meshnet_{code}.qm") as file:
        return translator if translator.load(str(file)) else None


def _qt_texts(code: str) -> QTranslator | None:
    translator = QTranslator()
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    return translator if translator.load(f"qtbase_{code}", folder) else None
