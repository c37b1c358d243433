from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from meshnet_platform.api import PlatformError
from meshnet_platform.linux import dns_resolved
from meshnet_platform.linux.dns import Resolvers
from meshnet_platform.linux.journal import Journal
from meshnet_platform.runner import Result, Runner

OURS = ("100.64.0.2",)
INDEX = 7


class Service:
    """A make-believe systemd-resolved: it keeps what it is told in files, as the real one does."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.directory = root / "run/systemd/resolve"
        self.told: list[str] = []
        self.answer = Result(0)
        self.failing = ""
        self.hangs = False
        for folder in ("etc", "state", "bin", "run/systemd/resolve/netif"):
            (root / folder).mkdir(parents=True)
        (root / "bin/resolvectl").touch(mode=0o755)
        self.start()
        (root / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")

    def start(self) -> None:
        (self.directory / "resolv.conf").write_text("nameserver 192.168.1.1\nsearch lan\n")
        (self.directory / "stub-resolv.conf").unlink(missing_ok=True)
        (self.directory / "stub-resolv.conf").write_text(STUB_FILE)

    def die(self) -> None:
        self.answer = Result(1, "", "The name org.freedesktop.resolve1 was not provided by any .service files")

    @property
    def settings(self) -> Path:
        return self.directory / "netif" / str(INDEX)

    def execute(self, words: Sequence[str], stdin: str | None, timeout: float) -> Result:
        command = " ".join(words[1:])
        self.told.append(command)
        if self.hangs:
            raise PlatformError("`resolvectl` did not end within 5 seconds.")
        if self.failing and command.startswith(self.failing):
            return Result(1, "", "broken")
        if self.answer.status == 0:
            self._keep(command)
        links = "Global: corp.example.\nLink 2 (eth0): lan ~vpn.example\nLink 7 (meshnet0): ~.\n"
        return Result(0, links) if command == "domain" and self.answer.status == 0 else self.answer

    def _keep(self, command: str) -> None:
        if command.startswith("revert"):
            self.settings.unlink(missing_ok=True)
        elif " " in command:
            before = self.settings.read_text() if self.settings.exists() else ""
            self.settings.write_text(f"{before}{command}\n")


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setattr(dns_resolved, "index_of", lambda name: INDEX)
    monkeypatch.setattr(dns_resolved, "_BETWEEN_TRIES", 0.0)
    return Service(tmp_path)


def resolvers(service: Service, boot: str = "boot") -> Resolvers:
    runner = Runner(service.execute, [str(service.root / "bin")])
    return Resolvers(Journal(service.root / "state", boot), runner, service.root)


STUB_FILE = "nameserver 127.0.0.53\nsearch lan\n"


def resolv_conf(service: Service) -> str:
    return (service.root / "etc/resolv.conf").read_text()


def test_it_is_told_of_our_interface_and_everybody_elses_domains(service: Service) -> None:
    resolvers(service).apply(OURS, "meshnet0")
    assert service.told[0] == "dns meshnet0 100.64.0.2"
    assert "domain meshnet0 ~. ~corp.example ~lan ~vpn.example" in service.told
    plain = {
        "default-route meshnet0 yes",
        *(f"{what} meshnet0 no" for what in ("llmnr", "mdns", "dnssec", "dnsovertls")),
    }
    assert plain <= set(service.told)


def test_what_it_is_told_is_in_the_journal_first(service: Service) -> None:
    def note(words: Sequence[str], stdin: str | None, timeout: float) -> Result:
        kept.append(Journal(service.root / "state", "boot").entries.resolved)
        return Result(0)

    kept: list[object] = []
    runner = Runner(note, [str(service.root / "bin")])
    Resolvers(Journal(service.root / "state", "boot"), runner, service.root).apply(OURS, "meshnet0")
    assert kept
    assert None not in kept


def test_the_same_again_starts_no_process_and_looking_none_either(service: Service) -> None:
    ours = resolvers(service)
    ours.apply(OURS, "meshnet0")
    before = len(service.told)
    ours.apply(OURS, "meshnet0")
    assert ours.stand()
    assert len(service.told) == before


def test_a_later_process_takes_it_back(service: Service) -> None:
    resolvers(service).apply(OURS, "meshnet0")
    resolvers(service).restore()
    assert service.told[-1] == "revert meshnet0"
    assert not service.settings.exists()
    before = len(service.told)
    resolvers(service).restore()
    assert len(service.told) == before


def test_a_start_of_the_machine_took_it_back_already(service: Service) -> None:
    resolvers(service).apply(OURS, "meshnet0")
    before = len(service.told)
    resolvers(service, "another boot").restore()
    assert len(service.told) == before


def test_one_that_does_not_run_finds_nothing_of_ours_when_it_starts(service: Service) -> None:
    resolvers(service).apply(OURS, "meshnet0")
    service.die()
    resolvers(service).restore()
    assert not service.settings.exists()


def test_one_that_hangs_is_told_another_time(service: Service) -> None:
    resolvers(service).apply(OURS, "meshnet0")
    service.hangs = True
    resolvers(service).restore()
    service.hangs = False
    resolvers(service).restore()
    assert not service.settings.exists()
    assert Journal(service.root / "state", "boot").entries.resolved is None


@pytest.mark.parametrize(
    "breakage",
    [
        lambda service: service.settings.unlink(),
        lambda service: service.settings.write_text("SERVERS=9.9.9.9\n"),
        lambda service: (service.directory / "resolv.conf").write_text("nameserver 192.168.1.1\nsearch other\n"),
        lambda service: (service.directory / "stub-resolv.conf").write_text("nameserver 9.9.9.9\n"),
    ],
)
def test_what_others_change_is_seen_and_put_right(service: Service, breakage: object) -> None:
    assert callable(breakage)
    ours = resolvers(service)
    ours.apply(OURS, "meshnet0")
    assert ours.stand()
    breakage(service)
    assert not ours.stand()
    ours.apply(OURS, "meshnet0")
    assert ours.stand()


@pytest.mark.parametrize("failing", ["", "dns", "domain"])
def test_whether_it_does_it_or_not_the_file_is_ours(service: Service, failing: str) -> None:
    service.failing = failing
    ours = resolvers(service)
    ours.apply(OURS, "meshnet0")
    assert "nameserver 100.64.0.2" in resolv_conf(service)
    assert ours.stand()
    assert ours.servers() == ("192.168.1.1",)
    ours.restore()
    assert resolv_conf(service) == STUB_FILE


def test_when_it_comes_it_is_told(service: Service) -> None:
    service.die()
    ours = resolvers(service)
    ours.apply(OURS, "meshnet0")
    assert (service.root / "etc/resolv.conf").is_symlink(), "else it would take our servers for its own"
    assert ours.stand()
    service.answer = Result(0)
    service.start()
    assert not ours.stand()
    ours.apply(OURS, "meshnet0")
    assert service.settings.exists()
    assert ours.stand()


def test_an_interface_that_it_does_not_know_yet_is_waited_for(service: Service) -> None:
    answers = [Result(1, "", "Failed to set DNS configuration: Link 7 not known")] * 3

    def execute(words: Sequence[str], stdin: str | None, timeout: float) -> Result:
        return answers.pop() if answers else service.execute(words, stdin, timeout)

    runner = Runner(execute, [str(service.root / "bin")])
    Resolvers(Journal(service.root / "state", "boot"), runner, service.root).apply(OURS, "meshnet0")
    assert service.settings.exists()


def test_ours_is_not_among_the_servers_of_the_system(service: Service) -> None:
    ours = resolvers(service)
    ours.apply(OURS, "meshnet0")
    (service.directory / "resolv.conf").write_text("nameserver 100.64.0.2\nnameserver 192.168.1.1\nsearch lan\n")
    assert ours.servers() == ("192.168.1.1",)
    assert resolvers(service).servers() == ("192.168.1.1",), "as a process knows that was just started"


def test_who_reads_the_servers_behind_it_reads_ours_alone(service: Service) -> None:
    file = service.root / "etc/resolv.conf"
    file.unlink()
    file.symlink_to("../run/systemd/resolve/resolv.conf")
    ours = resolvers(service)
    ours.apply(OURS, "meshnet0")
    assert resolv_conf(service).splitlines()[1:] == ["nameserver 100.64.0.2"]
    assert ours.stand()
    assert (ours.servers(), ours.search()) == (("192.168.1.1",), ("lan",))
    ours.restore()
    assert resolv_conf(service) == "nameserver 192.168.1.1\nsearch lan\n"
