"""The TAB key, in the real shells and in what they are answered."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from meshnet.cli.completion import SCRIPTS, VALUES
from meshnet.cli.main import main
from meshnet.core.settings import Settings, changed, shown
from meshnet.errors import Code, MeshnetError
from meshnet.protocol import local
from support.fake_daemon import JOINED, NAS, Answer, FakeDaemon, fake_daemon

if sys.platform == "win32":
    pytest.skip("the daemon serves on Unix sockets only as yet", allow_module_level=True)

from support.terminals import Terminal, shell

NAMES = ("nas", "my host", 'it\'s "home"', "$(touch gotcha) `x` !y", "back\\slash & <co>;", "Büro ~ *", "a:b=c,d")
DEVICES = tuple(msgspec.structs.replace(NAS, id=f"{number:026d}", name=name) for number, name in enumerate(NAMES))
PHONE = msgspec.structs.replace(NAS, id="9" * 26, name="phone", can_host=False, online=False)


def told(request: local.Request) -> Answer:
    match request:
        case local.GetDevices():
            return local.DeviceList((*DEVICES, PHONE))
        case local.GetSettings():
            return local.SettingValues(shown(Settings()))
        case _:
            return JOINED


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[FakeDaemon]:
    with fake_daemon(tmp_path / "s", told) as fake:
        yield fake


def offered(daemon: FakeDaemon, *words: str, kind: str = "zsh") -> list[str]:
    """What the last word may become."""
    typed = "".join(f"{word}\0" for word in ("--socket", daemon.path, *words))
    done = CliRunner().invoke(main, ["completion", kind, "--typed"], input=typed)
    assert done.exit_code == 0
    return [line.partition("\t")[0] for line in done.output.splitlines()]


def offered_in_bash(daemon: FakeDaemon, line: str, replaced: str) -> list[str]:
    typed = f"meshnet --socket {daemon.path} {line}\0{replaced}\0"
    done = CliRunner().invoke(main, ["completion", "bash", "--typed"], input=typed)
    assert done.exit_code == 0
    return done.output.splitlines()


# --- what is offered ------------------------------------------------------------------------------------------------


def test_only_hosts_are_offered_to_route_through_and_all_devices_to_permit(daemon: FakeDaemon) -> None:
    assert offered(daemon, "route", "") == list(NAMES)
    assert offered(daemon, "allow", "") == [*NAMES, "phone"]
    assert offered(daemon, "rename", "") == ["laptop"]
    assert offered(daemon, "phone", "add", "x", "--via", "") == ["laptop", *NAMES]


def test_case_makes_no_difference_to_a_name(daemon: FakeDaemon) -> None:
    assert offered(daemon, "route", "bÜ") == ["Büro ~ *"]


def test_grants_commands_and_options_are_offered(daemon: FakeDaemon) -> None:
    assert offered(daemon, "allow", "nas", "r") == ["routing"]
    assert offered(daemon, "dev") == ["devices"]
    assert "--filter" in offered(daemon, "devices", "--")


def test_words_with_commas_between_them_are_each_offered_once(daemon: FakeDaemon) -> None:
    assert offered(daemon, "devices", "--filter", "online,ho") == ["online,hosts"]
    assert "online,online" not in offered(daemon, "devices", "--filter", "online,")
    assert offered(daemon, "settings", "fallback", "nas,my") == ["nas,my host"]


def test_a_value_behind_an_equals_sign_keeps_its_option_where_the_shell_wants_the_whole_word(
    daemon: FakeDaemon,
) -> None:
    assert offered(daemon, "devices", "--filter=of", kind="fish") == ["--filter=offline"]
    assert offered(daemon, "devices", "--filter=of", kind="zsh") == ["offline"]
    assert offered_in_bash(daemon, "devices --filter=of", "of") == ["offline"]


def test_settings_and_their_values_are_those_that_the_daemon_knows(daemon: FakeDaemon) -> None:
    assert offered(daemon, "settings", "kill") == ["kill-switch"]
    assert offered(daemon, "settings", "kill-switch", "") == ["on", "off", "always"]
    assert "my host" in offered(daemon, "settings", "fallback", "")
    assert offered(daemon, "settings", "no-such-thing", "") == []


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in VALUES.items() for value in values])
def test_every_value_that_is_offered_is_one(key: str, value: str) -> None:
    changed(Settings(), key, value)


def test_every_setting_has_values_to_offer() -> None:
    assert VALUES.keys() == shown(Settings()).keys()


def test_bash_replaces_no_more_than_it_says(daemon: FakeDaemon) -> None:
    assert offered_in_bash(daemon, "route my", "my") == ["my\\ host"]
    assert offered_in_bash(daemon, "route 'my", "my") == ["my host"]
    assert offered_in_bash(daemon, 'route "it', "it") == ['it\'s \\"home\\"']
    assert offered_in_bash(daemon, "route a:", "") == ["b=c,d"]


@pytest.mark.parametrize("refusal", [MeshnetError(Code.SYSTEM_ERROR, "no"), b"nonsense\n"])
def test_a_daemon_in_trouble_offers_nothing_and_says_nothing(tmp_path: Path, refusal: MeshnetError | bytes) -> None:
    with fake_daemon(tmp_path / "s", lambda _: refusal) as fake:
        assert offered(fake, "route", "") == []


def test_without_a_daemon_there_is_nothing_but_commands(tmp_path: Path) -> None:
    typed = f"--socket\0{tmp_path}/nobody\0route\0\0"
    done = CliRunner().invoke(main, ["completion", "fish", "--typed"], input=typed)
    assert (done.exit_code, done.output) == (0, "")


def test_a_daemon_that_keeps_silent_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr("meshnet.cli.completion.PATIENCE", 0.05)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        typed = f"--socket\0{tmp_path}/s\0route\0\0"
        assert CliRunner().invoke(main, ["completion", "zsh", "--typed"], input=typed).output == ""


# --- in the shells --------------------------------------------------------------------------------------------------

SHELLS = {
    "bash": (["--noprofile", "--norc", "-i"], 'eval "$(meshnet completion bash)"'),
    "zsh": (["-f", "-i"], 'autoload -U compinit; compinit -u -D; eval "$(meshnet completion zsh)"'),
    "fish": (["--no-config", "-i"], "meshnet completion fish | source"),
}
BEGINNINGS = {
    "nas": "na",
    "my host": "my",
    'it\'s "home"': "it",
    "$(touch gotcha) `x` !y": "\\$",
    "back\\slash & <co>;": "back",
    "Büro ~ *": "Bü",
    "a:b=c,d": "a",
}


def found(kind: str) -> str:
    path = shutil.which(kind)
    if path is None:
        pytest.skip(f"there is no {kind} here")
    return path


@pytest.fixture(params=SHELLS)
def terminal(request: pytest.FixtureRequest, daemon: FakeDaemon, tmp_path: Path) -> Iterator[Terminal]:
    """A shell that has read its script, in an empty folder."""
    options, script = SHELLS[request.param]
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "MESHNET_SOCKET": daemon.path,
    }
    with shell([found(request.param), *options], environment) as made:
        made.type(f"cd; {script}; echo so''urced\n")
        made.wait_for("sourced")
        yield made
    assert list(home.glob("gotcha")) == [], "a name ran as a command"


@pytest.mark.parametrize("kind", SCRIPTS)
def test_the_script_is_one_that_the_shell_reads(kind: str) -> None:
    checked = subprocess.run([found(kind), "-n"], input=SCRIPTS[kind], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_name_is_completed_so_that_the_shell_hands_it_on_unchanged(terminal: Terminal, daemon: FakeDaemon) -> None:
    for name, beginning in BEGINNINGS.items():
        terminal.type(f"meshnet route {beginning}\t\n")
        wanted = local.StartRoute(name)
        terminal.wait_until(partial(daemon.asked.__contains__, wanted), name)


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_name_is_completed_in_open_quotes(terminal: Terminal, daemon: FakeDaemon, quote: str) -> None:
    terminal.type(f"meshnet route {quote}my h\t\n")
    terminal.wait_until(lambda: local.StartRoute("my host") in daemon.asked, "my host")


def test_a_value_is_completed_behind_an_equals_sign(terminal: Terminal) -> None:
    terminal.type("meshnet devices --filter=offl\t\n")
    terminal.wait_for("phone")
