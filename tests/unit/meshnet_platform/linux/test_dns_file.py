from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from meshnet_platform.api import PlatformError
from meshnet_platform.linux.dns_file import ResolvConf
from meshnet_platform.linux.journal import Journal

OURS = ("100.64.0.2",)


class System:
    """A system whose root is a directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("etc", "state", "run/NetworkManager", "run/systemd/resolve"):
            (root / folder).mkdir(parents=True)
        self.file = root / "etc/resolv.conf"
        self.file.write_text("nameserver 192.168.1.1\n")

    def resolv_conf(self, boot: str = "boot") -> ResolvConf:
        """As a process that was just started sees it."""
        return ResolvConf(Journal(self.root / "state", boot), self.root)

    def write(self) -> None:
        self.resolv_conf().write(OURS)

    def restore(self, boot: str = "boot") -> None:
        self.resolv_conf(boot).restore()

    def behind(self, text: str) -> Path:
        """The file of NetworkManager, which resolv.conf leads to."""
        real = self.root / "run/NetworkManager/resolv.conf"
        real.write_text(text)
        self.file.unlink()
        self.file.symlink_to("../run/NetworkManager/resolv.conf")
        return real


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


def test_each_byte_comes_back_with_the_mode(system: System) -> None:
    before = bytes(range(256))
    system.file.write_bytes(before)
    system.file.chmod(0o640)
    system.write()
    assert b"nameserver 100.64.0.2\n" in system.file.read_bytes()
    system.restore()
    assert (system.file.read_bytes(), system.file.stat().st_mode & 0o777) == (before, 0o640)


def test_it_comes_back_after_a_start_of_the_machine_too(system: System) -> None:
    system.write()
    system.restore("another boot")
    assert system.file.read_text() == "nameserver 192.168.1.1\n"


def test_behind_a_link_to_run_the_link_is_left_alone(system: System) -> None:
    real = system.behind("nameserver 192.168.1.1\n")
    system.write()
    assert system.file.is_symlink()
    assert system.resolv_conf().is_ours()
    assert system.resolv_conf().own() == "nameserver 192.168.1.1\n"
    assert system.resolv_conf().own_at(real.resolve()) == "nameserver 192.168.1.1\n"
    system.restore()
    assert os.readlink(system.file) == "../run/NetworkManager/resolv.conf"
    assert real.read_text() == "nameserver 192.168.1.1\n"


def test_what_is_ours_behind_a_link_goes_also_when_the_link_leads_elsewhere_now(system: System) -> None:
    real = system.behind("nameserver 192.168.1.1\n")
    system.write()
    system.file.unlink()
    system.file.write_text("nameserver 9.9.9.9\n")
    assert not system.resolv_conf().stands()
    system.write()
    assert real.read_text() == "nameserver 192.168.1.1\n"
    system.restore()
    assert system.file.read_text() == "nameserver 9.9.9.9\n"


def test_what_the_manager_wrote_behind_the_link_meanwhile_stays(system: System) -> None:
    real = system.behind("nameserver 192.168.1.1\n")
    system.write()
    real.write_text("nameserver 10.0.0.1\n")
    assert system.resolv_conf().own() == "nameserver 10.0.0.1\n"
    system.restore()
    assert real.read_text() == "nameserver 10.0.0.1\n"


def test_behind_another_link_what_is_there_now_is_the_systems_own(system: System) -> None:
    real = system.root / "real"
    real.write_text("nameserver 192.168.1.1\n")
    system.file.unlink()
    system.file.symlink_to(real)
    system.write()
    assert not system.file.is_symlink()
    real.write_text("nameserver 10.0.0.1\n")
    assert system.resolv_conf().own() == "nameserver 10.0.0.1\n"
    system.restore()
    assert os.readlink(system.file) == str(real)


@pytest.mark.parametrize("link", [None, "../run/systemd/resolve/stub-resolv.conf"])
def test_without_a_journal_ours_is_known_by_its_head_and_does_not_stay(system: System, link: str | None) -> None:
    system.write()
    (system.root / "state/system-journal.json").unlink()
    if link is not None:
        (system.file.parent / link).write_text("nameserver 127.0.0.53\n")
    assert system.resolv_conf().own() == ""
    system.restore()
    assert (os.readlink(system.file) if system.file.is_symlink() else None) == link


def test_an_immutable_file_is_refused_with_the_cure(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> Path:
        if target == system.file:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        os.replace(self, target)
        return target

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PlatformError, match="could not be replaced: Operation not permitted") as refused:
        system.write()
    assert f"chattr -i {system.file}" in refused.value.cure
    assert [path.name for path in system.file.parent.iterdir()] == ["resolv.conf"]
