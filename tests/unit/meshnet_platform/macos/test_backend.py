from __future__ import annotations

import pytest

from meshnet_platform.api import PlatformError, Route, SystemPlan
from meshnet_platform.macos.backend import MacosBackend


def test_it_says_why_it_can_neither_host_nor_route_and_what_to_do() -> None:
    (problem,) = MacosBackend().problems()
    assert (problem.severity, problem.stops_hosting, problem.stops_routing) == ("error", True, True)
    assert problem.cure


def test_a_plan_that_wants_something_is_refused_with_the_same_words() -> None:
    backend = MacosBackend()
    with pytest.raises(PlatformError) as caught:
        backend.apply(SystemPlan(route=Route(False)))
    assert caught.value.message == backend.problems()[0].message
