"""What every backend promises, whatever the system. Linux takes part where there is root, in a namespace of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from lab.net import Lab, Machine, why_not
from meshnet_platform.api import (
    Backend,
    Facts,
    Observation,
    Peer,
    PlatformError,
    Probes,
    Problem,
    Route,
    SystemPlan,
    Traffic,
    Tunnel,
)
from meshnet_platform.fake import FakeBackend
from meshnet_platform.macos.backend import MacosBackend
from meshnet_platform.windows.backend import WindowsBackend

PRIVATE = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
PUBLIC = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
PEER = Peer(PUBLIC, ("100.64.0.2/32", "fd00::2/128", "0.0.0.0/0", "::/0"), "192.0.2.1:21820")
PLAN = SystemPlan(
    Tunnel("meshnet0", PRIVATE, 21820, ("100.64.0.1/32", "fd00::1/128"), peers=(PEER,)),
    incoming=("100.64.0.2",),
    route=Route(passing=False),
    resolvers=("100.64.0.2",),
)
_DRIVER = str(Path(__file__).parents[1] / "lab/backend_driver.py")


class LabBackend:
    """The Linux backend in a machine of the lab; every call is a process of its own, so nothing is remembered."""

    platform = "linux"
    control_mark: int | None = 0x20D53

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def problems(self) -> tuple[Problem, ...]:
        return msgspec.json.decode(self._drive("problems"), type=tuple[Problem, ...])

    def facts(self) -> Facts:
        return msgspec.json.decode(self._drive("facts"), type=Facts)

    def apply(self, plan: SystemPlan) -> None:
        self._drive("apply", plan)

    def observe(self) -> Observation:
        return msgspec.json.decode(self._drive("observe"), type=Observation)

    def traffic(self) -> Traffic:
        return Traffic()

    def open_probes(self, listen_port: int, magic: bytes) -> Probes | None:
        """A socket does not outlive the process that opened it."""

    def restore(self) -> None:
        self._drive("restore")

    def watch(self, on_trouble: Callable[[str], None], on_news: Callable[[], None]) -> None:
        """A process that ends after each call has nothing to watch."""

    def close(self) -> None:
        """Each call closed already."""

    def trace(self) -> str:
        """All that a plan may leave on the machine."""
        looks = "ip addr; ip rule; ip -6 rule; ip route show table all; ip -6 route show table all; nft list ruleset"
        files = "cat /etc/resolv.conf; ls /run/wireguard; cat /proc/sys/net/ipv4/conf/*/rp_filter"
        processes = "pgrep -r R,S,D wireguard-go"
        return self._machine.run("sh", "-c", f"{looks}; {files}; {processes}", check=False).stdout

    def _drive(self, verb: str, plan: SystemPlan | None = None) -> str:
        text = msgspec.json.encode(plan).decode() if plan else ""
        return self._machine.run(sys.executable, _DRIVER, str(self._machine.directory), verb, input=text).stdout


@pytest.fixture(params=["fake", "macos", "windows", "linux"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    simple: dict[str, Callable[[], Backend]] = {"fake": FakeBackend, "macos": MacosBackend, "windows": WindowsBackend}
    if request.param in simple:
        yield simple[request.param]()
        return
    if why_not() is not None:
        pytest.skip(str(why_not()))
    with Lab() as lab:
        yield LabBackend(lab.machine("machine"))


def serves(backend: Backend) -> bool:
    return not any(problem.stops_routing for problem in backend.problems())


def state_of(backend: Backend) -> object:
    """What a plan changed, as far as it can be seen from here."""
    if isinstance(backend, LabBackend):
        return backend.trace()
    return backend.plan if isinstance(backend, FakeBackend) else None


def test_it_has_a_name_and_answers_every_question(backend: Backend) -> None:
    assert backend.platform in ("fake", "linux", "macos", "windows")
    assert isinstance(backend.facts(), Facts)
    assert backend.observe() == Observation()


def test_the_same_plan_twice_does_nothing(backend: Backend) -> None:
    if not serves(backend):
        with pytest.raises(PlatformError):
            backend.apply(PLAN)
        return
    backend.apply(PLAN)
    once = state_of(backend)
    backend.apply(PLAN)
    assert state_of(backend) == once


def test_the_empty_plan_leaves_no_trace(backend: Backend) -> None:
    before = state_of(backend)
    if serves(backend):
        backend.apply(PLAN)
        assert state_of(backend) != before
    backend.apply(SystemPlan())
    assert state_of(backend) == before


def test_restore_needs_no_memory_and_harms_nothing_where_there_is_nothing(backend: Backend) -> None:
    before = state_of(backend)
    backend.restore()
    assert state_of(backend) == before
    if serves(backend):
        backend.apply(PLAN)
    backend.restore()
    backend.restore()
    assert state_of(backend) == before


def test_every_problem_has_words_and_a_cure(backend: Backend) -> None:
    for problem in backend.problems():
        assert problem.severity in ("error", "warning")
        assert problem.message.endswith(".")
        assert problem.cure


def test_it_can_be_watched_and_closed_and_closed_again(backend: Backend) -> None:
    backend.watch(lambda words: None, lambda: None)
    backend.close()
    backend.close()
