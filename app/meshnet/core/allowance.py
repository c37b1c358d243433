"""How often something may be done that others can bring about: so much at once, and so much a second after. Pure."""

from __future__ import annotations


class Allowance:
    """A bucket of tokens. Time is in seconds of any clock that goes on evenly."""

    def __init__(self, at_once: float, a_second: float) -> None:
        self._most, self._a_second = at_once, a_second
        self._left, self._at = at_once, 0.0

    def takes(self, now: float) -> bool:
        """Whether it may be done now; then it counts as done."""
        self._left = min(self._most, self._left + max(0.0, now - self._at) * self._a_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def next_at(self, now: float) -> float:
        """When it may be done again, after it was refused at this time."""
        # A little later than calculated, for what is rounded: who comes too early would ask again and again.
        return now + (1 - self._left) / self._a_second + 0.001
