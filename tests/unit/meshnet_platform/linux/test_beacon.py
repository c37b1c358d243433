from __future__ import annotations

import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from meshnet_platform.api import PlatformError
from meshnet_platform.linux import beacon
from meshnet_platform.linux.beacon import HEARD_SECONDS, LinuxBeacon, canonical
from meshnet_platform.linux.tunnel import TunnelInterface
from meshnet_platform.runner import Result, Runner

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads the kernel's files")

PRIVATE = ("yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=", "GGkB1L9xlA0wEN1hoaTWuZQQqWnnpMQTpiUJYTsxZ0M=")
OWN = "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw="
NAS = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
PAD = "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0="
PORTS = (8443, 8444)
NOW = 1_700_000_000


class Wg:
    """wg(8) and ip(8) for the interfaces that a test says are there; what they are told, and with what."""

    def __init__(self) -> None:
        self.peers: dict[str, dict[str, str]] = {}
        """Interface → key → rest of the row in a dump."""
        self.ports: dict[str, int] = {}
        self.keys: dict[str, str] = {}
        self.told: list[str] = []
        self.given: list[str] = []
        self.hangs = False
        self.fails = ""

    def __call__(self, words: Sequence[str], stdin: str | None, timeout: float) -> Result:
        words = (Path(words[0]).name, *words[1:])
        self.told.append(" ".join(words))
        self.given.append(stdin or "")
        if self.fails and self.fails in self.told[-1]:
            return Result(1, "", "it failed")
        if words[0] != "wg":
            return Result(0)
        if self.hangs:
            raise PlatformError("`wg` did not end within 5 seconds.")
        return self._wg(words[1], words[2], words[3:], stdin or "")

    def _wg(self, verb: str, name: str, rest: Sequence[str], text: str) -> Result:
        if verb == "show":
            return self._show(name, rest[0])
        if verb == "set":
            self._set(name, list(rest), text)
        else:
            if verb == "syncconf":
                self.peers[name] = {key: row for key, row in self.peers[name].items() if key in text}
            for key in re.findall(r"PublicKey = (\S+)", text):
                self.peers[name].setdefault(key, row_of())
        return Result(0)

    def _show(self, name: str, what: str) -> Result:
        if name not in self.peers:
            return Result(1, "", "No such device")
        if what == "public-key":
            return Result(0, OWN + "\n")
        key, port = self.keys.get(name, "(none)"), self.ports.get(name, 0)
        lines = [f"{key}\t{OWN}\t{port}\t{'0x20d53' if port else 'off'}"]
        lines += [f"{key}\t(none)\t{row}" for key, row in self.peers[name].items()]
        return Result(0, "\n".join(lines) + "\n")

    def _set(self, name: str, rest: list[str], text: str) -> None:
        if "listen-port" in rest:
            self.ports[name] = int(rest[rest.index("listen-port") + 1])
            self.keys[name] = text.strip()
        for at, word in enumerate(rest):
            if word == "remove":
                self.peers[name].pop(rest[at - 1], None)


def row_of(endpoint: str = "(none)", ago: int | None = None, *, allowed: str = "(none)", keepalive: str = "off") -> str:
    return f"{endpoint}\t{allowed}\t{0 if ago is None else NOW - ago}\t0\t0\t{keepalive}"


@pytest.fixture
def wg(monkeypatch: pytest.MonkeyPatch) -> Wg:
    wg = Wg()

    def ensure(tunnel: TunnelInterface, name: str) -> None:
        tunnel._journal.entries.interface = name
        tunnel._journal.write()
        wg.peers.setdefault(name, {})

    def remove(_: TunnelInterface, name: str) -> None:
        wg.told.append(f"remove {name}")
        wg.given.append("")
        wg.hangs = False
        wg.peers.pop(name, None)
        wg.ports.pop(name, None)

    monkeypatch.setattr(TunnelInterface, "ensure", ensure)
    monkeypatch.setattr(TunnelInterface, "remove", remove)
    monkeypatch.setattr(TunnelInterface, "exists", lambda _, name: name in wg.peers)
    monkeypatch.setattr(beacon, "_is_bound", lambda port: port in wg.ports.values())
    monkeypatch.setattr(beacon.BeaconInterface, "_is_up", lambda _: True)
    return wg


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


@pytest.fixture
def lit(wg: Wg, place: Path, tmp_path: Path) -> LinuxBeacon:
    for tool in ("wg", "ip"):
        (tmp_path / tool).touch(mode=0o755)
    made = LinuxBeacon(place, runner=Runner(wg, [str(tmp_path)]), clock=lambda: NOW)
    made.start(PRIVATE, PORTS)
    return made


def test_there_is_one_interface_for_each_port(lit: LinuxBeacon, wg: Wg) -> None:
    assert wg.ports == {"meshnetb0": 8443, "meshnetb1": 8444}
    assert wg.keys == {"meshnetb0": PRIVATE[0], "meshnetb1": PRIVATE[1]}


def test_no_private_key_is_among_the_words(lit: LinuxBeacon, wg: Wg) -> None:
    lit.admit([NAS])
    wg.peers["meshnetb0"].clear()
    lit.sightings()
    assert any(PRIVATE[0] in given for given in wg.given)
    assert not any(key in told for key in PRIVATE for told in wg.told)


@pytest.mark.parametrize("key", ["", "nonsense", PRIVATE[0] + "\nListenPort = 1", PRIVATE[0][:-2] + "l="])
def test_a_private_key_that_is_none_is_refused_and_not_repeated(wg: Wg, place: Path, key: str) -> None:
    with pytest.raises(PlatformError) as caught:
        LinuxBeacon(place, runner=Runner(wg)).start((key,), (8443,))
    assert not key or key not in caught.value.message + caught.value.cure


def test_all_are_admitted_by_one_command_for_each_interface(lit: LinuxBeacon, wg: Wg) -> None:
    wg.told.clear()
    lit.admit([NAS, PAD])
    assert wg.told == ["wg addconf meshnetb0 /dev/stdin", "wg addconf meshnetb1 /dev/stdin"]
    assert all(set(peers) == {NAS, PAD} for peers in wg.peers.values())
    assert "AllowedIPs" not in wg.given[-1]


def test_those_already_in_are_not_named_again(lit: LinuxBeacon, wg: Wg) -> None:
    lit.admit([NAS])
    wg.told.clear()
    lit.admit([NAS])
    assert wg.told == []


@pytest.mark.parametrize("key", ["", "x", OWN, f"{NAS}\n[Interface]\nFwMark = 1", NAS[:-2] + "h="])
def test_what_cannot_be_a_peer_is_passed_over(lit: LinuxBeacon, wg: Wg, key: str) -> None:
    lit.admit([key, PAD])
    assert all(set(peers) == {PAD} for peers in wg.peers.values())
    wg.told.clear()
    lit.sightings()
    assert wg.told == ["wg show meshnetb0 dump", "wg show meshnetb1 dump"], "and nothing is missed later"


def test_many_are_dismissed_in_commands_that_are_not_too_long(lit: LinuxBeacon, wg: Wg) -> None:
    many = [f"{number:042d}A=" for number in range(2500)]
    lit.admit(many)
    wg.told.clear()
    lit.dismiss([*many, NAS])
    assert wg.peers == {"meshnetb0": {}, "meshnetb1": {}}
    assert len(wg.told) == 6
    assert all(len(told) < 100_000 for told in wg.told)


def test_only_those_heard_lately_and_admitted_are_seen(lit: LinuxBeacon, wg: Wg) -> None:
    lit.admit([NAS, PAD])
    wg.peers["meshnetb0"] |= {
        NAS: row_of("192.0.2.7:4000", HEARD_SECONDS),
        PAD: row_of("192.0.2.8:4000", HEARD_SECONDS + 1),
    }
    wg.peers["meshnetb1"] |= {NAS: row_of("[2001:db8::7]:4000", -3), PAD: row_of("192.0.2.8:4001")}
    assert lit.sightings() == ({NAS: "192.0.2.7:4000"}, {NAS: "[2001:db8::7]:4000"})
    wg.peers["meshnetb0"][OWN] = row_of("192.0.2.9:4000", 1)
    assert OWN not in lit.sightings()[0]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("192.0.2.7:4000", "192.0.2.7:4000"),
        ("[2001:db8::7]:4000", "[2001:db8::7]:4000"),
        ("[fec0::7]:4000", "[fec0::7]:4000"),
        ("[::ffff:0:192.0.2.7]:4000", "[::ffff:0:192.0.2.7]:4000"),
        ("[::ffff:192.0.2.7]:4000", "192.0.2.7:4000"),
        ("[fe80::1%eth0]:4000", None),
        ("[fe80::1]:4000", None),
    ],
)
def test_an_endpoint_has_one_form(written: str, meant: str | None) -> None:
    assert canonical(written) == meant


@pytest.mark.parametrize("changed", [row_of(allowed="0.0.0.0/0"), row_of(keepalive="25")])
def test_a_peer_that_another_program_changed_is_put_right(lit: LinuxBeacon, wg: Wg, changed: str) -> None:
    lit.admit([NAS])
    wg.peers["meshnetb0"][NAS] = changed
    wg.told.clear()
    lit.sightings()
    assert "wg syncconf meshnetb0 /dev/stdin" in wg.told
    assert "wg syncconf meshnetb1 /dev/stdin" not in wg.told


def test_what_could_not_be_told_at_once_is_told_at_the_next_look(lit: LinuxBeacon, wg: Wg) -> None:
    wg.fails = "addconf"
    lit.admit([NAS])
    assert wg.peers["meshnetb0"] == {}
    lit.sightings()
    assert set(wg.peers["meshnetb0"]) == {NAS}


def test_an_interface_that_died_is_made_anew_and_calls_those_it_knew(
    lit: LinuxBeacon, wg: Wg, caplog: pytest.LogCaptureFixture
) -> None:
    lit.admit([NAS, PAD])
    wg.peers["meshnetb0"][NAS] = row_of("192.0.2.7:4000", 1)
    lit.sightings()
    del wg.peers["meshnetb0"], wg.ports["meshnetb0"]
    with caplog.at_level(logging.WARNING):
        assert lit.sightings() == ({}, {})
    assert set(wg.peers["meshnetb0"]) == {NAS, PAD}
    told = next(given for told, given in zip(wg.told, wg.given, strict=True) if "syncconf meshnetb0" in told)
    assert f"PublicKey = {NAS}\nPersistentKeepalive = 5\nEndpoint = 192.0.2.7:4000\n" in told
    assert f"PublicKey = {PAD}\nPersistentKeepalive = off\n" in told
    assert "meshnetb0 had ended" in caplog.text


def test_one_that_hangs_is_ended_and_made_anew(lit: LinuxBeacon, wg: Wg) -> None:
    lit.admit([NAS])
    wg.told.clear()
    wg.hangs = True
    lit.sightings()
    assert "remove meshnetb0" in wg.told
    assert set(wg.peers["meshnetb0"]) == {NAS}


def test_one_that_cannot_be_made_again_is_said_once_and_keeps_the_other(
    lit: LinuxBeacon, wg: Wg, caplog: pytest.LogCaptureFixture
) -> None:
    lit.admit([NAS])
    wg.peers["meshnetb1"][NAS] = row_of("192.0.2.7:4000", 1)
    del wg.peers["meshnetb0"], wg.ports["meshnetb0"]
    wg.fails = "dev meshnetb0 up"
    for _ in range(2):
        assert lit.sightings() == ({}, {NAS: "192.0.2.7:4000"})
    assert caplog.text.count("meshnetb0 is out of order") == 1
    wg.fails = ""
    lit.sightings()
    assert set(wg.peers["meshnetb0"]) == {NAS}


def test_a_port_that_is_taken_is_named_and_nothing_stays(lit: LinuxBeacon, wg: Wg, place: Path) -> None:
    lit.stop()
    wg.ports["another program"] = 8444
    with pytest.raises(PlatformError, match="UDP port 8444 is in use"):
        lit.start(PRIVATE, PORTS)
    assert wg.peers == {}
    assert list(place.iterdir()) == []


def test_a_start_removes_what_it_does_not_need_any_more(lit: LinuxBeacon, wg: Wg, place: Path) -> None:
    lit.start(PRIVATE[:1], PORTS[:1])
    assert list(wg.peers) == ["meshnetb0"]
    assert [one.name for one in place.iterdir()] == ["meshnetb0"]


def test_a_stop_leaves_nothing_in_the_directory(lit: LinuxBeacon, wg: Wg, place: Path) -> None:
    (place / "relay").mkdir()
    lit.stop()
    assert wg.peers == {}
    assert [one.name for one in place.iterdir()] == ["relay"]
    assert lit.sightings() == ()


def test_a_foreign_interface_is_not_taken_over(wg: Wg, place: Path, tmp_path: Path) -> None:
    wg.peers["meshnetb0"] = {}
    with pytest.raises(PlatformError, match="interface meshnetb0 already"):
        LinuxBeacon(place, runner=Runner(wg, [str(tmp_path)])).start(PRIVATE, PORTS)
    assert "meshnetb0" in wg.peers


def test_a_directory_that_cannot_be_made_is_said(wg: Wg, place: Path) -> None:
    with pytest.raises(PlatformError, match="could not be made"):
        LinuxBeacon(place / "missing", runner=Runner(wg)).start(PRIVATE, PORTS)


def test_a_socket_on_a_port_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sockets = tmp_path / "udp"
    sockets.write_text(
        "   sl  local_address rem_address   st\n"
        " 3124: 0100007F:20FB 00000000:0000 07\n"
        " 3125: 00000000:0035 00000000:20FC 07\n"
    )
    monkeypatch.setattr(beacon, "_SOCKETS", (sockets, tmp_path / "no such file"))
    assert beacon._is_bound(8443)
    assert beacon._is_bound(53)
    assert not beacon._is_bound(8444)
