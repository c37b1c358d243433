from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from meshnet_platform.api import PlatformError
from meshnet_platform.backends import choose_backend, choose_beacon, choose_relay
from meshnet_platform.linux import rights
from meshnet_platform.runner import Runner


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


CHOICES = pytest.mark.parametrize(
    ("choose", "name"), [(choose_beacon, "beacon"), (choose_relay, "relay")], ids=["beacon", "relay"]
)


@CHOICES
def test_a_coordinator_on_another_system_is_told_what_it_cannot(
    choose: Callable[[Path], object], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(PlatformError, match=f"The {name} needs Linux") as caught:
        choose(tmp_path)
    assert "--no-relay" in caught.value.cure


@CHOICES
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system is refused first")
def test_a_coordinator_without_rights_or_tools_is_told_what_it_lacks(
    choose: Callable[[Path], object], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rights, "may_change_network", lambda: False)
    with pytest.raises(PlatformError, match=f"The {name} needs root, or the capability"):
        choose(tmp_path)
    monkeypatch.setattr(rights, "may_change_network", lambda: True)
    monkeypatch.setattr(Runner, "find", lambda _, tool: None)
    with pytest.raises(PlatformError, match="which is not installed") as caught:
        choose(tmp_path)
    assert "apt install" in caught.value.cure
    monkeypatch.setattr(Runner, "find", lambda _, tool: f"/usr/bin/{tool}")
    assert choose(tmp_path)
