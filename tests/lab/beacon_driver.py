"""A beacon in a machine of the lab, that does what it is asked over a local socket until its process ends.

python beacon_driver.py STATE_DIR SOCKET      prints `ready` once it may be asked; run by path

A connection carries one request, a line of JSON [METHOD, [ARGUMENT...]], and its answer: {"is": RESULT} or, where the
beacon refuses, {"error": WORDS}. `ask` is the caller's side of it; the socket is a file, which all machines see.
"""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any

from meshnet_platform.api import PlatformError
from meshnet_platform.backends import choose_beacon


def ask(path: Path, method: str, *arguments: Any) -> Any:
    """The beacon's answer; PlatformError with its words where it refuses."""
    with _local_socket() as asking:
        asking.settimeout(60)
        asking.connect(str(path))
        with asking.makefile("rw") as stream:
            stream.write(json.dumps([method, arguments]) + "\n")
            stream.flush()
            answer = json.loads(stream.readline())
    if "error" in answer:
        raise PlatformError(answer["error"])
    return answer["is"]


def _local_socket() -> socket.socket:
    if sys.platform == "win32":
        raise SystemExit("A beacon needs Linux.")
    return socket.socket(socket.AF_UNIX)


def _serve(state_dir: Path, path: Path) -> None:
    beacon = choose_beacon(state_dir)
    with _local_socket() as serving:
        path.unlink(missing_ok=True)
        serving.bind(str(path))
        serving.listen()
        print("ready", flush=True)
        while True:
            connection, _ = serving.accept()
            with connection, connection.makefile("rw") as stream:
                method, arguments = json.loads(stream.readline())
                stream.write(json.dumps(_answer(beacon, method, arguments)) + "\n")


def _answer(beacon: Any, method: str, arguments: list[Any]) -> dict[str, Any]:
    try:
        return {"is": getattr(beacon, method)(*map(_frozen, arguments))}
    except PlatformError as error:
        return {"error": f"{error.message} {error.cure}"}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), Path(sys.argv[2]))
