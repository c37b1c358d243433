"""Whose process serves a socket."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshnet.errors import Code, MeshnetError
from meshnet.gui import peer

if sys.platform == "win32":
    pytest.skip("Unix sockets have owners on Unix", allow_module_level=True)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[socket.socket]:
    path = str(tmp_path / "s")
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client,
    ):
        server.bind(path)
        server.listen()
        client.connect(path)
        yield client


def test_a_process_of_this_user_passes_and_the_connection_stays_open(connection: socket.socket) -> None:
    peer.check(connection.fileno())
    assert connection.send(b"x") == 1


def test_a_process_of_another_user_is_refused_in_words(
    connection: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer, "_owner", lambda _: 4711)
    with pytest.raises(MeshnetError, match="4711") as refused:
        peer.check(connection.fileno())
    assert refused.value.code is Code.NOT_PERMITTED


def test_root_passes(connection: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "_owner", lambda _: 0)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    peer.check(connection.fileno())
