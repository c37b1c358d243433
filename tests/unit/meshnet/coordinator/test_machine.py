from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

import pytest

from meshnet.coordinator import machine
from meshnet.coordinator.machine import (
    Place,
    PortsError,
    check_ports,
    ephemeral_ports,
    own_addresses,
    places,
    read_ports,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("20000-29999", range(20000, 30000)), ("20001-20004", range(20002, 20004)), ("65534-65535", range(65534, 65536))],
)
def test_a_range_of_ports_is_cut_down_to_whole_pairs(text: str, expected: range) -> None:
    assert read_ports(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "20000", "20000:29999", "a-b", "-1-5", "29999-20000", "20001-20002", "20000-20000", "100-200", "65000-65536"],
)
def test_a_range_that_cannot_serve_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"port|room"):
        read_ports(text)


def test_ports_that_others_want_are_refused_with_the_cure() -> None:
    ports = range(20000, 30000)
    check_ports(ports, (8443, 8444), range(32768, 61000))
    with pytest.raises(PortsError, match="beacons") as found:
        check_ports(ports, (19999, 20000), range(32768, 61000))
    assert "--listen" in found.value.cure
    with pytest.raises(PortsError, match="29999-60999") as found:
        check_ports(ports, (8443, 8444), range(29999, 61000))
    assert "ip_local_port_range" in found.value.cure


def test_the_systems_own_ports_are_read_and_else_those_of_the_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(ephemeral_ports()) > 1
    file = tmp_path / "range"
    monkeypatch.setattr(machine, "_EPHEMERAL", file)
    assert ephemeral_ports() == range(49152, 65536)
    file.write_text("32768\t60999\n")
    assert ephemeral_ports() == range(32768, 61000)


def test_this_machine_knows_its_loopback_address() -> None:
    assert "127.0.0.1" in own_addresses()
    assert all(str(ipaddress.ip_address(address)) == address for address in own_addresses())


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str, own: frozenset[str] = frozenset()) -> None:
    def look_up(host: str, port: None, **_options: int) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        if not addresses:
            raise socket.gaierror("no such name")
        return [(0, 2, 17, "", (address, 0)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(machine, "own_addresses", lambda: own)
    monkeypatch.setattr(machine, "_source", lambda family: "10.0.0.80" if family == 4 else None)


def test_an_address_that_the_machine_has_is_served_on(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "2001:db8::1", "203.0.113.1", own=frozenset({"203.0.113.1", "2001:db8::1"}))
    assert places("mesh.example.org") == (Place("203.0.113.1", "203.0.113.1"), Place("2001:db8::1", "2001:db8::1"))
    assert [place.family for place in places("mesh.example.org")] == [4, 6]


def test_behind_a_nat_the_local_address_is_served_on_and_the_public_one_told(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "203.0.113.1", "203.0.113.2", "2001:db8::1")
    assert places("mesh.example.org") == (Place("203.0.113.1", "10.0.0.80"),)


def test_of_several_addresses_the_one_that_the_machine_has_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "203.0.113.1", "203.0.113.2", own=frozenset({"203.0.113.2"}))
    assert places("mesh.example.org") == (Place("203.0.113.2", "203.0.113.2"),)


@pytest.mark.parametrize("addresses", [(), ("127.0.1.1", "::1"), ("0.0.0.0",), ("fe80::1%eth0",)])
def test_a_name_that_leads_nowhere_for_others_gives_no_place(
    monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    resolving(monkeypatch, *addresses)
    assert places("mesh.example.org") == ()


def test_the_source_towards_outside_is_one_of_this_machine_or_none() -> None:
    assert {machine._source(4), machine._source(6)} <= own_addresses() | {None}
