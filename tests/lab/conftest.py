"""The lab for pytest: fixtures, the reason to skip where there can be none, and the logs of what failed."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from lab import desktop as desktops
from lab import net
from lab.desktop import Desktop
from lab.net import Lab
from lab.world import World


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what crosses the lab's network where there can be no lab, and say why."""
    reason = net.why_not()
    if reason is None:
        return
    for item in items:
        if item.get_closest_marker("lab") is not None:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the logs of the machines and of the desktop beside the failure."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        for name in ("lab", "shared_lab", "desktop"):
            if isinstance(shown := item.funcargs.get(name), Lab | Desktop):
                report.sections.append((f"logs of the {name}", shown.logs()))
    return report


@pytest.fixture
def lab() -> Iterator[Lab]:
    """An empty lab."""
    with Lab() as lab:
        yield lab


@pytest.fixture(scope="module")
def shared_lab() -> Iterator[Lab]:
    """An empty lab for all tests of a module; each leaves in it what it found."""
    with Lab() as lab:
        yield lab


@pytest.fixture
def world(lab: Lab) -> World:
    """The standard world."""
    return World(lab)


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    """A desktop outside the machines."""
    reason = desktops.why_not()
    if reason is not None:
        pytest.skip(reason)
    with Desktop(tmp_path / "desktop") as desktop:
        yield desktop
