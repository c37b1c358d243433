"""Work done side by side that does not lose a cancellation."""

from __future__ import annotations

import asyncio

import pytest

from meshnet.daemon.tasks import together


class _BrokenError(Exception):
    """What a task fails with."""


async def _fail_when(broken: asyncio.Event) -> None:
    await broken.wait()
    raise _BrokenError


async def _work_for_good(broken: asyncio.Event) -> None:
    """Goes on after every failure, as the daemon's parts do."""
    while True:
        try:
            await together(_fail_when(broken))
        except* _BrokenError:
            broken.clear()


async def _begin(broken: asyncio.Event) -> asyncio.Future[None]:
    working = asyncio.ensure_future(_work_for_good(broken))
    await _turns(2)
    return working


async def _turns(count: int) -> None:
    """Let everybody else have their turn, so often."""
    for _ in range(count):
        await asyncio.sleep(0)


def _ends(turns: int) -> bool:
    """Whether the work ends that is cancelled so many turns after a task of it began to fail."""

    async def scenario() -> bool:
        broken = asyncio.Event()
        working = await _begin(broken)
        broken.set()
        await _turns(turns)
        working.cancel()
        done, _ = await asyncio.wait([working], timeout=2)
        return bool(done)

    return asyncio.run(scenario())


@pytest.mark.parametrize("turns", range(5))
def test_a_cancellation_at_the_moment_of_a_failure_is_not_lost(turns: int) -> None:
    assert _ends(turns)


def test_a_failure_alone_cancels_nobody() -> None:
    async def scenario() -> bool:
        broken = asyncio.Event()
        working = await _begin(broken)
        broken.set()
        await _turns(10)
        return not broken.is_set() and not working.done()

    assert asyncio.run(scenario())
