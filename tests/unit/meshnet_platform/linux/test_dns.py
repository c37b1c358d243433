from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from meshnet_platform.api import PlatformError
from meshnet_platform.linux.dns import Resolvers
from meshnet_platform.linux.journal import Journal
from meshnet_platform.runner import Runner

OWN = "search lan\nnameserver 192.168.1.1\n"


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "state").mkdir()
    (tmp_path / "etc/resolv.conf").write_text(OWN)
    return tmp_path / "etc/resolv.conf"


def resolvers(etc: Path) -> Resolvers:
    root = etc.parent.parent
    return Resolvers(Journal(root / "state", "boot"), Runner(directories=()), root)


def test_a_later_process_puts_the_file_back(etc: Path) -> None:
    resolvers(etc).apply(("100.64.0.2",), "lo")
    assert "nameserver 100.64.0.2\n" in etc.read_text()
    resolvers(etc).restore()
    assert etc.read_text() == OWN


def test_the_journal_is_written_before_the_file(etc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, target: Path) -> Path:
        if target == etc:
            raise OSError(errno.EIO, "broken")
        os.replace(self, target)
        return target

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(PlatformError, match="could not be replaced"):
        resolvers(etc).apply(("100.64.0.2",), "lo")
    assert etc.read_text() == OWN
    kept = Journal(etc.parent.parent / "state", "boot").entries.resolv
    assert kept is not None
    assert kept.content == OWN


def test_a_link_is_put_back_as_a_link(etc: Path) -> None:
    etc.rename(etc.with_name("real"))
    etc.symlink_to("real")
    resolvers(etc).apply(("100.64.0.2",), "lo")
    assert not etc.is_symlink()
    assert etc.with_name("real").read_text() == OWN
    resolvers(etc).restore()
    assert os.readlink(etc) == "real"


def test_a_file_that_was_not_there_is_not_there_again(etc: Path) -> None:
    etc.unlink()
    resolvers(etc).apply(("100.64.0.2",), "lo")
    resolvers(etc).restore()
    assert not etc.exists()


def test_what_others_wrote_since_stays(etc: Path) -> None:
    resolvers(etc).apply(("100.64.0.2",), "lo")
    etc.write_text("nameserver 10.0.0.1\n")
    assert resolvers(etc).servers() == ("10.0.0.1",)
    resolvers(etc).restore()
    assert etc.read_text() == "nameserver 10.0.0.1\n"


def test_other_servers_of_ours_do_not_become_the_systems_own(etc: Path) -> None:
    for server in ("100.64.0.2", "100.64.0.3"):
        resolvers(etc).apply((server,), "lo")
    assert resolvers(etc).servers() == ("192.168.1.1",)
    resolvers(etc).apply((), "lo")
    assert etc.read_text() == OWN


def test_a_mounted_file_is_written_in_place(etc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(self: Path, target: Path) -> Path:
        if target == etc:
            raise OSError(errno.EBUSY, "mounted")
        os.replace(self, target)
        return target

    monkeypatch.setattr(Path, "replace", busy)
    inode = etc.stat().st_ino
    resolvers(etc).apply(("100.64.0.2",), "lo")
    assert "100.64.0.2" in etc.read_text()
    assert etc.stat().st_ino == inode
    assert [path.name for path in etc.parent.iterdir()] == ["resolv.conf"]


@pytest.fixture
def behind(etc: Path) -> Path:
    real = etc.parent.parent / "run/systemd/resolve/resolv.conf"
    real.parent.mkdir(parents=True)
    return real


@pytest.mark.parametrize("stub", ["127.0.0.53", "127.0.0.54"])
def test_behind_the_stub_of_systemd_the_real_servers_are_found(etc: Path, behind: Path, stub: str) -> None:
    etc.write_text(f"nameserver {stub}\n")
    behind.write_text("nameserver 9.9.9.9\n")
    assert resolvers(etc).servers() == ("9.9.9.9",)


@pytest.mark.parametrize("text", [None, "# No DNS servers known.\n"])
def test_a_stub_with_nothing_behind_it_is_asked_itself(etc: Path, behind: Path, text: str | None) -> None:
    etc.write_text("nameserver 127.0.0.53\n")
    if text is not None:
        behind.write_text(text)
    assert resolvers(etc).servers() == ("127.0.0.53",)


def test_who_does_not_ask_the_stub_is_not_sent_behind_it(etc: Path, behind: Path) -> None:
    behind.write_text("nameserver 9.9.9.9\n")
    assert resolvers(etc).servers() == ("192.168.1.1",)


def test_the_domains_of_all_networks_are_found(etc: Path, behind: Path) -> None:
    behind.write_text("search office.example.net lan\n")
    assert resolvers(etc).search() == ("lan", "office.example.net")


def test_the_domains_are_those_of_the_systems_own_file(etc: Path) -> None:
    resolvers(etc).apply(("100.64.0.2",), "lo")
    assert resolvers(etc).search() == ("lan",)
    etc.unlink()
    assert resolvers(etc).search() == ()


def test_a_file_that_others_wrote_does_not_stand(etc: Path) -> None:
    ours = resolvers(etc)
    assert ours.stand(), "nothing was written yet"
    ours.apply(("100.64.0.2",), "lo")
    assert ours.stand()
    etc.write_text(OWN)
    assert not ours.stand()
    ours.apply(("100.64.0.2",), "lo")
    assert ours.stand()
