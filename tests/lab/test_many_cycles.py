"""Routes and hosting come and go many times in one process: nothing is left behind, and nothing grows."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
import pytest

from lab.net import Lab
from lab.test_killed_anywhere import CLOSED, DRIVERS, HOST, MEMBER, client, routed

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1800)]

_DRIVER = str(Path(__file__).with_name("cycles_driver.py"))
_PLANS = (MEMBER, HOST, CLOSED, routed(2), routed(3), routed(2, passing=False))


def cycle(lab: Lab, times: int, timeout: float) -> None:
    machine = client(lab)
    state, plans = machine.directory / "state", machine.directory / "plans.json"
    state.mkdir()
    plans.write_bytes(msgspec.json.encode(_PLANS))
    process = machine.spawn(sys.executable, _DRIVER, str(state), str(plans), str(times), "20853", env=DRIVERS)
    process.wait_for_line("done", timeout, exact=True)
    assert [json.loads(line) for line in process.out.read_text().splitlines()[:-1]] == [{"grown": {}}]


def test_forty_cycles(lab: Lab) -> None:
    cycle(lab, 40, 300)


@pytest.mark.long
def test_five_hundred_cycles(lab: Lab) -> None:
    cycle(lab, 500, 1700)
