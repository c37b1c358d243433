"""What the desktop is told of the app: its name in each language, and that meshnet:// links are for it."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "installers" / "linux" / "meshnet.desktop"


class Parser(configparser.RawConfigParser):
    """Keys of desktop entries are case-sensitive."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


@pytest.fixture
def entry() -> configparser.SectionProxy:
    read = Parser(strict=True, delimiters=("=",))
    read.read(FILE, encoding="utf-8")
    return read["Desktop Entry"]


def test_links_are_handed_to_the_app_as_one_argument(entry: configparser.SectionProxy) -> None:
    assert shlex.split(entry["Exec"]) == ["meshnet-gui", "%u"]
    assert entry["MimeType"] == "x-scheme-handler/meshnet;"


def test_it_is_found_under_the_name_that_its_windows_bear(entry: configparser.SectionProxy) -> None:
    assert entry["Type"] == "Application"
    assert entry["Name"] == "Meshnet"
    assert entry["Icon"] == FILE.stem == entry["StartupWMClass"]


@pytest.mark.parametrize("key", ["GenericName", "Comment", "Keywords"])
def test_each_language_has_its_words(entry: configparser.SectionProxy, key: str) -> None:
    assert all(entry[name] for name in (key, f"{key}[de]", f"{key}[fr]"))
    assert entry["Comment"] != entry["Comment[de]"] != entry["Comment[fr]"]
