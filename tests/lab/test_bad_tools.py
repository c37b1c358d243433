"""Tools that hang, fail, lie, print junk, are killed or missing: refused in words, closed, and mended afterwards."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
import pytest

from lab.net import Lab, Machine
from lab.test_killed_anywhere import DRIVERS, MEMBER, client, routed

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1100)]

_DRIVER = str(Path(__file__).with_name("tools_driver.py"))


def suffer(machine: Machine, every: int, timeout: float) -> list[str]:
    """The cases that went wrong."""
    state, plans = machine.directory / "state", machine.directory / "trial.json"
    state.mkdir()
    trial = {"routed": routed(2), "blocked": routed(2, passing=False), "member": MEMBER, "every": every}
    plans.write_bytes(msgspec.json.encode(trial))
    process = machine.spawn(sys.executable, _DRIVER, str(state), str(plans), env=DRIVERS)
    process.wait_for_line("done", timeout, exact=True)
    cases = [json.loads(line) for line in process.out.read_text().splitlines()[:-1]]
    assert cases[-1]["case"] == "the end"
    return [f"{case['case']}: {problem}" for case in cases for problem in case["problems"]]


def test_some_of_the_ways_in_which_a_tool_fails(lab: Lab) -> None:
    assert suffer(client(lab), 9, 300) == []


@pytest.mark.long
def test_every_way_in_which_a_tool_fails(lab: Lab) -> None:
    assert suffer(client(lab), 1, 1000) == []
