from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from meshnet_platform.api import Hosting, Peer, PlatformError, Route, SystemPlan, Tunnel
from meshnet_platform.linux import backend as backend_module
from meshnet_platform.linux.backend import LinuxBackend
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
    backend.watch(told.append)
    backend.apply(ROUTED)
    machine.up = False
    machine.changes.clear()
    backend._tunnel_died()
    assert machine.up
    assert [change.split()[0] for change in machine.changes] == ["wg", "nft", "ip"]
    assert told == ["The process of the tunnel died and was started again."]


def test_a_tunnel_that_cannot_be_brought_back_is_told_with_the_reason(backend: LinuxBackend, machine: Machine) -> None:
    told: list[str] = []
    backend.watch(told.append)
    backend.apply(ROUTED)
    machine.failing = "wg set"
    backend._tunnel_died()
    assert "could not be started again" in told[0]
    assert "broken" in told[0]


def test_without_a_plan_the_tunnel_may_die_in_silence(backend: LinuxBackend) -> None:
    told: list[str] = []
    backend.watch(told.append)
    backend.apply(ROUTED)
    backend.apply(SystemPlan())
    backend._tunnel_died()
    assert told == []


def test_hosting_without_grants_asks_for_no_uplinks(backend: LinuxBackend, machine: Machine) -> None:
    backend.apply(SystemPlan(TUNNEL, hosting=Hosting(())))
    assert "iifname { " not in "".join(machine.inputs)


def test_a_tunnel_that_somebody_deleted_is_made_anew_with_its_addresses(
    backend: LinuxBackend, machine: Machine
) -> None:
    backend.apply(ROUTED)
    machine.changes.clear()
    machine.up = False
    backend.apply(ROUTED)
    assert machine.up
    assert "ip" in [change.split()[0] for change in machine.changes]
