"""Work done side by side that does not lose a cancellation."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, NoReturn


async def together(*works: Coroutine[Any, Any, None]) -> NoReturn:
    """Do all of these until one fails, or until cancelled; a group of the failures is raised, or CancelledError.

    A TaskGroup that is cancelled from outside while a task of it fails raises the failure alone (Python 3.11, 3.12).
    Who catches it goes on as if nobody had said stop, and the daemon never ends. Here the cancellation wins.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        async with asyncio.TaskGroup() as tasks:
            for work in works:
                tasks.create_task(work)
            # A group whose body has ended cancels its own task too, and would be mistaken for somebody outside.
            await asyncio.get_running_loop().create_future()
    except BaseExceptionGroup:
        if task is None or task.cancelling() <= before:
            raise
        with contextlib.suppress(asyncio.CancelledError):
            # From Python 3.13 on the group asks for the cancellation anew by itself: it arrives here.
            await asyncio.sleep(0)
        raise asyncio.CancelledError from None
    raise AssertionError("nothing but an error ends this")
