from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from meshnet_platform.api import Hosting, Peer, PlatformError, Route, SystemPlan, Tunnel
from meshnet_platform.linux import backend as backend_module
from meshnet_platform.linux import wg
from meshnet_platform.linux.backend import LinuxBackend
from meshnet_platform.linux.endpoints import Endpoints, Slumber
from meshnet_platform.linux.events import Part
from meshnet_platform.linux.network import Network
from meshnet_platform.linux.sysctl import Sysctls
from meshnet_platform.linux.tunnel import TunnelInterface
from meshnet_platform.runner import Result, Runner

KEY = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
PEER = Peer("xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=", ("100.64.0.2/32", "0.0.0.0/0"))
TUNNEL = Tunnel("meshnet0", KEY, 21820, ("100.64.0.1/32",), peers=(PEER,))
CONFIGURED = (
    f"{KEY}\tpublic\t21820\t0x20d53\n{PEER.public_key}\t(none)\t(none)\t{','.join(PEER.allowed)}\t0\t0\t0\toff\n"
)
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
        self.configured = False
        self.lying = False
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
            return Result(0, CONFIGURED if self.configured else "(none)\t(none)\t0\toff\n")
        if command.endswith("rule show"):
            return Result(0, '[{"priority":32766,"src":"all","table":"main"}]')
        if command.startswith("nft --terse list") and not self.rules:
            return Result(1, "", "Error: No such file or directory")
        if command.startswith("nft --stateless list"):
            mesh = "set mesh4 {\n elements = { 100.64.0.2 }\n}\n"
            return Result(0, mesh + "listed\n" * self.rules if self.rules else "")
        if stdin is not None and command.startswith("nft") and not self.lying:
            # As the real one lists them: a line for each.
            self.rules = 0 if "delete table" in stdin else stdin.count("\n")
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


def test_a_peer_is_sent_elsewhere_once_the_firewall_knows(backend: LinuxBackend, machine: Machine) -> None:
    near, far = "192.168.1.20:21820", "203.0.113.5:20001"
    machine.configured = True
    for endpoint, alias in ((far, near), (near, far)):
        machine.changes.clear()
        peer = dataclasses.replace(PEER, endpoint=endpoint, aliases=(alias,))
        backend.apply(SystemPlan(dataclasses.replace(TUNNEL, peers=(peer,))))
    assert [change.split()[0] for change in machine.changes] == ["nft", "wg"]
    assert "add element inet meshnet alias_address4 { 203.0.113.5 . 20001 : 192.168.1.20 }" in machine.inputs[-2]


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


def test_a_process_that_ended_is_of_no_concern_once_another_took_its_place(
    backend: LinuxBackend, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    backend._on_trouble = told.append
    backend.apply(ROUTED)
    backend._process_ended()
    assert told == []
    monkeypatch.setattr(TunnelInterface, "has_died", lambda _: True)
    backend._process_ended()
    assert told == ["The process of the tunnel died and was started again."]


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
    machine.configured = True
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


def test_peers_that_somebody_took_out_or_that_never_came_in_are_put_back(
    backend: LinuxBackend, machine: Machine, watched: list[str]
) -> None:
    assert backend._check(Part.PEERS)
    assert [change.split()[0] for change in machine.changes] == ["wg", "nft", "ip"]
    assert watched == ["Another program changed the peers of WireGuard; it is as it should be again."]


def test_a_permission_that_was_taken_away_ends_though_nothing_else_can_be_done(
    backend: LinuxBackend, machine: Machine
) -> None:
    other = Peer(KEY, ("100.64.0.3/32",))
    host = SystemPlan(TUNNEL, ("100.64.0.2",), Hosting(("100.64.0.2",)))
    backend.apply(host)
    machine.failing = "wg show"
    without = SystemPlan(dataclasses.replace(TUNNEL, peers=(PEER, other)), hosting=Hosting(("100.64.0.3",)))
    with pytest.raises(PlatformError, match="wg show"):
        backend.apply(without)
    deleted = {f"delete element inet meshnet {name} {{ 100.64.0.2 }}" for name in ("incoming4", "routing4")}
    assert deleted == set(machine.inputs[-1].splitlines()), "and nothing is given that could not be given whole"
    machine.failing = "ip"
    with pytest.raises(PlatformError):
        backend.apply(SystemPlan(TUNNEL))
    machine.failing = ""
    backend.apply(host)
    assert machine.rules


def test_rules_that_nft_only_says_it_loaded_are_not_believed(backend: LinuxBackend, machine: Machine) -> None:
    machine.lying = True
    with pytest.raises(PlatformError, match="the rules are not there"):
        backend.apply(ROUTED)
    machine.lying = False
    backend.apply(ROUTED)
    assert machine.rules


def test_a_repair_that_fails_is_told_and_the_plan_is_carried_out_again_by_whoever_asks(
    backend: LinuxBackend, machine: Machine, watched: list[str]
) -> None:
    machine.rules, machine.failing = 0, "nft -f"
    assert backend._check(Part.FIREWALL)
    assert "could not be put right: `nft -f -` failed" in watched[0]
    machine.failing = ""
    backend.apply(ROUTED)
    assert "nft -f -" in machine.changes


def test_junk_that_a_look_stumbles_over_is_told_and_the_plan_is_carried_out_again_by_whoever_asks(
    backend: LinuxBackend, machine: Machine, watched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Network, "changes", lambda *_: int("junk"))
    assert backend._check(Part.NETWORK)
    assert "could not be put right: invalid literal" in watched[0]
    assert machine.changes == []
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


def test_the_wish_is_noted_before_anything_is_changed_and_for_as_long_as_it_lasts(
    backend: LinuxBackend, machine: Machine, tmp_path: Path
) -> None:
    machine.failing = "wg set"
    with pytest.raises(PlatformError):
        backend.apply(ROUTED)
    assert (tmp_path / "guard.nft").exists()
    machine.failing = ""
    backend.apply(dataclasses.replace(ROUTED, route=Route(False, at_boot=True)))
    assert [path.name for path in tmp_path.glob("*.nft")] == ["guard-at-boot.nft"]
    machine.failing = "nft -f"
    with pytest.raises(PlatformError):
        backend.apply(MEMBER)
    assert [path.name for path in tmp_path.glob("*.nft")] == ["guard-at-boot.nft"]
    machine.failing = ""
    backend.apply(MEMBER)
    assert list(tmp_path.glob("*.nft")) == []


def test_what_is_undone_is_no_wish_any_more(backend: LinuxBackend, tmp_path: Path) -> None:
    backend.apply(ROUTED)
    backend.restore()
    assert list(tmp_path.glob("*.nft")) == []


class Moving:
    """A device whose tunnel is a wireguard-go, whose addresses change, and which sleeps."""

    def __init__(self, backend: LinuxBackend, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.addresses = {"198.51.100.1"}
        self.asleep = 0.0
        self._news: Callable[[], None] = lambda: None
        monkeypatch.setattr(TunnelInterface, "has_process", True)
        monkeypatch.setattr(Endpoints, "sources", lambda _: frozenset(self.addresses))
        monkeypatch.setattr(Slumber, "since_last", lambda _: self.asleep)
        monkeypatch.setattr(backend_module, "Watcher", self._watcher)
        machine.configured, self.troubles = True, list[str]()
        backend.apply(ROUTED)
        backend.watch(self.troubles.append, lambda: None)
        machine.changes.clear()

    def _watcher(self, interface: str, check: object, news: Callable[[], None], *rest: object) -> Watching:
        self._news = news
        return Watching(interface, check, news, *rest)

    def news(self) -> None:
        """The kernel tells of a change."""
        self._news()


@pytest.fixture
def moving(backend: LinuxBackend, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Moving:
    monkeypatch.setattr(wg, "endpoints", lambda state: {"all": "again"})
    return Moving(backend, machine, monkeypatch)


def test_a_new_address_is_told_to_a_wireguard_go_once(moving: Moving, machine: Machine) -> None:
    moving.news()
    assert machine.changes == [], "nothing is new"
    moving.addresses = {"203.0.113.9"}
    moving.news()
    moving.news()
    assert machine.changes == ["wg set meshnet0"]


def test_a_tunnel_that_slept_is_made_anew(moving: Moving, machine: Machine) -> None:
    moving.asleep = 30.0
    moving.news()
    assert machine.changes == [], "its sessions are good still"
    moving.asleep = 3600.0
    moving.news()
    assert machine.up
    assert any(change.startswith("ip -4 -batch") for change in machine.changes)
    assert moving.troubles == []


def test_a_change_of_the_network_that_cannot_be_followed_is_told(moving: Moving, machine: Machine) -> None:
    moving.addresses, machine.failing = {"203.0.113.9"}, "wg set"
    moving.news()
    assert len(moving.troubles) == 1
    assert "could not follow" in moving.troubles[0]
    machine.failing = ""
    moving.news()
    assert machine.changes == ["wg set meshnet0"], "it is tried again"
