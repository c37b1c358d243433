"""`./dev run`: the whole product on any system, with a backend that changes nothing."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.run_here import Household, build

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the daemon does not serve on Windows yet")


@pytest.fixture
def built() -> Iterator[tuple[Household, Path]]:
    # A short path: a Unix socket's may have 104 bytes on some systems, and pytest's own directories are deep.
    with tempfile.TemporaryDirectory(prefix="mr-") as directory:
        household, laptop = build(Path(directory))
        yield household, laptop
        household.close()


def test_three_devices_can_be_clicked_through(built: tuple[Household, Path]) -> None:
    household, laptop = built
    devices = {device["name"]: device for device in household.ask(laptop, "devices")["devices"]}
    assert set(devices) == {"home-pc", "work-pc"}
    assert devices["home-pc"]["granted"]["routing"]
    assert not devices["work-pc"]["granted"]["routing"]
    assert household.ask(laptop, "route", "home-pc")["state"] == "routing"
    assert household.ask(laptop, "route", "--off")["state"] == "idle"
