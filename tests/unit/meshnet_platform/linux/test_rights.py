"""The right to change the network is a capability, with root or without."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshnet_platform.linux.rights import may_change_network


@pytest.mark.parametrize(
    ("effective", "may"), [("000001ffffffffff", True), ("0000000000001000", True), ("0000000000002000", False)]
)
def test_the_capability_decides(tmp_path: Path, effective: str, may: bool) -> None:
    status = tmp_path / "status"
    status.write_text(f"Name:\tpython3\nUid:\t1000\nCapPrm:\t000001ffffffffff\nCapEff:\t{effective}\n")
    assert may_change_network(status) is may


def test_a_kernel_that_does_not_say_permits_nothing(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tpython3\n")
    assert not may_change_network(status)
