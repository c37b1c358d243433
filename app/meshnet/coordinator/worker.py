"""One thread for the blocking calls of one piece of the system: they follow one another, and HTTPS never waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Worker:
    """The thread; it begins with the first call."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def do(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do this after all that was asked for before, also when the caller gives up waiting."""
        ready = self._thread.submit(step, *args, **kwargs)
        return await asyncio.shield(asyncio.wrap_future(ready))

    def end(self) -> None:
        """Take no more calls."""
        self._thread.shutdown(wait=False)
