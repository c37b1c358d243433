"""The command line."""

from __future__ import annotations

import pytest

from meshnet import __version__
from meshnet.gui import main


def test_the_socket_comes_from_the_option_then_the_environment_then_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MESHNET_SOCKET", raising=False)
    assert main.arguments([]).socket == "/run/meshnet/meshnetd.sock"
    monkeypatch.setenv("MESHNET_SOCKET", "/tmp/a")
    assert main.arguments([]).socket == "/tmp/a"
    assert main.arguments(["--socket", "/tmp/b"]).socket == "/tmp/b"


def test_the_window_is_opened_on_request() -> None:
    assert main.arguments(["--window"]).window
    assert not main.arguments([]).window


@pytest.mark.parametrize(("words", "status"), [(["--help"], 0), (["--version"], 0), (["--wat"], 2), (["extra"], 2)])
def test_help_and_version_are_fine_and_wrong_usage_is_2(
    words: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main.arguments(words)
    assert ended.value.code == status
    assert ("meshnet-gui" if status == 0 else "usage") in "".join(capsys.readouterr())


def test_the_version_is_that_of_the_product(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.arguments(["--version"])
    assert capsys.readouterr().out == f"meshnet-gui {__version__}\n"


def test_without_a_desktop_it_says_so_and_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("sys.argv", ["meshnet-gui"])
    assert main.main() == 1
    assert "no desktop" in capsys.readouterr().err
