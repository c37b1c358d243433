"""Programs of the relay's tests, and the way to tell them what to do: `python -m lab.relay_driver relay|ends ...`.

`relay` has a `LinuxRelay`, `ends` has UDP sockets; both live in a machine and do what they are asked over a Unix
socket, one JSON object a line. `Told` is the tests' side.
"""

from __future__ import annotations

import json
import select
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.net import Machine, Process
from meshnet_platform.api import PlatformError
from meshnet_platform.linux import nft_relay
from meshnet_platform.linux.relay import LinuxRelay

_ENVIRONMENT = {"PYTHONPATH": str(Path(__file__).parents[1])}
_NO_CHECK = 11
"""SO_NO_CHECK (socket.h): IPv4 datagrams without a checksum."""
_MTU_DISCOVER = {4: (socket.IPPROTO_IP, 10), 6: (socket.IPPROTO_IPV6, 23)}
"""IP_MTU_DISCOVER, IPV6_MTU_DISCOVER."""
_PROBE = 3
"""IP_PMTUDISC_PROBE: the "do not fragment" bit, and no regard to what was learnt."""


class Refused(Exception):
    """What a PlatformError said."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.message, self.cure = message, cure


class Told:
    """A program in a machine that does what it is asked."""

    def __init__(self, machine: Machine, role: str, *argv: str) -> None:
        self.machine = machine
        number = len(list(machine.directory.glob("*.socket")))
        self._path = machine.directory / f"{number}.socket"
        words = (sys.executable, "-m", "lab.relay_driver", role, str(self._path), *argv)
        self.process: Process = machine.spawn(*words, env=_ENVIRONMENT, name=f"relay_driver-{role}")

    def ask(self, verb: str, *arguments: Any) -> Any:
        """What it answers; `Refused` for a PlatformError."""
        if sys.platform == "win32":
            raise OSError("machines are Linux")
        self.process.wait_for_line("ready", exact=True)
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(30)
            asking.connect(str(self._path))
            asking.sendall(json.dumps([verb, *arguments]).encode() + b"\n")
            answer = json.loads(asking.makefile().readline() or '{"refused": ["it died", ""]}')
        if "refused" in answer:
            raise Refused(*answer["refused"])
        return answer["result"]


# --- inside ---------------------------------------------------------------------------------------------------------


class _Relay:
    def __init__(self, state: str) -> None:
        self._relay = LinuxRelay(Path(state))

    def start(self, addresses: list[str], first: int, end: int, silence: int | None = None) -> None:
        if silence is not None:
            nft_relay.SILENCE = silence
        self._relay.start(tuple(addresses), range(first, end))

    def bind(self, port: int, address: str, partner: str) -> None:
        self._relay.bind(port, address, partner)

    def release(self, port: int) -> None:
        self._relay.release(port)

    def used(self) -> list[int]:
        return sorted(self._relay.used())

    def stop(self) -> None:
        self._relay.stop()


class _Ends:
    def __init__(self) -> None:
        self._sockets: dict[tuple[int, str], socket.socket] = {}

    def send(self, port: int, to: str, to_port: int, text: str, how: str = "") -> None:
        """`how`: "unsummed" for no checksum, "whole" for the bit that forbids fragments."""
        sending = self._socket(port, to)
        family = 6 if ":" in to else 4
        sending.setsockopt(socket.SOL_SOCKET, _NO_CHECK, int(how == "unsummed"))
        sending.setsockopt(*_MTU_DISCOVER[family], _PROBE if how == "whole" else 0)
        sending.sendto(text.encode(), (to, to_port))

    def listen(self, port: int, address: str) -> None:
        """Have a socket at that port, of the family of `address`."""
        self._socket(port, address)

    def receive(self, port: int, seconds: float) -> list[Any] | None:
        """[FROM, ITS PORT, TEXT] of the next datagram at that port, of any family; None when none comes in time."""
        mine = [found for (number, _), found in self._sockets.items() if number == port]
        for one in select.select(mine, [], [], seconds)[0]:
            data, sender = one.recvfrom(65535)
            return [sender[0], sender[1], data.decode()]
        return None

    def _socket(self, port: int, address: str) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        key = port, str(family)
        if key not in self._sockets:
            made = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.bind(("", port))
            self._sockets[key] = made
        return self._sockets[key]


def _serve(path: str, verbs: object) -> None:
    if sys.platform == "win32":
        raise OSError("machines are Linux")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        print("ready", flush=True)
        while True:
            asking, _ = server.accept()
            with asking, asking.makefile("rw") as stream:
                verb, *arguments = json.loads(stream.readline())
                stream.write(json.dumps(_answer(getattr(verbs, verb), arguments)) + "\n")


def _answer(does: Callable[..., Any], arguments: list[Any]) -> dict[str, Any]:
    try:
        return {"result": does(*arguments)}
    except PlatformError as error:
        return {"refused": [error.message, error.cure]}


if __name__ == "__main__":
    _serve(sys.argv[2], _Relay(sys.argv[3]) if sys.argv[1] == "relay" else _Ends())
