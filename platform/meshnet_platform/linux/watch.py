"""Listens to the kernel for changes that others make, and calls when the system has come to rest.

One thread that sleeps until a socket wakes it; it starts no process and asks nothing. What arrives together is told
once. Whoever changes the same thing again and again is answered ever more seldom, and never not at all.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable

from meshnet_platform.linux.events import IsOwn, Part, Sightings, firewall_parts

_TOLD = 3
log = logging.getLogger("meshnet.watch")

QUIET = 0.05
"""Seconds without another change after which a burst is over."""
PATIENCE = 0.5
"""Seconds after its first change at which a burst is told in any case."""
BURSTS, WITHIN, THEN_EVERY = 5, 10.0, 3.0
"""So many answers in so many seconds; after that, one in `THEN_EVERY` seconds."""
GLANCE_EVERY = 1.0
"""Seconds between glances at what no socket tells of (files)."""
SOON, CHECK_EVERY = 0.5, 60.0
"""Seconds after which everything of ours is compared: after each change that we made, for a tool may say that it did
what it did not, and from time to time, for what nobody tells of."""

_AF_NETLINK, _NETLINK_ROUTE, _NETLINK_NETFILTER = 16, 0, 12
# Numbers of RTNLGRP_* (linux/rtnetlink.h): links, then addresses, routes, rules and settings of IPv4 and of IPv6.
_ROUTE_GROUPS = (1, 5, 7, 8, 24, 9, 11, 19, 25)
_NFTABLES_GROUPS = (7,)
_BUFFER = 1 << 20
_SO_RCVBUFFORCE = 33
_AT_ONCE = 1 << 16


class Pace:
    """How soon the next answer may come."""

    def __init__(self) -> None:
        self._taken: deque[float] = deque(maxlen=BURSTS)

    def free_at(self) -> float:
        """The moment (monotonic seconds) from which on the next one may come."""
        if len(self._taken) < BURSTS:
            return 0.0
        return min(self._taken[0] + WITHIN, self._taken[-1] + THEN_EVERY)

    def take(self, now: float) -> None:
        """One came."""
        self._taken.append(now)


class Burst:
    """Changes that are told together."""

    def __init__(self) -> None:
        self.pace = Pace()
        self._parts = Part.NOTHING
        self._first = self._last = 0.0

    def add(self, parts: Part, now: float) -> None:
        """Another change."""
        if not parts:
            return
        if not self._parts:
            self._first = now
        self._parts |= parts
        self._last = now

    def due_at(self) -> float | None:
        """When it is to be told; None while there is nothing to tell."""
        if not self._parts:
            return None
        return max(min(self._last + QUIET, self._first + PATIENCE), self.pace.free_at())

    def take(self) -> Part:
        """What it was; from now on it is over."""
        parts, self._parts = self._parts, Part.NOTHING
        return parts


class Watcher:
    """Watches this network namespace from a thread of its own, until closed.

    `check(parts)` is called with what was changed of ours, and says whether it had to repair; `news()` when the facts
    may have changed; `glance()` once a second while `is_glancing()`, and says what it found changed.
    """

    def __init__(
        self,
        interface: str,
        check: Callable[[Part], bool],
        news: Callable[[], None],
        glance: Callable[[], Part],
        is_glancing: Callable[[], bool],
        is_own: IsOwn,
    ) -> None:
        self._check, self._news = check, news
        self._glance, self._is_glancing = glance, is_glancing
        self._interface = interface
        self._is_own = is_own
        self._sightings = Sightings(interface, is_own)
        self._ours, self._facts = Burst(), Burst()
        self._routes = _listen(_NETLINK_ROUTE, _ROUTE_GROUPS)
        self._firewall = _listen(_NETLINK_NETFILTER, _NFTABLES_GROUPS)
        self._woken, self._wake = os.pipe()
        self._is_closed = False
        self._glanced = time.monotonic()
        self._compare_at = self._glanced + CHECK_EVERY
        self._thread = threading.Thread(target=self._run, name="watch-system", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something of ours changed: see whether it did, and whether there is something to glance at now."""
        self._compare_at = min(self._compare_at, time.monotonic() + SOON)
        os.write(self._wake, b".")

    def close(self) -> None:
        """Stop; returns when no call is under way any more."""
        self._is_closed = True
        self.wake()
        self._thread.join()
        for pipe in (self._woken, self._wake):
            os.close(pipe)

    def _run(self) -> None:
        while not self._is_closed:
            self._wait()
            if not self._is_closed:
                self._tell_in_peace()
        for listening in (self._routes, self._firewall):
            if listening is not None:
                listening.close()

    def _wait(self) -> None:
        sockets = {one.fileno(): one for one in (self._routes, self._firewall) if one is not None}
        ready, _, _ = select.select([*sockets, self._woken], [], [], self._pause())
        for handle in ready:
            if handle == self._woken:
                os.read(self._woken, _AT_ONCE)
            else:
                self._note(self._hear(sockets[handle]))

    def _pause(self) -> float:
        moments = [due for burst in (self._ours, self._facts) if (due := burst.due_at()) is not None]
        if self._is_glancing():
            moments.append(self._glanced + GLANCE_EVERY)
        return max(0.0, min([*moments, self._compare_at]) - time.monotonic())

    def _note(self, parts: Part) -> None:
        now = time.monotonic()
        self._ours.add(parts & Part.OURS, now)
        self._facts.add(parts & Part.FACTS, now)

    def _hear(self, listening: socket.socket) -> Part:
        """Read all that waits on the socket."""
        found = Part.NOTHING
        while True:
            try:
                data = listening.recv(_AT_ONCE)
            except BlockingIOError:
                return found
            except OSError:
                # ENOBUFS: more came than was read, so anything may have changed (netlink(7)).
                self._sightings = Sightings(self._interface, self._is_own)
                found |= Part.ALL
                continue
            found |= self._sightings.parts(data) if listening is self._routes else firewall_parts(data, self._is_own)

    def _tell_in_peace(self) -> None:
        try:
            self._tell()
        except Exception:
            # Nothing else repairs: what one look runs into must not end the watch.
            log.exception("a look at the system failed, and the next one is tried all the same")

    def _tell(self) -> None:
        now = time.monotonic()
        if self._is_glancing() and now >= self._glanced + GLANCE_EVERY:
            self._glanced = now
            self._note(self._glance())
        if now >= self._compare_at:
            self._compare_at = now + CHECK_EVERY
            self._note(Part.OURS)
        if _is_due(self._ours):
            self._look_after(self._ours.take())
        if _is_due(self._facts):
            self._facts.take()
            self._facts.pace.take(time.monotonic())
            self._news()

    def _look_after(self, parts: Part) -> None:
        try:
            repaired = self._check(parts)
        except Exception:
            # Nothing else repairs: a tool that prints junk must not end the watch, nor be the last that was asked.
            log.exception("looking after the system failed, and is tried again")
            self._ours.add(parts, time.monotonic())
            repaired = True
        if repaired:
            self._ours.pace.take(time.monotonic())


def _is_due(burst: Burst) -> bool:
    due = burst.due_at()
    return due is not None and due <= time.monotonic()


def _listen(protocol: int, groups: tuple[int, ...]) -> socket.socket | None:
    """A socket that hears of changes; None where the kernel has no such thing, as without nf_tables."""
    try:
        listening = socket.socket(_AF_NETLINK, socket.SOCK_RAW, protocol)
    except OSError as error:
        log.warning("changes that other programs make go unnoticed: %s", error)
        return None
    try:
        listening.setblocking(False)
        listening.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        listening.bind((0, sum(1 << (group - 1) for group in groups)))
    except OSError as error:
        listening.close()
        log.warning("changes that other programs make go unnoticed: %s", error)
        return None
    return listening


def in_short(changed: list[str]) -> str:
    """The first of the changes, and how many more there are."""
    return ", ".join(changed[:_TOLD]) + (f" and {len(changed) - _TOLD} more" if len(changed) > _TOLD else "")
