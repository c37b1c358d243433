"""Work in several steps that wait."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from meshnet.gui.steps import Step, run


class Slow:
    """Something that ends when the test says so."""

    def __init__(self) -> None:
        self.done: list[Callable[[str], None]] = []
        self.failed: list[Callable[[Exception], None]] = []

    def __call__(self) -> Step[str]:
        def begin(done: Callable[[str], None], failed: Callable[[Exception], None]) -> None:
            self.done.append(done)
            self.failed.append(failed)

        return Step(begin)


def test_the_steps_follow_one_another_as_they_end() -> None:
    slow, seen = Slow(), []

    async def work() -> None:
        seen.append(await slow())
        seen.append(await slow())

    run(work())
    assert seen == []
    slow.done[0]("one")
    assert seen == ["one"]
    slow.done[1]("two")
    assert seen == ["one", "two"]


def test_a_step_that_ends_at_once_is_no_special_case() -> None:
    seen: list[int] = []

    async def work() -> None:
        seen.append(await Step(lambda done, _: done(1)))
        seen.append(await Step(lambda done, _: done(2)))

    run(work())
    assert seen == [1, 2]


def test_a_failure_is_raised_where_it_was_waited_for() -> None:
    slow, seen = Slow(), []

    async def work() -> None:
        try:
            await slow()
        except ValueError as error:
            seen.append(str(error))

    run(work())
    slow.failed[0](ValueError("no"))
    assert seen == ["no"]


def test_what_nobody_catches_is_not_lost() -> None:
    slow = Slow()

    async def work() -> None:
        await slow()

    run(work())
    with pytest.raises(ValueError, match="no"):
        slow.failed[0](ValueError("no"))
