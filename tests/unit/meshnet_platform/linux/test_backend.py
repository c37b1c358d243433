from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from meshnet_platform.api import Hosting, Peer, PlatformError, Route, SystemPlan, Tunnel
from meshnet_platform.linux import backend as backend_module
from meshnet_platform.linux.backend import LinuxBackend
from meshnet_platform.linux.events import Part
from meshnet_platform.linux.network import Network
from meshnet_platform.linux.sysctl import Sysctls
from meshnet_platform.linux.tunnel import TunnelInterface
from meshnet_platform.runner import Result, Runner

KEY = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
PEER = Peer("xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=", ("100.64.0.2/32", "0.0.0.0/0"))
TUNNEL = Tunnel("meshnet0", KEY, 21820, ("100.64.0.1/32",), peers=(PEER,))
MEMBER = SystemPlan(TUNNEL)
ROUTED = SystemPlan(TUNNEL, route=Route(True))


class Machine:
    """Answers like a system where nothing is ours yet, and remembers what it was told to change."""

    def __init__(self, directory: Path) -> None:
        self.changes: list[str] = []
        self.inputs: list[str] = []
        self.processes = 0
        self.failing = ""
        self.up = False
        self.rules = 0
        self.differences: tuple[str, ...] = ()
        tools = directory / "bin"
        tools.mkdir()
        for tool in ("ip", "wg", "nft"):
            (tools / tool).touch(mode=0o755)
        self.runner = Runner(self._execute, [str(tools)])

    def _execute(self, words: Sequence[str], stdin: str | None, timeout: float) -> Result:
        self.processes += 1
        command = " ".join((Path(words[0]).name, *words[1:]))
        if self.failing and command.startswith(self.failing):
            return Result(1, "", "broken")
        if command.startswith("wg show"):
            return Result(0, "(none)\t(none)\t0\toff\n")
        if command.startswith("nft --stateless list"):
            mesh = "set mesh4 {\n elements = { 100.64.0.2 }\n}\n"
            return Result(0, mesh + "listed\n" * self.rules if self.rules else "")
        if stdin is not None and command.startswith("nft"):
            # As the real one lists them: a line for each.
            self.rules = stdin.count("\n")
        if stdin is not None:
            self.changes.append(command.split(" peer ")[0])
            self.inputs.append(stdin)
        return Result(0, "")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    monkeypatch.setattr(TunnelInterface, "exists", lambda self, name: machine.up)
    monkeypatch.setattr(TunnelInterface, "ensure", lambda self, name: setattr(machine, "up", True))
    monkeypatch.setattr(TunnelInterface, "remove", lambda self, name: setattr(machine, "up", False))
    monkeypatch.setattr("meshnet_platform.linux.network._families", lambda: (4,))
    monkeypatch.setattr(
        backend_module, "Sysctls", lambda journal, bridges: Sysctls(journal, bridges, tmp_path / "no-proc-sys")
    )
    return machine


@pytest.fixture
def backend(machine: Machine, tmp_path: Path) -> LinuxBackend:
    return LinuxBackend(tmp_path, runner=machine.runner)


def test_peers_come_before_the_firewall_and_the_firewall_before_addresses_and_routes(
    backend: LinuxBackend, machine: Machine
) -> None:
    backend.apply(ROUTED)
    tools = [change.split()[0] for change in machine.changes]
    assert tools == ["wg", "nft", "ip"]


def test_the_private_key_is_given_on_standard_input_only(backend: LinuxBackend, machine: Machine) -> None:
    backend.apply(ROUTED)
    assert machine.inputs[0] == KEY + "\n"
    assert KEY not in " ".join(machine.changes)


def test_the_same_plan_again_starts_no_process(backend: LinuxBackend, machine: Machine) -> None:
    backend.apply(ROUTED)
    started = machine.processes
    backend.apply(SystemPlan(TUNNEL, route=Route(True)))
    assert machine.processes == started


def test_a_grant_is_one_process(backend: LinuxBackend, machine: Machine) -> None:
    backend.apply(SystemPlan(TUNNEL))
    started = machine.processes
    backend.apply(SystemPlan(TUNNEL, incoming=("100.64.0.2",)))
    assert machine.processes == started + 1
    assert machine.inputs[-1] == "add element inet meshnet incoming4 { 100.64.0.2 }\n"


def test_when_a_route_ends_its_rules_go_before_the_guard(backend: LinuxBackend, machine: Machine) -> None:
    backend.apply(ROUTED)
    machine.changes.clear()
    machine.inputs.clear()
    backend.apply(MEMBER)
    assert [change.split()[0] for change in machine.changes] == ["ip", "nft", "ip"]
    assert machine.inputs[0].startswith("rule del priority 5300")
    assert "reject" not in machine.inputs[1]


def test_after_a_failure_the_system_is_read_again_and_the_plan_carried_out_whole(
    backend: LinuxBackend, machine: Machine
) -> None:
    backend.apply(MEMBER)
    machine.failing = "ip -4 -batch"
    with pytest.raises(PlatformError, match="broken"):
        backend.apply(ROUTED)
    machine.failing = ""
    machine.changes.clear()
    machine.inputs.clear()
    backend.apply(ROUTED)
    assert "flush table inet meshnet" in "".join(machine.inputs)


def test_the_death_of_the_tunnel_is_told_once_it_is_back(backend: LinuxBackend, machine: Machine) -> None:
    told: list[str] = []
    backend._on_trouble = told.append
    backend.apply(ROUTED)
    machine.up = False
    machine.changes.clear()
    backend._tunnel_died()
    assert machine.up
    assert [change.split()[0] for change in machine.changes] == ["wg", "nft", "ip"]
    assert told == ["The process of the tunnel died and was started again."]


def test_a_tunnel_that_cannot_be_brought_back_is_told_with_the_reason(backend: LinuxBackend, machine: Machine) -> None:
    told: list[str] = []
    backend._on_trouble = told.append
    backend.apply(ROUTED)
    machine.failing = "wg set"
    backend._tunnel_died()
    assert "could not be started again" in told[0]
    assert "broken" in told[0]


def test_without_a_plan_the_tunnel_may_die_in_silence(backend: LinuxBackend) -> None:
    told: list[str] = []
    backend._on_trouble = told.append
    backend.apply(ROUTED)
    backend.apply(SystemPlan())
    backend._tunnel_died()
    assert told == []


def test_hosting_without_grants_opens_no_forwarding_and_closes_none(backend: LinuxBackend, machine: Machine) -> None:
    backend.apply(SystemPlan(TUNNEL, hosting=Hosting(())))
    assert "new, invalid, untracked" not in "".join(machine.inputs)


def test_a_tunnel_that_somebody_deleted_is_made_anew_with_its_addresses(
    backend: LinuxBackend, machine: Machine
) -> None:
    backend.apply(ROUTED)
    machine.changes.clear()
    machine.up = False
    backend.apply(ROUTED)
    assert machine.up
    assert "ip" in [change.split()[0] for change in machine.changes]


class Watching:
    """In place of the thread."""

    def __init__(self, interface: str, *calls: object) -> None:
        self.woken = 0
        self.closed = False

    def wake(self) -> None:
        self.woken += 1

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def watched(backend: LinuxBackend, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A routed device that is watched; the words of trouble."""
    told: list[str] = []
    monkeypatch.setattr(backend_module, "Watcher", Watching)
    monkeypatch.setattr(Network, "changes", lambda self, name, there, wanted: machine.differences)
    backend.watch(told.append, lambda: None)
    backend.apply(ROUTED)
    machine.changes.clear()
    return told


def test_what_is_as_it_was_left_is_left_alone(backend: LinuxBackend, machine: Machine, watched: list[str]) -> None:
    assert not backend._check(Part.ALL)
    assert machine.changes == []
    assert watched == []


def test_a_flushed_firewall_is_put_back_and_nothing_else_is_touched(
    backend: LinuxBackend, machine: Machine, watched: list[str]
) -> None:
    machine.rules = 0
    assert backend._check(Part.FIREWALL)
    assert machine.changes == ["nft -f -"]
    assert watched == ["Another program changed the firewall; it is as it should be again."]
    assert not backend._check(Part.FIREWALL)


def test_routes_that_others_changed_are_put_back_behind_the_firewall(
    backend: LinuxBackend, machine: Machine, watched: list[str]
) -> None:
    machine.differences = ("a", "b", "c", "d", "e")
    assert backend._check(Part.NETWORK)
    assert [change.split()[0] for change in machine.changes] == ["wg", "nft", "ip"]
    assert watched == ["Another program changed a, b, c and 2 more; it is as it should be again."]


def test_a_repair_that_fails_is_told_and_the_plan_is_carried_out_again_by_whoever_asks(
    backend: LinuxBackend, machine: Machine, watched: list[str]
) -> None:
    machine.rules, machine.failing = 0, "nft -f"
    assert backend._check(Part.FIREWALL)
    assert "could not be put right: `nft -f -` failed" in watched[0]
    machine.failing = ""
    backend.apply(ROUTED)
    assert "nft -f -" in machine.changes


def test_without_a_plan_nothing_is_looked_after(backend: LinuxBackend, machine: Machine, watched: list[str]) -> None:
    backend.apply(SystemPlan())
    started = machine.processes
    machine.differences = ("interface meshnet0",)
    assert not backend._check(Part.ALL)
    assert machine.processes == started
    assert not backend._is_glancing()


def test_files_are_glanced_at_while_they_are_ours(backend: LinuxBackend, watched: list[str]) -> None:
    assert not backend._is_glancing()
    backend.apply(SystemPlan(TUNNEL, hosting=Hosting(("100.64.0.2",))))
    assert backend._is_glancing()
