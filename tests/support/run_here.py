"""`./dev run`: the whole product to click through, without root or network.

A coordinator on loopback, three devices whose backend changes nothing (`--dry-run`), and the window of one of them.
Everything lives in a temporary directory and ends with the window.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

START_WITHIN = 30.0


def program(name: str) -> str:
    """One of the product's installed programs."""
    suffix = ".exe" if sys.platform == "win32" else ""
    return str(Path(sys.executable).parent / f"{name}{suffix}")


class Household:
    """A coordinator and devices, as processes of this one."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._processes: list[subprocess.Popen[str]] = []

    def start(self, *argv: str) -> None:
        """Start a program; returns when it has said `ready`."""
        log = self.directory / f"{len(self._processes)}.log"
        with log.open("w") as errors:
            process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=errors, text=True, env=self._environment())
        self._processes.append(process)
        assert process.stdout is not None
        # A program that never says so would otherwise keep us waiting for good.
        timer = threading.Timer(START_WITHIN, process.kill)
        timer.start()
        ready = process.stdout.readline().strip() == "ready"
        timer.cancel()
        if not ready:
            raise SystemExit(f"{Path(argv[0]).name} did not start:\n{log.read_text()}")

    def device(self, name: str) -> Path:
        """Start a device's daemon; returns its socket."""
        path = self.directory / f"{name}.sock"
        state = self.directory / name
        self.start(program("meshnetd"), "run", "--dry-run", "--state-dir", str(state), "--socket", str(path))
        return path

    def ask(self, path: Path, *argv: str) -> Any:
        """What a device answers to a command."""
        words = [program("meshnet"), "--socket", str(path), "--json", *argv]
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=self._environment())
        if done.returncode != 0:
            raise SystemExit(f"meshnet {' '.join(argv)}: {done.stderr}")
        return json.loads(done.stdout)

    def show(self, path: Path) -> int:
        """The window and the tray icon of a device; returns when the person quits."""
        return subprocess.run(
            [program("meshnet-gui"), "--socket", str(path), "--window"], check=False, env=self._environment()
        ).returncode

    def close(self) -> None:
        """End everything."""
        for process in reversed(self._processes):
            process.terminate()
        with contextlib.ExitStack() as last:
            for process in self._processes:
                # Waits, and closes the pipe; one that does not end is killed before that, and is an error.
                last.enter_context(process)
                last.callback(process.kill)
                process.wait(timeout=10)

    def _environment(self) -> dict[str, str]:
        # Keys of make-believe devices have no place in the person's keyring.
        own = {
            "XDG_CONFIG_HOME": str(self.directory / "config"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }
        return {**os.environ, **own}


def build(directory: Path) -> tuple[Household, Path]:
    """A mesh of three: home-pc permits routing, work-pc does not."""
    household = Household(directory)
    try:
        port = _free_port()
        state = ("--state-dir", str(directory / "coordinator"))
        serve = ("serve", "--public-host", "127.0.0.1", "--listen", f"127.0.0.1:{port}", "--no-relay")
        household.start(program("meshnet-coordinator"), *serve, *state)
        line = subprocess.run(
            [program("meshnet-coordinator"), "address", *state], capture_output=True, text=True, check=True
        ).stdout.strip()
        laptop = household.device("laptop")
        household.ask(laptop, "create", line, "--name", "laptop")
        for name, allowed in (("home-pc", "routing,lan"), ("work-pc", "")):
            device = household.device(name)
            link = household.ask(laptop, "invite")["link"]
            household.ask(device, "join", link, "--name", name, *(("--allow", allowed) if allowed else ()))
            household.ask(laptop, "status")
    except BaseException:
        household.close()
        raise
    return household, laptop


def _free_port() -> int:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return int(asking.getsockname()[1])


def main() -> int:
    """Build it, show it, and remove it."""
    if sys.platform == "win32":
        print("Meshnet's daemon does not serve on Windows yet, so there is nothing to click through.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="meshnet-run-") as directory:
        household, laptop = build(Path(directory))
        print("Three make-believe devices. Click home-pc; nothing on this system changes. Quit ends it.", flush=True)
        print(f"The command line sees them too: meshnet --socket {laptop} devices", flush=True)
        try:
            return household.show(laptop)
        except KeyboardInterrupt:
            return 130
        finally:
            household.close()


if __name__ == "__main__":
    sys.exit(main())
