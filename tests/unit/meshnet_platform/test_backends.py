from __future__ import annotations

import sys
from pathlib import Path

import pytest

from meshnet_platform.api import PlatformError
from meshnet_platform.backends import choose_backend


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    assert choose_backend(tmp_path, dry_run=True).platform == "fake"


@pytest.mark.parametrize(("system", "word"), [("linux", "linux"), ("darwin", "macos"), ("win32", "windows")])
def test_each_system_has_its_backend(system: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert choose_backend(tmp_path, dry_run=False).platform == word


def test_an_unknown_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "plan9")
    with pytest.raises(PlatformError, match="plan9"):
        choose_backend(tmp_path, dry_run=False)
