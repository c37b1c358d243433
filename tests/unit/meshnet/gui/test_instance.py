"""One app for each person, and what a second start hands over."""

from __future__ import annotations

import socket
import stat
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QProcess
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from pytestqt.qtbot import QtBot

from meshnet.gui.instance import Instance

LINK = "meshnet://join/mesh.example:8443/A/B/C"
DAEMON = "/run/meshnet/meshnetd.sock"


_SECOND = """
import sys
from PySide6.QtCore import QCoreApplication
from meshnet.gui.instance import Instance
app = QCoreApplication([])
sys.exit(42 if Instance(sys.argv[1], sys.argv[2], int(sys.argv[3])).first(sys.argv[4:]) else 0)
"""


class Told:
    """What the one app was told."""

    def __init__(self, app: Instance) -> None:
        self.words: list[str] = []
        app.open_wanted.connect(lambda: self.words.append("open"))
        app.link_given.connect(self.words.append)


@pytest.fixture
def app(qtbot: QtBot, tmp_path: Path) -> Instance:
    made = Instance(DAEMON, str(tmp_path))
    assert made.first(["open"])
    return made


def second(qtbot: QtBot, folder: Path, *words: str, patience: int = 20_000) -> bool:
    """Start another one, in a process of its own as the desktop does; whether it stayed."""
    process = QProcess()
    process.start(sys.executable, ["-c", _SECOND, DAEMON, str(folder), str(patience), *words])
    with qtbot.waitSignal(process.finished, timeout=60_000):
        pass
    assert process.exitCode() in (0, 42), bytes(process.readAllStandardError().data()).decode()
    return process.exitCode() == 42


@pytest.mark.parametrize(("words", "told"), [(("open",), ["open"]), ((), ["open"]), ((LINK,), [LINK])])
def test_a_second_start_hands_over_and_ends(
    qtbot: QtBot, tmp_path: Path, app: Instance, words: tuple[str, ...], told: list[str]
) -> None:
    heard = Told(app)
    assert not second(qtbot, tmp_path, *words)
    assert heard.words == told


@pytest.mark.parametrize("word", ["https://example.org", f"{LINK}\nopen", LINK + "x" * 4000, "meshnet://größe"])
def test_what_is_no_link_opens_the_window(qtbot: QtBot, tmp_path: Path, app: Instance, word: str) -> None:
    heard = Told(app)
    assert not second(qtbot, tmp_path, word)
    assert heard.words == ["open"]


def test_an_app_for_another_daemon_is_another_one(qtbot: QtBot, tmp_path: Path, app: Instance) -> None:
    heard = Told(app)
    other = Instance("/elsewhere.sock", str(tmp_path))
    assert other.first(["open"])
    assert heard.words == []


def test_the_socket_of_a_killed_app_is_taken_over(qtbot: QtBot, tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("pipes of Windows end with their process")
    address = Instance(DAEMON, str(tmp_path)).address
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(address)
    assert Path(address).exists()
    made = Instance(DAEMON, str(tmp_path))
    assert made.first(["open"])
    heard = Told(made)
    assert not second(qtbot, tmp_path)
    assert heard.words == ["open"]


def test_an_app_that_hangs_is_replaced(qtbot: QtBot, tmp_path: Path) -> None:
    hanging = QLocalServer()
    assert hanging.listen(Instance(DAEMON, str(tmp_path)).address)
    assert second(qtbot, tmp_path, patience=50)


def test_a_folder_that_is_not_there_keeps_nobody_from_starting(qtbot: QtBot, tmp_path: Path) -> None:
    assert Instance(DAEMON, str(tmp_path / "gone"), 50).first(["open"])
    assert Instance(DAEMON, "", 50).first(["open"])


@pytest.mark.parametrize(
    "junk", [b"quit\n", b"\n", b"\xff\xfe\n", b"meshnet://\x07\n", b"x" * 5000, b"meshnet://" + b"x" * 5000 + b"\n"]
)
def test_junk_on_the_socket_is_ignored(qtbot: QtBot, tmp_path: Path, app: Instance, junk: bytes) -> None:
    heard = Told(app)
    stranger = QLocalSocket()
    stranger.connectToServer(app.address)
    stranger.write(junk)
    qtbot.waitUntil(lambda: stranger.state() is QLocalSocket.LocalSocketState.UnconnectedState, timeout=30_000)
    assert heard.words == []
    assert not second(qtbot, tmp_path, LINK)
    assert heard.words == [LINK]


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe has no mode")
def test_the_socket_is_for_its_user_alone(app: Instance) -> None:
    assert stat.S_IMODE(Path(app.address).stat().st_mode) & 0o077 == 0
