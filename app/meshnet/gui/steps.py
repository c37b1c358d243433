"""Work in several steps that each wait, for the daemon or for a keyring, written in the order in which it happens.

A coroutine awaits a `Step`, and goes on when that says how it ended. There is no event loop here but Qt's.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")

Begin = Callable[[Callable[[T], None], Callable[[Exception], None]], None]


class Step(Generic[T]):
    """Something to wait for: `begin` is given what to call with the result, and what to call with the failure."""

    def __init__(self, begin: Begin[T]) -> None:
        self.begin = begin

    def __await__(self) -> Generator[Step[T], T, T]:
        result = yield self
        return result


def run(work: Coroutine[Step[Any], Any, None]) -> None:
    """Do the work up to the first step that waits; the rest follows as the steps end."""
    _go_on(work, lambda: work.send(None))


def _go_on(work: Coroutine[Step[Any], Any, None], resume: Callable[[], Step[Any]]) -> None:
    try:
        step = resume()
    except StopIteration:
        return
    step.begin(
        lambda result: _go_on(work, lambda: work.send(result)),
        lambda error: _go_on(work, lambda: work.throw(error)),
    )
