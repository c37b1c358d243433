"""The service units: systemd understands them, and what they name is there under that name."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from meshnet.coordinator.main import main as coordinator
from meshnet.daemon.access import GROUP
from meshnet.daemon.main import SOCKET, STATE_DIR
from meshnet.daemon.main import main as daemon
from meshnet_platform.linux.boot import AT_BOOT

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "installers/linux").glob("*.service"))
PROGRAMS: dict[str, click.Group] = {
    "/usr/local/bin/meshnetd": daemon,
    "/usr/local/bin/meshnet-coordinator": coordinator,
}


def value(unit: str, key: str) -> str:
    """The one value of a key."""
    text = (ROOT / f"installers/linux/{unit}.service").read_text()
    (found,) = re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)
    return str(found)


needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def complaints(directory: Path, name: str) -> list[str]:
    """What systemd does not understand in one of our units; it looks for the programs where they are here."""
    for unit in UNITS:
        text = unit.read_text().replace("/usr/local/bin", str(Path(sys.executable).parent))
        directory.joinpath(unit.name).write_text(text)
    argv = ["systemd-analyze", "verify", "--man=no", str(directory / name)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return [line for line in done.stderr.splitlines() if "meshnet" in line and "sbin/nft" not in line]


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_it(unit: Path, tmp_path: Path) -> None:
    assert complaints(tmp_path, unit.name) == []


@needs_systemd
def test_systemd_would_name_what_it_does_not_understand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "meshnetd.service").write_text(UNITS[-1].read_text().replace("KillMode=", "KilMode="))
    monkeypatch.setattr(sys.modules[__name__], "UNITS", [wrong / "meshnetd.service"])
    assert any("KilMode" in line for line in complaints(tmp_path, "meshnetd.service"))


@pytest.mark.parametrize("unit", ["meshnetd", "meshnet-coordinator"])
def test_the_command_is_one_that_the_program_has(unit: str) -> None:
    path, command, *options = shlex.split(value(unit, "ExecStart"))
    known = PROGRAMS[path].commands[command].params
    names = {name for parameter in known for name in parameter.opts}
    assert {option for option in options if option.startswith("--")} <= names


def test_the_programs_are_where_the_readme_puts_them() -> None:
    readme = (ROOT / "README.md").read_text()
    for path in PROGRAMS:
        assert f"/{Path(path).name} " in readme
        assert f"{Path(path).parent}/\n" in readme


def test_the_directories_are_the_programs_own() -> None:
    assert Path("/var/lib", value("meshnetd", "StateDirectory")) == STATE_DIR
    assert Path("/run", value("meshnetd", "RuntimeDirectory")) == SOCKET.parent
    assert value("meshnetd", "StateDirectoryMode") == "0700"
    assert f"/var/lib/{value('meshnet-coordinator', 'StateDirectory')}" in value("meshnet-coordinator", "ExecStart")


def test_the_guard_loads_what_the_daemon_writes_and_nothing_of_ours() -> None:
    file = str(STATE_DIR / AT_BOOT)
    assert value("meshnet-guard", "ConditionPathExists") == file
    assert shlex.split(value("meshnet-guard", "ExecStart")) == ["/usr/sbin/nft", "-f", file]
    assert {"network-pre.target", "meshnetd.service"} <= set(value("meshnet-guard", "Before").split())
    assert "network-pre.target" in value("meshnet-guard", "Wants")
    assert value("meshnet-guard", "DefaultDependencies") == "no"


def test_a_tunnel_outlives_the_daemon_and_the_daemon_comes_back() -> None:
    assert (value("meshnetd", "KillMode"), value("meshnetd", "Restart")) == ("process", "always")


def test_the_group_is_the_one_that_may_talk_to_the_daemon() -> None:
    lines = (ROOT / "installers/linux/meshnet.sysusers.conf").read_text().splitlines()
    assert [line.split() for line in lines if not line.startswith("#")] == [["g", GROUP, "-"]]
