"""The tunnel's interface: the kernel's own WireGuard, or else a wireguard-go that is looked after.

A wireguard-go outlives the daemon that started it, so that a daemon that is killed takes no tunnel with it; the next
one adopts it, known by process number and start time. When it dies, whoever watches is told.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from meshnet_platform.api import PlatformError
from meshnet_platform.linux.journal import Journal, ProcessIdentity
from meshnet_platform.runner import Runner, Spawned

USERSPACE = "wireguard-go"
_SOCKETS = Path("/run/wireguard")
_READY_SECONDS = 5.0
_END_SECONDS = 3.0
_ENDING_SECONDS = 1.0


class TunnelInterface:
    """The one interface of this device's tunnel."""

    def __init__(
        self, runner: Runner, journal: Journal, log: Path, on_death: Callable[[], None] = lambda: None
    ) -> None:
        """`on_death` is called from a thread of its own when the process under the interface ended by itself."""
        self._runner = runner
        self._journal = journal
        self._log = log
        self._on_death = on_death
        self._watcher: ProcessWatcher | None = None
        self._spawned: Spawned | None = None

    def ensure(self, name: str) -> None:
        """Have an interface by that name that `wg` can talk to; adopts the one that is there."""
        if self._journal.entries.interface != name:
            # Noted before it is made; the name alone is enough to find it again.
            self._journal.entries.interface = name
            self._journal.write()
        if self.exists(name) and self._adopt(name):
            return
        self.remove(name)
        if self._runner.result("ip", "link", "add", "dev", name, "type", "wireguard").status != 0:
            self._start(name)

    def remove(self, name: str) -> None:
        """Take the interface away, and the process under it; harmless when there is none."""
        self.release()
        for process in self._processes(name):
            end(process)
        if self._spawned is not None:
            self._spawned.reap()
            self._spawned = None
        if self.exists(name):
            self._runner.run("ip", "link", "delete", "dev", name)
        (_SOCKETS / f"{name}.sock").unlink(missing_ok=True)
        with suppress(OSError):
            # wireguard-go made it; it stays where others have sockets there.
            _SOCKETS.rmdir()
        self._journal.entries.process = None

    def release(self) -> None:
        """Stop watching, and leave everything as it is."""
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None

    @property
    def has_process(self) -> bool:
        """Whether a wireguard-go carries the tunnel, and not the kernel."""
        return self._journal.entries.process is not None

    def has_died(self) -> bool:
        """Whether the process under the interface ended, and none was started in its place."""
        noted = self._journal.entries.process
        if noted is None:
            return False
        try:
            process = psutil.Process(noted.pid)
            return process.create_time() != noted.started or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    def went_with_process(self, name: str) -> bool:
        """Whether the interface is gone because the process under it ended, or the other way round.

        A process that ends loses its interface a moment before it is seen to have ended.
        """
        noted = self._journal.entries.process
        if noted is None or self.exists(name):
            return False
        with suppress(ProcessLookupError), opened_pid(noted.pid) as handle:
            select.select([handle], [], [], _ENDING_SECONDS)
        return self.has_died()

    def sent(self, name: str) -> int:
        """How many packets went into the interface since it was made; 0 where there is none."""
        try:
            return int(Path(f"/sys/class/net/{name}/statistics/tx_packets").read_text())
        except (OSError, ValueError):
            return 0

    def exists(self, name: str) -> bool:
        """Whether there is an interface by that name in this network namespace."""
        try:
            return socket.if_nametoindex(name) > 0
        except OSError:
            return False

    def _adopt(self, name: str) -> bool:
        if self._runner.result("wg", "show", name, "public-key").status != 0:
            return False
        if self._watcher is None:
            found = self._processes(name)
            if found:
                self._look_after(found[0])
        return True

    def _start(self, name: str) -> None:
        if self._runner.find(USERSPACE) is None:
            raise PlatformError(
                "This kernel has no WireGuard, and wireguard-go is not installed.",
                "Install wireguard-go (on Debian: `apt install wireguard-go`), or a kernel with WireGuard.",
            )
        try:
            # Not a word: of a link that is down it would write a line for every packet, until the disk is full.
            self._spawn(name, "silent")
        except PlatformError:
            # Once more, to hear why.
            self._spawn(name, "error")

    def _spawn(self, name: str, level: str) -> None:
        # A socket that a killed process left would keep the new one from listening.
        (_SOCKETS / f"{name}.sock").unlink(missing_ok=True)
        environment = {"WG_PROCESS_FOREGROUND": "1", "LOG_LEVEL": level}
        spawned = self._runner.spawn(USERSPACE, "-f", name, log=self._log, environment=environment)
        self._spawned = spawned
        self._look_after(psutil.Process(spawned.pid))
        self._wait_ready(name, spawned)

    def _look_after(self, process: psutil.Process) -> None:
        identity = ProcessIdentity(process.pid, process.create_time())
        if self._journal.entries.process != identity:
            self._journal.entries.process = identity
            # It is found by its words as well, so that no full disk keeps a tunnel from coming back.
            self._journal.write_if_possible()
        self._watcher = ProcessWatcher(process.pid, self._on_death)

    def _wait_ready(self, name: str, spawned: Spawned) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not ((_SOCKETS / f"{name}.sock").exists() and self.exists(name)):
            if spawned.reap() is not None or time.monotonic() > deadline:
                said = self._log.read_text(errors="replace").strip()[-300:] or "nothing"
                self.remove(name)
                raise PlatformError(
                    f"wireguard-go could not make the interface {name}; it said: {said}",
                    "Check that /dev/net/tun exists and that the daemon runs as root.",
                )
            time.sleep(0.01)

    def _processes(self, name: str) -> list[psutil.Process]:
        noted = self._journal.entries.process
        with suppress(psutil.NoSuchProcess):
            if noted is not None:
                process = psutil.Process(noted.pid)
                if process.create_time() == noted.started and process.status() != psutil.STATUS_ZOMBIE:
                    return [process]
        return [process for process in psutil.process_iter() if _serves(process, name)]


class ProcessWatcher:
    """Tells when a process ends, child of this one or not."""

    def __init__(self, pid: int, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        self._lock = threading.Lock()
        self._cancelled = False
        self._wake, self._cancel = os.pipe()
        self._process = open_pid(pid)
        threading.Thread(target=self._wait, name=f"watch-{pid}", daemon=True).start()

    def cancel(self) -> None:
        """Stop waiting. Does not wait for the thread, which may be waiting for whoever calls this."""
        with self._lock:
            if not self._cancelled:
                self._cancelled = True
                os.close(self._cancel)

    def _wait(self) -> None:
        select.select([self._process, self._wake], [], [])
        with self._lock:
            told = not self._cancelled
            self._cancelled = True
            for handle in (self._process, self._wake, *((self._cancel,) if told else ())):
                os.close(handle)
        if told:
            self._on_end()


def open_pid(pid: int) -> int:
    """A file descriptor that becomes readable when the process ends (pidfd_open(2))."""
    if sys.platform != "linux":
        raise PlatformError("Processes are watched on Linux only.")
    return os.pidfd_open(pid)


@contextmanager
def opened_pid(pid: int) -> Iterator[int]:
    """The same for a while; ProcessLookupError where there is no such process."""
    handle = open_pid(pid)
    try:
        yield handle
    finally:
        os.close(handle)


def end(process: psutil.Process) -> None:
    """End a process of ours, by force where it does not go; returns when it has ended, reaped or not.

    Where process 1 reaps no orphans, as in many containers, it stays as a zombie, and waiting for that would not end.
    """
    with suppress(psutil.NoSuchProcess, ProcessLookupError), opened_pid(process.pid) as handle:
        process.terminate()
        if not select.select([handle], [], [], _END_SECONDS)[0]:
            process.kill()
            select.select([handle], [], [], _END_SECONDS)


def _serves(process: psutil.Process, name: str) -> bool:
    """Whether this is a wireguard-go for our interface here; another network namespace may have the same name."""
    try:
        words = process.cmdline()
        if not words or Path(words[0]).name != USERSPACE or name not in words[1:]:
            return False
        return os.readlink(f"/proc/{process.pid}/ns/net") == os.readlink("/proc/self/ns/net")
    except (psutil.Error, OSError):
        return False
