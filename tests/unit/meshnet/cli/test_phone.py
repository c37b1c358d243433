"""What `meshnet phone add` signs, writes and prints."""

from __future__ import annotations

import json
import re
import stat
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from meshnet import keys
from meshnet.cli import phone
from meshnet.cli.main import main
from meshnet.core.identity import is_wireguard_key
from meshnet.core.links import invite_key
from meshnet.core.records import body_of
from meshnet.errors import Code, MeshnetError
from meshnet.protocol import local
from meshnet.protocol.phone import INVITE_SECONDS, config_of
from support.fake_daemon import JOINED, NAS, Answer, FakeDaemon, fake_daemon
from support.keyrings import keyring_for
from support.meshes import FakeDevice, FakeMesh, seed

if sys.platform == "win32":
    pytest.skip("the daemon serves on Unix sockets only as yet", allow_module_level=True)

MESH, PHONE = FakeMesh(), FakeDevice("phone")
STATUS = local.Status(state="idle", mesh=MESH.id, device=JOINED.device, unconfirmed=(PHONE.id,))
LINK = "meshnet://join/x"
ADDED = local.PhoneAdded(
    id=PHONE.id,
    name="my phone",
    address4="100.64.0.7",
    address6="fd00::7",
    host="nas",
    host_key="H" * 43 + "=",
    endpoint="203.0.113.80:20001",
    dns="100.64.0.2",
    beacon_key="B" * 43 + "=",
    beacon_endpoint="203.0.113.80:8443",
)
OWN = local.PhoneAdded(**{name: getattr(ADDED, name) for name in ADDED.__struct_fields__} | {"is_own_host": True})


@pytest.fixture(autouse=True)
def _person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keyring_for(monkeypatch, tmp_path, is_there=False)
    keys.store(seed("mesh home"))


def run(path: Path, *words: str, added: local.PhoneAdded | MeshnetError = ADDED) -> tuple[Result, FakeDaemon]:
    expires = int(time.time()) + INVITE_SECONDS

    def answer(request: local.Request) -> Answer:
        match request:
            case local.PrepareInvite():
                return local.Statements((MESH.invite(seed("the app's"), expires).body,), LINK)
            case local.AddPhone():
                return added
            case local.PrepareConfirm():
                return local.Statements((MESH.confirmation(PHONE).body,))
            case local.GetDevices():
                return local.DeviceList((NAS,))
            case _:
                return STATUS

    with fake_daemon(path / "s", answer) as fake:
        result = CliRunner().invoke(main, ["--socket", fake.path, "phone", "add", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result, fake


def asked(fake: FakeDaemon) -> list[str]:
    return [type(request).__name__ for request in fake.asked]


def test_the_configuration_holds_a_key_of_which_the_daemon_knows_the_public_half_alone(tmp_path: Path) -> None:
    result, fake = run(tmp_path, "my phone", "--via", "nas", "--json")
    assert result.exit_code == 0
    shown = json.loads(result.stdout)
    config = shown.pop("config")
    assert shown == {
        "name": "my phone",
        "id": PHONE.id,
        "address4": "100.64.0.7",
        "address6": "fd00::7",
        "endpoint": "203.0.113.80:20001",
    }
    private = re.search(r"^PrivateKey = (\S{43}=)$", config, re.MULTILINE)
    assert private is not None
    request = next(one for one in fake.asked if isinstance(one, local.AddPhone))
    assert request == local.AddPhone(LINK, "my phone", request.wireguard, "nas")
    assert is_wireguard_key(request.wireguard)
    assert private[1] not in repr(fake.asked)
    assert config == config_of(ADDED, private[1])


def test_the_device_is_confirmed_and_its_host_told_what_to_do(tmp_path: Path) -> None:
    result, fake = run(tmp_path, "my phone", "--via", "nas")
    assert asked(fake)[-2:] == ["PrepareConfirm", "PostSigned"]
    assert "Run `meshnet allow 'my phone' routing` on nas" in result.stderr
    assert result.stdout.startswith("[Interface]\n")
    assert "█" not in result.stdout, "where no terminal is, the configuration alone"


def test_on_the_host_itself_routing_is_granted_by_its_id(tmp_path: Path) -> None:
    result, fake = run(tmp_path, "my phone", "--via", "laptop", added=OWN)
    assert fake.asked[-1] == local.Allow(PHONE.id, ("routing",))
    assert result.stderr == ""


def test_the_invite_that_is_signed_is_an_invite_and_short(tmp_path: Path) -> None:
    _, fake = run(tmp_path, "my phone", "--via", "nas", "--endpoint", "198.51.100.7:1")
    assert local.PrepareInvite(600) in fake.asked
    (posted,) = next(one for one in fake.asked if isinstance(one, local.PostInvite)).records
    assert getattr(body_of(posted.body), "key", "") == invite_key(seed("the app's")).public
    request = next(one for one in fake.asked if isinstance(one, local.AddPhone))
    assert request.endpoint == "198.51.100.7:1"


def test_what_is_written_is_for_the_user_alone(tmp_path: Path) -> None:
    config, code = tmp_path / "phone.conf", tmp_path / "phone.png"
    result, _ = run(tmp_path, "my phone", "--via", "nas", "--output", str(config), "--qr", str(code))
    assert result.exit_code == 0
    assert config.read_text() == result.stdout
    assert code.read_bytes().startswith(b"\x89PNG\r\n")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (config, code)} == {0o600}


@pytest.mark.parametrize("option", ["--output", "--qr"])
def test_a_file_that_is_there_is_not_written_over_and_nothing_is_added(tmp_path: Path, option: str) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    for path in (there, tmp_path / "no folder" / "x"):
        result, fake = run(tmp_path, "my phone", "--via", "nas", option, str(path))
        assert (result.exit_code, fake.asked) == (2, [])
        (tmp_path / "s").unlink()
    assert there.read_text() == "mine"


def test_where_it_is_refused_no_file_is_left(tmp_path: Path) -> None:
    config = tmp_path / "phone.conf"
    refusal = MeshnetError(Code.NAME_TAKEN, "Another device is called my phone.")
    result, fake = run(tmp_path, "my phone", "--via", "nas", "--output", str(config), added=refusal)
    assert (result.exit_code, result.stdout, config.exists()) == (1, "", False)
    assert "PostSigned" not in asked(fake)


def test_without_a_host_it_is_wrong_usage(tmp_path: Path) -> None:
    result, fake = run(tmp_path, "my phone")
    assert (result.exit_code, fake.asked) == (2, [])


def test_the_code_fits_into_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    long = local.PhoneAdded(
        **{name: getattr(ADDED, name) for name in ADDED.__struct_fields__}
        | {"address6": "fd12:3456:789a:bcde:f012:3456:789a:bcde", "address4": "100.127.254.217"}
    )
    phone.show_code(config_of(long, "S" * 43 + "="))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 42
