"""A while that was given to something, measured by two clocks. Pure; whoever asks has the clocks."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST = 86_400
"""Seconds: a day. What is to hold for longer is said for good."""


@dataclass(frozen=True, slots=True)
class Term:
    """It is over when either clock says so.

    The clock on the wall goes on while the machine sleeps, but may be set back; the steady one may stop meanwhile, and
    nobody sets it.
    """

    until: float
    """Unix time."""
    steady_until: float

    def is_over(self, wall: float, steady: float) -> bool:
        """Whether it is, at these times."""
        return wall >= self.until or steady >= self.steady_until


def term_of(seconds: float, wall: float, steady: float) -> Term:
    """So many seconds from now on."""
    return Term(wall + seconds, steady + seconds)
