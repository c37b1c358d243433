"""Every command of the README, run in the lab as a reader would."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lab.net import Machine, Process
from lab.world import HOME_PORT, SOCKET, World, product_environment

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
BLOCKS: list[str] = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
RUN_BY_CI = {"./dev test\n"}
"""What CI calls as it stands; this very test is part of it."""


def block_with(word: str) -> list[str]:
    """The commands of the one block in which this stands."""
    (found,) = [block for block in BLOCKS if word in block]
    return found.splitlines()


def environment(machine: Machine) -> dict[str, str]:
    home = machine.directory / "person"
    home.mkdir(exist_ok=True)
    programs = f"{Path(sys.executable).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {**product_environment(), "PATH": programs, "HOME": str(home), "MESHNET_SOCKET": SOCKET}


def start(machine: Machine, command: str) -> Process:
    process = machine.spawn("sh", "-c", f"exec {command}", env=environment(machine))
    process.wait_for_line("ready", 20.0, exact=True)
    return process


def run(machine: Machine, command: str, **variables: str) -> str:
    return machine.run("sh", "-c", command, env={**environment(machine), **variables}, timeout=30).stdout.strip()


def test_the_first_steps_lead_home(world: World) -> None:
    for machine in (world.server, world.laptop, world.home):
        # Programs keep their state where they do on a real system, but in a machine's own memory.
        machine.run("mount", "-t", "tmpfs", "tmpfs", "/var/lib")
    (serve,) = block_with("meshnet-coordinator serve")
    start(world.server, serve.replace("mesh.example.org", world.server4))
    line = run(world.server, "meshnet-coordinator address")
    start(world.laptop, block_with("meshnetd run\n")[0])
    start(world.home, block_with("--listen-port")[0])
    create, invite = block_with("meshnet create")
    run(world.laptop, create, COORDINATOR=line)
    link = run(world.laptop, invite)
    (join,) = block_with("meshnet join")
    run(world.home, join, LINK=link)
    world.meshnet(world.home, "rename", "home-pc", "server")
    for command in block_with("kill-switch always"):
        assert run(world.laptop, command)
    world.meshnet(world.home, "rename", "server", "home-pc")
    route, status, off = block_with("meshnet route home-pc")
    run(world.laptop, route)
    assert "home-pc" in run(world.laptop, status)
    assert world.public_address(world.laptop) == world.home_public4
    pause, resume = block_with("meshnet pause")
    assert "paused" in run(world.laptop, pause)
    assert world.public_address(world.laptop) == world.cafe_public4
    assert "home-pc" in run(world.laptop, resume)
    assert world.public_address(world.laptop) == world.home_public4
    run(world.laptop, off)
    assert world.public_address(world.laptop) == world.cafe_public4
    for command in block_with("settings endpoint"):
        assert f"81.2.69.10:{HOME_PORT}" in command or "endpoint" not in command
        run(world.home, command)


def test_the_install_commands_install_all_four_programs(tmp_path: Path) -> None:
    commands = [line for line in block_with("pip install") if "apt install" not in line]
    tree = tmp_path / "tree"
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in tracked.splitlines():
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    for command in commands:
        here = command.removeprefix("sudo ").replace("/opt/meshnet", str(tmp_path / "opt"))
        here = here.replace("/usr/local/bin/", str(tmp_path / "bin") + "/")
        (tmp_path / "bin").mkdir(exist_ok=True)
        subprocess.run(["sh", "-c", here], cwd=tree, check=True, capture_output=True, timeout=240)
    for program in ("meshnet", "meshnetd", "meshnet-coordinator", "meshnet-gui"):
        shown = subprocess.run([tmp_path / "bin" / program, "--version"], capture_output=True, text=True, check=True)
        assert shown.stdout.startswith(program)


def test_the_desktop_finds_the_app_its_icon_and_its_links(tmp_path: Path) -> None:
    *install, database, completion = block_with("meshnet.desktop")
    for command in install:
        here = command.removeprefix("sudo ").replace("/usr/local", str(tmp_path))
        subprocess.run(["sh", "-c", here], cwd=ROOT, check=True, capture_output=True, timeout=60)
    entry = (tmp_path / "share/applications/meshnet.desktop").read_text()
    assert "MimeType=x-scheme-handler/meshnet;" in entry
    assert (tmp_path / "share/icons/hicolor/scalable/apps" / f"{icon_of(entry)}.svg").is_file()
    # The tool belongs to every desktop, and is not needed for anything else here.
    assert database == "sudo update-desktop-database /usr/local/share/applications"
    (tmp_path / "home").mkdir()
    own = {"HOME": str(tmp_path / "home"), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    subprocess.run(["sh", "-c", completion], env=own, check=True, timeout=60)
    asked = "source ~/.bashrc; complete -p meshnet"
    done = subprocess.run(["bash", "-c", asked], env=own, check=True, capture_output=True, text=True, timeout=60)
    assert "meshnet" in done.stdout


def icon_of(entry: str) -> str:
    return next(line.removeprefix("Icon=") for line in entry.splitlines() if line.startswith("Icon="))


@pytest.mark.skipif(shutil.which("systemctl") is None, reason="systemd is not here")
def test_the_service_commands_put_the_units_where_systemd_finds_them(tmp_path: Path) -> None:
    for name in ("etc/systemd/system", "etc/sysusers.d"):
        (tmp_path / name).mkdir(parents=True)
    for command in block_with("systemctl enable"):
        here = command.removeprefix("sudo ").replace("/etc/", f"{tmp_path}/etc/").replace(" --now", "")
        for tool in ("systemctl", "systemd-sysusers"):
            here = here.replace(tool, f"{tool} --root={tmp_path}") if here.startswith(tool) else here
        if "daemon-reload" not in here:
            subprocess.run(["sh", "-c", here], cwd=ROOT, check=True, capture_output=True, timeout=60)
    assert "meshnet:" in (tmp_path / "etc/group").read_text()
    enabled = {path.name for path in tmp_path.glob("etc/systemd/system/*.wants/*")}
    assert enabled == {"meshnet-guard.service", "meshnetd.service"}


def test_every_command_of_the_readme_is_run_somewhere() -> None:
    words = [
        *("coordinator serve", "meshnetd run", "meshnet create", "join", "route home-pc", "endpoint", "pip install"),
        *("systemctl enable", "kill-switch always", "meshnet pause", "meshnet.desktop"),
    ]
    known = {block for block in BLOCKS if any(word in block for word in words)}
    assert set(BLOCKS) - known == {"./dev demo\n"} | RUN_BY_CI


def test_the_demo_shows_what_it_promises_and_cleans_up(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lab.demo", "--pictures", str(tmp_path)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "tests"), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "81.2.69.10" in done.stdout
    assert {path.name for path in tmp_path.glob("*.png")} >= {"tray-menu.png", "window.png", "desktop.png"}
