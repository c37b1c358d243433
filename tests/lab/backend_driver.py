"""Carries out one step of the Linux backend inside a lab machine; run by path, so that it needs nothing of the lab.

python backend_driver.py STATE_DIR apply|restore|facts|observe|problems      the plan as JSON on standard input
python backend_driver.py STATE_DIR stay      apply, print `ready`, print every trouble as a line, until SIGTERM
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import msgspec

from meshnet_platform.api import PlatformError, SystemPlan
from meshnet_platform.linux.backend import LinuxBackend


def main() -> None:
    """Do what the words say; exit status 1 with the backend's own words where it refuses."""
    backend = LinuxBackend(Path(sys.argv[1]))
    verb = sys.argv[2]
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        if verb == "stay":
            _stay(backend, Path(sys.argv[3]))
        elif verb == "apply":
            backend.apply(msgspec.json.decode(sys.stdin.buffer.read(), type=SystemPlan))
        elif verb == "restore":
            backend.restore()
        else:
            sys.stdout.write(msgspec.json.encode(getattr(backend, verb)()).decode() + "\n")
    except PlatformError as error:
        sys.exit(f"{error.message} {error.cure}")
    finally:
        backend.close()


def _stay(backend: LinuxBackend, plan: Path) -> None:
    backend.watch(lambda words: print(words, flush=True), lambda: None)
    backend.apply(msgspec.json.decode(plan.read_bytes(), type=SystemPlan))
    print("ready", flush=True)
    if sys.platform != "win32":
        signal.sigwait([signal.SIGTERM])


if __name__ == "__main__":
    main()
