"""The daemon, with every program it starts noted: `python -m bench.counted LOG run --state-dir DIR ...`.

The interpreter itself tells of each start (audit event `subprocess.Popen`, docs.python.org/3/library/audit_events),
so that none is missed, whoever starts it. How long each ran is taken around the runner.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

import msgspec

from meshnet_platform import runner
from meshnet_platform.runner import Result


class Started(msgspec.Struct, frozen=True, tag="started"):
    """A program began."""

    words: tuple[str, ...]


class Took(msgspec.Struct, frozen=True, tag="took"):
    """A program ended; how long it had run, in seconds."""

    seconds: float


Note = Started | Took


def read_notes(path: Path, after: int = 0) -> list[Note]:
    """The notes behind the first `after` of them."""
    lines = path.read_bytes().splitlines()[after:]
    return [msgspec.json.decode(line, type=Started | Took) for line in lines]


class Counter:
    """Writes the notes."""

    def __init__(self, log: TextIO) -> None:
        self._log = log
        self._execute = runner.execute_process

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        """The interpreter's audit hook."""
        if event == "subprocess.Popen" and isinstance(arguments[1], Sequence):
            self._write(Started(tuple(str(word) for word in arguments[1])))

    def execute(
        self, words: Sequence[str], stdin: str | None, timeout: float, on_start: Callable[[int], None] = lambda _: None
    ) -> Result:
        """The runner's own way to run a program, and how long it took."""
        began = time.monotonic()
        try:
            return self._execute(words, stdin, timeout, on_start)
        finally:
            self._write(Took(time.monotonic() - began))

    def _write(self, note: Note) -> None:
        self._log.write(msgspec.json.encode(note).decode() + "\n")


def main() -> None:
    """Be the daemon."""
    with Path(sys.argv.pop(1)).open("a", buffering=1) as log:
        counter = Counter(log)
        runner.execute_process = counter.execute
        sys.addaudithook(counter.hear)
        from meshnet.daemon.main import main as daemon

        daemon(prog_name="meshnetd")


if __name__ == "__main__":
    main()
