"""The command line against a daemon that answers as it is told."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from meshnet.cli import client as client_module
from meshnet.cli.main import main
from meshnet.errors import Code, MeshnetError
from meshnet.protocol import local
from support.fake_daemon import JOINED, NAS, Answer, fake_daemon

if sys.platform == "win32":
    pytest.skip("the daemon serves on Unix sockets only as yet", allow_module_level=True)

Answering = Callable[[local.Request], Answer]


def told(request: local.Request) -> Answer:
    """A joined daemon that does everything."""
    match request:
        case local.GetDevices():
            return local.DeviceList((NAS,))
        case local.GetSettings():
            return local.SettingValues({"dns": "host", "kill-switch": "on"})
        case local.SetSetting(key=key, value=value):
            return local.SettingValues({key: value})
        case local.Doctor():
            return local.Findings((local.Finding("ufw", "warning", "ufw is on.", "Allow it."),))
        case _:
            return JOINED


def refusing(code: Code, message: str = "") -> Answering:
    return lambda _: MeshnetError(code, message)


def run(path: Path, *words: str, answer: Answering = told) -> tuple[Result, list[local.Request]]:
    with fake_daemon(path / "s", answer) as fake:
        result = CliRunner().invoke(main, ["--socket", fake.path, *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result, fake.asked


DONE: dict[tuple[str, ...], local.Request] = {
    ("status",): local.GetStatus(),
    ("route", "nas"): local.StartRoute("nas"),
    ("route", "--off"): local.StopRoute(),
    ("pause",): local.PauseRoute(600),
    ("pause", "45"): local.PauseRoute(2700),
    ("resume",): local.ResumeRoute(),
    ("allow", "nas", "routing", "lan"): local.Allow("nas", ("routing", "lan")),
    ("deny", "nas", "incoming"): local.Deny("nas", ("incoming",)),
    ("rename", "laptop", "Ноутбук"): local.Rename("laptop", "Ноутбук"),
    ("settings", "dns", "system"): local.SetSetting("dns", "system"),
    ("join", "meshnet://join/x", "--name", "n", "--allow", "routing,lan"): local.Join(
        "meshnet://join/x", "n", ("routing", "lan")
    ),
    ("leave",): local.Leave(),
    ("doctor",): local.Doctor(),
}


@pytest.mark.parametrize("words", DONE, ids=" ".join)
def test_what_is_done_exits_0_and_asks_for_just_that(tmp_path: Path, words: tuple[str, ...]) -> None:
    result, asked = run(tmp_path, *words)
    assert (result.exit_code, result.stderr) == (0, "")
    assert asked == [DONE[words]]


@pytest.mark.parametrize(
    ("code", "status"),
    [(code, {Code.DAEMON_UNREACHABLE: 3, Code.NOT_PERMITTED: 4}.get(code, 1)) for code in Code],
)
def test_a_refusal_exits_with_its_status_in_words_and_as_json(tmp_path: Path, code: Code, status: int) -> None:
    result, _ = run(tmp_path, "route", "nas", "--json", answer=refusing(code, "Because of that."))
    assert result.exit_code == status
    assert json.loads(result.stdout) == {"error": {"code": code, "message": "Because of that."}}
    assert result.stderr.startswith("meshnet: Because of that.\n  ")


def test_without_json_a_refusal_leaves_stdout_alone(tmp_path: Path) -> None:
    result, _ = run(tmp_path, "route", "nas", answer=refusing(Code.DEVICE_OFFLINE))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Switch it on" in result.stderr


@pytest.mark.parametrize("words", [("--json", "status"), ("status", "--json")])
def test_json_may_stand_before_and_after_the_command(tmp_path: Path, words: tuple[str, ...]) -> None:
    result, _ = run(tmp_path, *words)
    assert json.loads(result.stdout)["device"]["name"] == "laptop"


@pytest.mark.parametrize("words", [("--json", "status"), ("status", "--json")])
def test_nobody_at_the_socket_is_3(tmp_path: Path, words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, ["--socket", str(tmp_path / "none"), *words])
    assert result.exit_code == 3
    assert json.loads(result.stdout)["error"]["code"] == "daemon-unreachable"
    assert "meshnetd revert" in result.stderr


def test_the_socket_may_be_named_by_the_environment(tmp_path: Path) -> None:
    with fake_daemon(tmp_path / "s", told) as fake:
        result = CliRunner().invoke(main, ["status"], env={"MESHNET_SOCKET": fake.path})
    assert result.exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("route",),
        ("route", "nas", "--off"),
        ("allow", "nas"),
        ("allow", "nas", "everything"),
        ("rename", "nas"),
        ("settings", "dns", "host", "more"),
        ("devices", "--filter", "blue"),
        ("join",),
        ("status", "extra"),
        ("--nonsense",),
        ("rename", "nas", "\udcff"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2_and_is_told_on_stderr(tmp_path: Path, words: tuple[str, ...]) -> None:
    result, asked = run(tmp_path, *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage: " in result.stderr
    assert asked == []


@pytest.mark.parametrize("expires", ["", "24", "h", "-1h", "1.5h", "one day", "24H"])
def test_a_time_that_is_none_is_wrong_usage(tmp_path: Path, expires: str) -> None:
    result, asked = run(tmp_path, "invite", "--expires", expires)
    assert result.exit_code == 2
    assert not any(isinstance(request, local.PrepareInvite) for request in asked)


def test_a_program_of_somebody_else_at_the_socket_is_not_spoken_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "_server_uid", lambda _: 4711)
    result, asked = run(tmp_path, "join", "meshnet://join/secret")
    assert result.exit_code == 3
    assert "belongs to user 4711" in result.stderr
    assert asked == []


@pytest.mark.parametrize(
    ("raw", "status"), [(b"", 3), (b"hello\n.", 1), (b'{"kind": "novelty"}\n.', 1), (b"x" * 70_000, 1)]
)
def test_a_daemon_that_hangs_up_or_talks_nonsense_is_told_in_words(tmp_path: Path, raw: bytes, status: int) -> None:
    result, _ = run(tmp_path, "status", "--json", answer=lambda _: raw)
    assert result.exit_code == status
    assert json.loads(result.stdout)["error"]["message"]


def test_an_answer_of_a_newer_daemon_is_told_by_name(tmp_path: Path) -> None:
    result, _ = run(tmp_path, "doctor", "--json", answer=lambda _: JOINED)
    assert json.loads(result.stdout)["error"]["code"] == "version-mismatch"


def test_devices_are_listed_filtered_and_come_in_pieces(tmp_path: Path) -> None:
    def in_pieces(request: local.Request) -> Answer:
        if request == local.GetDevices():
            return local.DeviceList((NAS,), more=True)
        return told(request) if request == local.GetStatus() else local.DeviceList(())

    result, asked = run(tmp_path, "devices", "--json", answer=in_pieces)
    assert [device["name"] for device in json.loads(result.stdout)["devices"]] == ["nas"]
    assert local.GetDevices(NAS.id) in asked
    (tmp_path / "s").unlink()
    result, _ = run(tmp_path, "devices", "--filter", "external,hosts")
    assert result.stdout == "No other devices.\n"


def test_a_pause_and_who_is_stopped_are_told_by_the_clock_on_the_wall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause = local.Pause("home-pc", "b" * 26, "2027-01-15T12:05:00Z")
    stopped = (local.StoppedClient("c" * 26, "phone", "2027-01-15T13:00:00Z"),)
    status = msgspec.structs.replace(JOINED, pause=pause, stopped=stopped, clients=("nas",))
    monkeypatch.setenv("TZ", "UTC-2")
    time.tzset()
    try:
        result, _ = run(tmp_path, "status", answer=lambda _: status)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "the route through home-pc is paused until 14:05" in result.stdout
    assert "Stopped until 15:00: phone" in result.stdout
    assert "Routing for: nas" in result.stdout


@pytest.mark.parametrize("minutes", ["0", "-1", "1441", "soon"])
def test_a_pause_of_no_time_or_of_too_long_is_wrong_usage(tmp_path: Path, minutes: str) -> None:
    result, asked = run(tmp_path, "pause", "--", minutes)
    assert (result.exit_code, asked) == (2, [])


def test_one_setting_is_shown_alone_and_an_unknown_one_refused(tmp_path: Path) -> None:
    result, _ = run(tmp_path, "settings", "kill-switch", "--json")
    assert json.loads(result.stdout) == {"kill-switch": "on"}
    (tmp_path / "s").unlink()
    result, asked = run(tmp_path, "settings", "colour", "--json")
    assert (result.exit_code, json.loads(result.stdout)["error"]["code"]) == (1, "invalid-setting")
    assert asked == []


def test_watching_prints_every_change_as_one_line_until_the_daemon_ends(tmp_path: Path) -> None:
    routing = local.Status(state="routing")
    updates = (JOINED, routing, routing, JOINED)
    lines = [local.to_line(local.reply(1, JOINED)), *(local.to_line(local.Update(status)) for status in updates)]
    result, _ = run(tmp_path, "watch", "--json", answer=lambda _: b"".join(lines) + b".")
    states = [json.loads(line).get("state") for line in result.stdout.splitlines()]
    assert states == ["idle", "routing", "idle", None], "the last line is the refusal"
    assert result.exit_code == 3


def test_status_starts_without_what_only_others_need(tmp_path: Path) -> None:
    heavy = ("aiohttp", "cryptography", "PySide6", "keyring", "sqlalchemy", "dns", "psutil", "asyncio", "segno")
    program = (
        "import sys\n"
        "from meshnet.cli.main import main\n"
        "main(['--json', 'status'], standalone_mode=False)\n"
        f"print([name for name in {heavy!r} if name in sys.modules])\n"
    )
    with fake_daemon(tmp_path / "s", told) as fake:
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={"MESHNET_SOCKET": fake.path},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    assert done.stdout.splitlines()[1] == "[]"
