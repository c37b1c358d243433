"""Carries out one plan after another inside a lab machine, in one process; run by path, so that it needs nothing of it.

python plans_driver.py STATE_DIR PLAN...     apply the first and print `ready`; the next on each SIGUSR1; until SIGTERM
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import msgspec

from meshnet_platform.api import SystemPlan
from meshnet_platform.linux.backend import LinuxBackend


def main() -> None:
    """Do what the words say."""
    if sys.platform == "win32":
        return
    heard = {signal.SIGUSR1, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    backend = LinuxBackend(Path(sys.argv[1]))
    backend.watch(lambda words: print(words, flush=True), lambda: None)
    for number, file in enumerate(sys.argv[2:]):
        backend.apply(msgspec.json.decode(Path(file).read_bytes(), type=SystemPlan))
        print(f"applied {number}" if number else "ready", flush=True)
        if signal.sigwait(heard) == signal.SIGTERM:
            break
    backend.close()


if __name__ == "__main__":
    main()
