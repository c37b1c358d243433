"""Times as people type and read them."""

from __future__ import annotations

import click
import pytest

from meshnet.cli import times


@pytest.mark.parametrize(("text", "expected"), [("90s", 90), ("10m", 600), ("24h", 86400), ("7d", 604800)])
def test_a_time_is_a_number_and_a_unit(text: str, expected: int) -> None:
    assert times.seconds(text) == expected


@pytest.mark.parametrize("text", ["", "h", "24", "24w", "-1h", "1.5h", "24 h"])
def test_anything_else_is_wrong_usage(text: str) -> None:
    with pytest.raises(click.BadParameter):
        times.seconds(text)


def test_a_moment_is_told_in_utc() -> None:
    assert times.iso(1_800_000_000) == "2027-01-15T08:00:00Z"
