"""An event loop on which waiting costs no time: when nothing is left to do, the clock jumps to what is due next.

For code that waits by asyncio alone. What real seconds do in a busy machine is not seen here; in exchange the order of
events is the same at each run, and a wait that nothing would ever end is an error, not a test that hangs.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Impatient(selectors.DefaultSelector):
    """Never waits; tells how long it would have."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """See BaseSelector."""
        found = super().select(0)
        if not found and timeout is None:
            raise AssertionError("everybody waits, and for nothing that could happen")
        if not found and timeout is not None:
            self.passed += max(timeout, 0.0)
        return found


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        return self._impatient.passed


def run(work: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, without the waiting."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work)
