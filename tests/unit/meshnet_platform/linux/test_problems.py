from __future__ import annotations

import sys
from pathlib import Path

import pytest

from meshnet_platform.linux.problems import find_problems
from meshnet_platform.runner import Runner


def system(directory: Path, *tools: str) -> Runner:
    (directory / "bin").mkdir()
    for tool in tools:
        (directory / "bin" / tool).touch(mode=0o755)
    return Runner(directories=[str(directory / "bin")])


@pytest.fixture(autouse=True)
def _root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0, raising=False)


def identities(runner: Runner, root: Path) -> list[str]:
    return [problem.id for problem in find_problems(runner, root)]


def test_a_complete_system_has_none(tmp_path: Path) -> None:
    (tmp_path / "dev/net").mkdir(parents=True)
    (tmp_path / "dev/net/tun").touch()
    assert identities(system(tmp_path, "ip", "wg", "nft", "wireguard-go"), tmp_path) == []


def test_a_kernel_with_wireguard_needs_neither_tun_nor_wireguard_go(tmp_path: Path) -> None:
    (tmp_path / "sys/module/wireguard").mkdir(parents=True)
    assert identities(system(tmp_path, "ip", "wg", "nft"), tmp_path) == []


def test_each_missing_tool_is_named_with_its_package(tmp_path: Path) -> None:
    problems = find_problems(system(tmp_path), tmp_path)
    cures = {problem.id: problem.cure for problem in problems}
    assert set(cures) == {"tool-missing-ip", "tool-missing-wg", "tool-missing-nft", "wireguard-missing"}
    assert "apt install wireguard-tools" in cures["tool-missing-wg"]
    assert all(problem.stops_hosting and problem.stops_routing for problem in problems)


def test_wireguard_go_needs_tun(tmp_path: Path) -> None:
    assert identities(system(tmp_path, "ip", "wg", "nft", "wireguard-go"), tmp_path) == ["tun-missing"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no root")
def test_the_rights_of_root_are_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sys/module/wireguard").mkdir(parents=True)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert identities(system(tmp_path, "ip", "wg", "nft"), tmp_path) == ["not-root"]
