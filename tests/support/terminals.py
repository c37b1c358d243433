"""A shell at a terminal, to which a test types as a person does."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

PATIENCE = 30.0


class Terminal:
    """What the shell wrote is in `text`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.text = ""

    def type(self, keys: str) -> None:
        """Press these keys."""
        os.write(self._descriptor, keys.encode())

    def wait_for(self, text: str) -> None:
        """Return when the shell has written this."""
        self.wait_until(lambda: text in self.text, repr(text))

    def wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        """Return when it is so; what the shell writes meanwhile is read, or it would wait for us."""
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} never came; the shell wrote {self.text!r}")
            if select.select([self._descriptor], [], [], 0.02)[0]:
                self.text += os.read(self._descriptor, 65536).decode(errors="replace")


@contextlib.contextmanager
def shell(argv: Sequence[str], environment: Mapping[str, str]) -> Iterator[Terminal]:
    """Run a shell at a terminal of its own, until the block ends."""
    if sys.platform == "win32":
        raise NotImplementedError("terminals are those of Unix")
    ours, theirs = os.openpty()
    # A terminal becomes that of the session whose leader opens it.
    opening = ["/bin/sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1', os.ttyname(theirs), *argv]
    process = subprocess.Popen(opening, env=dict(environment), start_new_session=True)
    try:
        yield Terminal(ours)
    finally:
        # A shell at a terminal ignores SIGTERM.
        process.kill()
        process.wait()
        os.close(theirs)
        os.close(ours)
