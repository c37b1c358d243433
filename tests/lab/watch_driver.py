"""Has a plan in force and watched by the Linux backend, in a lab machine, and counts the processes that costs.

python watch_driver.py DIRECTORY PLAN.json      prints `ready`, `news` and the words of every trouble, until SIGTERM;
                                                keeps the number of processes it has started in DIRECTORY/started
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from meshnet_platform.api import SystemPlan
from meshnet_platform.linux.backend import LinuxBackend
from meshnet_platform.runner import Result, Runner, execute_process


class Counter:
    """Runs processes, and keeps their number in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._number = 0
        self.on_start: Callable[[int], None] = lambda _: None

    def execute(self, words: Sequence[str], stdin: str | None, timeout: float) -> Result:
        """See `meshnet_platform.runner.Execute`."""
        self._number += 1
        # Never an empty file: somebody may be reading it.
        new = self._file.with_suffix(".new")
        new.write_text(str(self._number))
        new.replace(self._file)
        return execute_process(words, stdin, timeout, self.on_start)


def main() -> None:
    """Apply, watch, and read the facts at each news, as the daemon does."""
    directory = Path(sys.argv[1])
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    counter = Counter(directory / "started")
    runner = Runner(counter.execute)
    counter.on_start = runner.started.append
    backend = LinuxBackend(directory, runner=runner)

    def on_news() -> None:
        print("news", flush=True)
        backend.facts()

    backend.watch(lambda words: print(words, flush=True), on_news)
    backend.apply(msgspec.json.decode(Path(sys.argv[2]).read_bytes(), type=SystemPlan))
    print("ready", flush=True)
    if sys.platform != "win32":
        signal.sigwait([signal.SIGTERM])
    backend.close()


if __name__ == "__main__":
    main()
