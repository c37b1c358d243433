"""What a coordinator finds on its machine beside HTTPS, and what it says where there is less."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshnet.coordinator import machine, udp
from meshnet.coordinator.files import StateDirectory
from meshnet.coordinator.machine import Place
from meshnet.errors import Code, MeshnetError
from meshnet_platform import backends
from meshnet_platform.api import Beacon, PlatformError, Relay
from meshnet_platform.fake import FakeBeacon, FakeRelay

PLACES = (Place("203.0.113.80", "10.0.0.80"),)


@pytest.fixture(autouse=True)
def able(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has all it needs."""

    def beacon(directory: Path) -> Beacon:
        assert directory.stat().st_mode & 0o777 == 0o700
        return FakeBeacon()

    def relay(directory: Path) -> Relay:
        assert directory.stat().st_mode & 0o777 == 0o700
        return FakeRelay()

    monkeypatch.setattr(backends, "choose_beacon", beacon)
    monkeypatch.setattr(backends, "choose_relay", relay)
    monkeypatch.setattr(machine, "places", lambda host: PLACES)
    monkeypatch.setattr(machine, "ephemeral_ports", lambda: range(32768, 61000))


def unable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def refuse(directory: Path) -> None:
        raise PlatformError("It needs root.", "Start the coordinator as root.")

    monkeypatch.setattr(backends, name, refuse)


def find(directory: Path, port: int = 8443, ports: range | None = None) -> udp.Udp:
    return udp.find(StateDirectory(directory), port, "mesh.example.org", ports)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_a_machine_that_has_all_says_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = find(tmp_path)
    assert found.beacon is not None
    assert found.relay is not None
    assert (found.relay_ports, found.places) == (range(20000, 30000), PLACES)
    assert said(caplog) == []
    assert find(tmp_path, ports=range(21000, 21002)).relay_ports == range(21000, 21002)


def test_without_the_beacon_there_is_no_relay_and_it_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    unable(monkeypatch, "choose_beacon")
    found = find(tmp_path)
    assert (found.beacon, found.relay) == (None, None)
    assert said(caplog) == ["serving without beacon and relay: It needs root. Start the coordinator as root."]


def test_the_beacon_serves_without_the_relay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    unable(monkeypatch, "choose_relay")
    found = find(tmp_path)
    assert found.beacon is not None
    assert found.relay is None
    assert said(caplog) == ["serving without relay: It needs root. Start the coordinator as root."]


def test_a_name_that_leads_nowhere_gives_no_relay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(machine, "places", lambda host: ())
    assert find(tmp_path).relay is None
    assert "mesh.example.org" in said(caplog)[0]
    assert "--public-host" in said(caplog)[0]


def test_the_last_port_leaves_none_for_the_second_beacon(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = find(tmp_path, port=65535)
    assert (found.beacon, found.relay) == (None, None)
    assert "--listen" in said(caplog)[0]


def test_ports_that_others_want_are_refused_where_somebody_chose_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for ports in (range(8444, 8446), range(30000, 40000)):
        with pytest.raises(MeshnetError) as refusal:
            find(tmp_path, ports=ports)
        assert refusal.value.code is Code.NOT_SUPPORTED
    monkeypatch.setattr(machine, "ephemeral_ports", lambda: range(1024, 65000))
    assert find(tmp_path).relay is None
    assert "ip_local_port_range" in said(caplog)[0]


def test_what_a_killed_process_left_is_cleared_where_there_is_to_be_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[str] = []

    for kind in (FakeBeacon, FakeRelay):
        monkeypatch.setattr(kind, "stop", lambda self: stopped.append(type(self).__name__))
    for name in ("beacon", "relay"):
        (tmp_path / name).mkdir(mode=0o700)
    udp.clear(StateDirectory(tmp_path))
    assert stopped == []
    for name in ("beacon", "relay"):
        (tmp_path / name / "journal").touch()
    udp.clear(StateDirectory(tmp_path))
    assert stopped == ["FakeRelay", "FakeBeacon"]
    unable(monkeypatch, "choose_relay")
    udp.clear(StateDirectory(tmp_path))
