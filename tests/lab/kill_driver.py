"""Kills the Linux backend before each thing it does to the system, in a lab machine, and looks at what is left.

python kill_driver.py STATE_DIR PLANS.json      prints a JSON line for each case, then `done`

PLANS.json holds a list of `Passage`: from one plan to another, and at which steps to die. A step is whatever Python's
audit events (PEP 578) tell of: a process started, a file opened for writing, renamed or removed. They come before the
thing is done, so death at step n leaves exactly the n steps before it. Each case is a fork of this process: the
one that dies, and after it one that knows nothing but the state directory.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from meshnet_platform.api import SystemPlan
from meshnet_platform.linux.backend import LinuxBackend
from meshnet_platform.runner import Result, Runner, execute_process

TARGETS = {socket.AF_INET: "192.0.2.80", socket.AF_INET6: "2001:db8:80::80"}
UPLINK = "wan"
# By number: Windows has no such name, and this module imports there too.
_SIGKILL = 9
_OUTGOING = 4
"""PACKET_OUTGOING of packet(7)."""
_MARKER = b"a packet of the person's own"
_CHANGES = ("os.rename", "os.remove", "os.symlink", "os.chmod", "os.chown", "os.mkdir", "os.rmdir", "os.truncate")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_BY_ITSELF = ("nf_conntrack_count", "/neigh/", "stable_secret", "/nf_log/", "/flush")
"""Settings that nobody sets, or that answer to nothing."""


class Passage(msgspec.Struct):
    """From the plan in force to another; None: nothing in force, or `restore`."""

    name: str
    before: SystemPlan | None
    after: SystemPlan | None
    every: int = 1
    """Die at one step in so many."""
    offset: int = 0


# --- counting and dying ---------------------------------------------------------------------------------------------


class Steps:
    """The steps of this process since it was armed; it dies when it reaches the fatal one."""

    def __init__(self) -> None:
        self.is_armed = False
        self.fatal = 0
        self.names: list[str] = []
        self.look: Callable[[], None] = lambda: None

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """An audit event; see `sys.addaudithook`."""
        if self.is_armed and threading.current_thread() is threading.main_thread():
            words = _words(event, args)
            if words:
                self.reach(words)

    def reach(self, words: str) -> None:
        """This is about to be done."""
        self.is_armed = False
        self.names.append(words)
        if len(self.names) == self.fatal:
            os.kill(os.getpid(), _SIGKILL)
        self.look()
        self.is_armed = True


def _words(event: str, args: tuple[Any, ...]) -> str:
    if event == "subprocess.Popen":
        return "run " + " ".join(str(word) for word in (Path(args[0]).name, *args[1][1:]))
    if event in _CHANGES or event == "os.kill":
        return f"{event} {' '.join(str(arg) for arg in args)}"
    is_file = event == "open" and isinstance(args[0], str | bytes) and args[0] != os.devnull
    return f"write {args[0]!r}" if is_file and args[2] & _WRITING else ""


STEPS = Steps()


class Halved:
    """Runs processes; a batch of ip(8) is a step for each of its lines, since the tool may be killed in the middle."""

    def execute(self, words: Sequence[str], stdin: str | None, timeout: float) -> Result:
        """See `meshnet_platform.runner.Execute`."""
        lines = (stdin or "").splitlines(keepends=True)
        if not STEPS.is_armed or "-batch" not in words or len(lines) < 2:
            return execute_process(words, stdin, timeout)
        for number in range(1, len(lines)):
            # Where death comes now, so many lines were carried out.
            if len(STEPS.names) + 2 == STEPS.fatal:
                execute_process(words, "".join(lines[:number]), timeout)
            STEPS.reach(f"{' '.join(words[1:])}: after line {number}: {lines[number - 1].strip()}")
        return execute_process(words, stdin, timeout)


# --- looking --------------------------------------------------------------------------------------------------------


class Tap:
    """Sees what leaves by the uplink of this machine (packet(7))."""

    _socket: socket.socket

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise NotImplementedError
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self._socket.bind((UPLINK, 0))
        self._socket.setblocking(False)

    def leaks(self) -> list[str]:
        """What of the person's gets out beside the tunnel now."""
        # What others sent meanwhile: it says nothing of this moment.
        self._seen()
        for family in TARGETS:
            for bound in (False, True):
                _send(family, bound)
        return self._seen()

    def _seen(self) -> list[str]:
        """All that waits; errors that come back, and quote what was sent, are no leaks of their own."""
        found: list[str] = []
        while True:
            try:
                packet, (_, _, kind, *_) = self._socket.recvfrom(2048)
            except BlockingIOError:
                return found
            if kind == _OUTGOING and _MARKER in packet:
                found.append("IPv6" if packet[12:14] == b"\x86\xdd" else "IPv4")


def _send(family: socket.AddressFamily, bound: bool) -> None:
    if sys.platform != "linux":
        raise NotImplementedError
    with socket.socket(family, socket.SOCK_DGRAM) as sending:
        if bound:
            sending.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, UPLINK.encode())
        try:
            sending.sendto(_MARKER, (TARGETS[family], 9999))
        except OSError:
            return


_SEPARATOR = "#### "
_LOOKS = {
    "addresses": "ip -o addr | grep -v fe80 | sed -e 's/valid_lft.*//' -e 's/^[0-9]*: //'",
    "links": "for l in /sys/class/net/*; do echo $l $(cat $l/mtu $l/flags); done",
    "routes": "ip -4 route show table all; ip -6 route show table all | grep -v fe80 | sed 's/expires.*//'",
    "rules": "ip -4 rule; ip -6 rule",
    "firewall": "nft --stateless list ruleset",
    "files": "cd /etc; stat -c '%A %u %g %s %N' .[!.]* * */*.conf; cat /etc/resolv.conf /etc/hosts",
    "run": "find /run",
    "processes": "pgrep -r R,S,D wireguard-go | wc -l",
    "peers": "wg show meshnet0 dump 2>/dev/null | cut -f 1,3-4,8",
}


def snapshot(state_dir: Path) -> dict[str, str]:
    """Everything that a plan may change; without what differs between two runs of the same."""
    script = "\n".join(f"echo '{_SEPARATOR}{name}'; {look}" for name, look in _LOOKS.items())
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False).stdout
    parts = (part.partition("\n") for part in done.split(_SEPARATOR)[1:])
    found = {name: text for name, _, text in parts}
    found["settings"] = _settings()
    found["state"] = _state(state_dir)
    return found


def _settings() -> str:
    lines = []
    for path in sorted(Path("/proc/sys/net").rglob("*")):
        name = str(path)
        if not any(part in name for part in _BY_ITSELF) and path.is_file():
            try:
                lines.append(f"{name} {path.read_text().strip()}")
            except OSError:
                continue
    return "\n".join(lines)


def _state(directory: Path) -> str:
    names = sorted(path.name for path in directory.iterdir() if path.suffix != ".log")
    journal = directory / "system-journal.json"
    entries = json.loads(journal.read_text()) if journal.exists() else {}
    entries.pop("process", None)
    # What is noted of our own interface goes with it.
    noted = {name: value for name, value in entries.pop("sysctls", {}).items() if "/meshnet0/" not in name}
    entries["sysctls"] = noted
    return f"{names} {json.dumps(entries)}"


def differences(wanted: dict[str, str], found: dict[str, str]) -> list[str]:
    """Lines that stand in one of them only."""
    lines = []
    for name, text in wanted.items():
        old, new = text.splitlines(), found.get(name, "").splitlines()
        lines += [f"{name}: gone: {line}" for line in old if line not in new]
        lines += [f"{name}: new: {line}" for line in new if line not in old]
    return lines


# --- cases ----------------------------------------------------------------------------------------------------------


class Deaths:
    """Carries out passages, and dies in them."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._tap = Tap()
        self._clean = snapshot(state_dir)
        sys.addaudithook(STEPS.hear)

    def run(self, passage: Passage) -> None:
        """All the cases of a passage, each with a line for what was found."""
        reached, steps = self._undisturbed(passage)
        for at in range(1 + passage.offset % passage.every, len(steps) + 1, passage.every):
            for fate in (
                ("restore", "apply") if passage.every == 1 else (("restore", "apply")[at // passage.every % 2],)
            ):
                self._die(passage, at, fate, reached, steps[at - 1])

    def _undisturbed(self, passage: Passage) -> tuple[dict[str, str], list[str]]:
        """The passage without death: where it leads, its steps, and what leaked while they were made."""
        found = self._state_dir / "steps.json"

        def walk() -> None:
            leaks: list[list[str]] = []
            STEPS.look = lambda: leaks.append(self._tap.leaks())
            self._pass(passage, 0)
            leaks.append(self._tap.leaks())
            found.write_text(json.dumps([STEPS.names, leaks]))

        problems = self._fork(walk)
        names, leaks = json.loads(found.read_text())
        found.unlink()
        problems += _reopened(passage, names, leaks)
        reached = snapshot(self._state_dir)
        self._fork(self._restore)
        problems += self._mess()
        _tell(passage.name, 0, f"{len(names)} steps", "restore", problems)
        return reached, names

    def _die(self, passage: Passage, at: int, fate: str, reached: dict[str, str], words: str) -> None:
        problems = self._fork(lambda: self._pass(passage, at), dies=True)
        if passage.before is not None and passage.before.route and passage.after and passage.after.route:
            problems += [f"leak: {one}" for one in self._tap.leaks()]
        if fate == "apply" and passage.after is not None:
            problems += self._fork(lambda: self._apply(passage.after))
            problems += [f"after apply: {line}" for line in differences(reached, snapshot(self._state_dir))]
        problems += self._fork(self._restore)
        problems += [f"after restore: {line}" for line in self._mess()]
        _tell(passage.name, at, words, fate, problems)

    def _mess(self) -> list[str]:
        """What is left now; told once, so that one mess does not hide another."""
        before, self._clean = self._clean, snapshot(self._state_dir)
        return differences(before, self._clean)

    def _pass(self, passage: Passage, fatal: int) -> None:
        backend = LinuxBackend(self._state_dir, runner=Runner(Halved().execute))
        if passage.before is not None:
            backend.apply(passage.before)
        STEPS.fatal, STEPS.is_armed = fatal, True
        if passage.after is None:
            backend.restore()
        else:
            backend.apply(passage.after)
        STEPS.is_armed = False

    def _apply(self, plan: SystemPlan | None) -> None:
        LinuxBackend(self._state_dir).apply(plan or SystemPlan())

    def _restore(self) -> None:
        LinuxBackend(self._state_dir).restore()

    def _fork(self, work: Callable[[], None], *, dies: bool = False) -> list[str]:
        """Do it in a process of its own; what went wrong, in words."""
        if sys.platform == "win32":
            raise NotImplementedError
        pid = os.fork()
        if pid == 0:
            status = 0
            try:
                work()
            except BaseException:
                traceback.print_exc()
                status = 1
            sys.stderr.flush()
            os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        expected = -_SIGKILL if dies else 0
        return [] if status == expected else [f"a process ended with {status}, not {expected}"]


def _reopened(passage: Passage, names: list[str], leaks: list[list[str]]) -> list[str]:
    """Steps before which something got out: once it was closed on the way to a route, it stays so."""
    if passage.after is None or passage.after.route is None:
        return []
    was_closed = passage.before is not None and passage.before.route is not None
    problems = []
    for number, found in enumerate(leaks):
        if found and was_closed:
            problems.append(
                f"leak of {found} before step {number + 1} {names[number] if number < len(names) else 'end'}"
            )
        was_closed = was_closed or not found
    return problems if was_closed else [*problems, "never closed"]


def _tell(name: str, at: int, words: str, fate: str, problems: list[str]) -> None:
    print(json.dumps({"passage": name, "at": at, "step": words, "fate": fate, "problems": problems}), flush=True)


def main() -> None:
    """All passages that are asked for."""
    state_dir = Path(sys.argv[1])
    deaths = Deaths(state_dir)
    if not Tap().leaks():
        sys.exit("the tap sees nothing, with nothing in force")
    for passage in msgspec.json.decode(Path(sys.argv[2]).read_bytes(), type=list[Passage]):
        deaths.run(passage)
    print("done", flush=True)


if __name__ == "__main__":
    main()
