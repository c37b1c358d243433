from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from meshnet_platform.api import PlatformError
from meshnet_platform.linux.relay import LinuxRelay, with_reserved
from meshnet_platform.linux.sysctl import IP6_FORWARD, IP_FORWARD
from meshnet_platform.runner import Result, Runner

RELAY, A, B = "192.0.2.9", "198.51.100.2", "203.0.113.2"
PORTS = range(20000, 20010)
RESERVED = "net/ipv4/ip_local_reserved_ports"
VALUES = {
    IP_FORWARD: "0",
    IP6_FORWARD: "0",
    RESERVED: "8080",
    "net/ipv4/conf/all/accept_redirects": "1",
    "net/ipv4/conf/all/send_redirects": "1",
    "net/ipv6/conf/eth0/accept_ra": "1",
}
ADDRESSES = [
    {
        "ifname": "eth0",
        "flags": ["UP"],
        "addr_info": [
            {"family": "inet", "local": RELAY, "prefixlen": 24, "scope": "global"},
            {"family": "inet", "local": "192.0.2.10", "prefixlen": 24, "scope": "global"},
            {"family": "inet6", "local": "2001:db8:9::9", "prefixlen": 64, "scope": "global"},
        ],
    }
]


class System:
    """A machine whose tools are recorded, and whose settings are files."""

    def __init__(self, directory: Path) -> None:
        self.root, self.state, self.tools = directory / "root", directory / "state", directory / "tools"
        for path in (self.state, self.tools):
            path.mkdir()
        for tool in ("ip", "nft"):
            (self.tools / tool).touch(mode=0o755)
        for name, value in VALUES.items():
            path = self.root / "proc/sys" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(value + "\n")
        self.loaded: list[str] = []
        self.commands: list[str] = []
        self.others: list[object] = []
        """What `nft -j list ruleset` tells of others."""
        self.has_table = False
        self.sent = self.learnt = ""
        self.refuses = ""
        """A text that nft refuses."""

    def relay(self) -> LinuxRelay:
        return LinuxRelay(self.state, Runner(self._execute, [str(self.tools)]), self.root)

    def values(self) -> dict[str, str]:
        return {name: (self.root / "proc/sys" / name).read_text().strip() for name in VALUES}

    def set(self, name: str, value: str) -> None:
        (self.root / "proc/sys" / name).write_text(value)

    def _execute(self, words: Sequence[str], stdin: str | None, timeout: float) -> Result:
        command = " ".join((Path(words[0]).name, *words[1:]))
        self.commands.append(command)
        if stdin is not None:
            return self._load(stdin)
        if command.startswith("nft --terse"):
            return Result(0, "table") if self.has_table else Result(1)
        if "get element" in command:
            return Result(0, self.learnt) if self.learnt else Result(1)
        answers = {
            "ip -d -j addr": json.dumps(ADDRESSES),
            "ip -j -4 route show default": '[{"dst":"default","gateway":"192.0.2.1","dev":"eth0"}]',
            "ip -j link show type bridge": "[]",
            "nft -j list ruleset": json.dumps({"nftables": self.others}),
            "nft list set inet meshnet-relay sent": self.sent,
        }
        return Result(0, answers.get(command, ""))

    def _load(self, text: str) -> Result:
        if self.refuses and self.refuses in text:
            return Result(1, "", "Error: no")
        self.loaded.append(text)
        self.has_table = "table inet meshnet-relay {" in text or (self.has_table and "delete table" not in text)
        return Result(0)


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


@pytest.fixture
def relay(system: System) -> LinuxRelay:
    relay = system.relay()
    relay.start((RELAY,), PORTS)
    return relay


def test_forwarding_is_turned_on_behind_the_firewall_for_the_families_that_are_served(
    system: System, relay: LinuxRelay
) -> None:
    assert system.values() == VALUES | {
        IP_FORWARD: "1",
        RESERVED: "8080,20000-20009",
        "net/ipv4/conf/all/accept_redirects": "0",
        "net/ipv4/conf/all/send_redirects": "0",
    }
    assert 'meta nfproto ipv4 iifname { "eth0" } ct state new' in system.loaded[-1]


def test_stop_puts_everything_back(system: System, relay: LinuxRelay) -> None:
    relay.stop()
    assert system.values() == VALUES
    assert not system.has_table
    assert not list(system.state.iterdir())


def test_a_process_that_was_killed_is_cleaned_up_after(system: System, relay: LinuxRelay) -> None:
    system.relay().stop()
    assert system.values() == VALUES
    assert not system.has_table
    relay = system.relay()
    relay.start((RELAY,), PORTS)
    again = system.relay()
    again.start((RELAY,), PORTS)
    again.stop()
    assert system.values() == VALUES


def test_stop_does_nothing_where_nothing_is(system: System) -> None:
    system.relay().stop()
    assert system.loaded == []
    assert system.values() == VALUES


def test_forwarding_that_is_somebody_elses_stays_on_and_open(system: System) -> None:
    system.set(IP_FORWARD, "1")
    relay = system.relay()
    relay.start((RELAY,), PORTS)
    assert "nfproto" not in system.loaded[-1]
    relay.stop()
    assert system.values()[IP_FORWARD] == "1"


def test_a_start_that_fails_leaves_nothing(system: System) -> None:
    system.refuses = "chain entry"
    with pytest.raises(PlatformError):
        system.relay().start((RELAY,), PORTS)
    assert system.values() == VALUES
    assert not list(system.state.iterdir())


def test_without_nft_it_says_so(system: System) -> None:
    (system.tools / "nft").unlink()
    with pytest.raises(PlatformError, match="nftables") as raised:
        system.relay().start((RELAY,), PORTS)
    assert "--no-relay" in raised.value.cure


@pytest.mark.parametrize("addresses", [(), (RELAY, "192.0.2.10"), ("192.0.2.77",)], ids=str)
def test_it_serves_addresses_of_this_machine_one_of_a_family(system: System, addresses: tuple[str, ...]) -> None:
    with pytest.raises(PlatformError):
        system.relay().start(addresses, PORTS)
    assert system.values() == VALUES


def test_a_firewall_that_drops_is_an_error_before_anything_changes(system: System) -> None:
    system.others = [
        {"table": {"family": "inet", "name": "strict"}},
        {
            "chain": {
                "family": "inet",
                "table": "strict",
                "name": "forward",
                "type": "filter",
                "hook": "forward",
                "policy": "drop",
            }
        },
    ]
    with pytest.raises(PlatformError, match="inet strict"):
        system.relay().start((RELAY,), PORTS)
    assert system.loaded == []
    assert system.values() == VALUES


def test_a_pair_comes_and_goes_in_one_transaction_each(system: System, relay: LinuxRelay) -> None:
    before = len(system.commands)
    relay.bind(20000, A, B)
    relay.release(20000)
    assert system.commands[before:] == ["nft -f -"] * 2
    assert f"add element inet meshnet-relay owners4 {{ {A} . 20000 : 1, {B} . 20001 : 2 }}" in system.loaded[-2]
    assert f"delete element inet meshnet-relay owners4 {{ {A} . 20000, {B} . 20001 }}" in system.loaded[-1]


def test_who_moved_gets_a_new_number_and_the_other_keeps_what_was_learnt(system: System, relay: LinuxRelay) -> None:
    relay.bind(20000, A, B)
    system.learnt = "elements = { 0x00000002 expires 4m59s988ms : 4000 }"
    relay.bind(20000, "198.51.100.3", B)
    assert f"delete element inet meshnet-relay owners4 {{ {A} . 20000, {B} . 20001 }}" in system.loaded[-1]
    assert "owners4 { 198.51.100.3 . 20000 : 3, 203.0.113.2 . 20001 : 4 }" in system.loaded[-1]
    assert "add element inet meshnet-relay learnt { 4 : 4000 }" in system.loaded[-1]


def test_what_the_kernel_refused_is_not_remembered(system: System, relay: LinuxRelay) -> None:
    system.refuses = "add element"
    with pytest.raises(PlatformError):
        relay.bind(20000, A, B)
    system.refuses = ""
    loaded = len(system.loaded)
    relay.release(20000)
    assert len(system.loaded) == loaded
    relay.bind(20000, A, B)
    assert "delete" not in system.loaded[-1]


@pytest.mark.parametrize(
    ("port", "owners"),
    [
        (20001, (A, B)),
        (20010, (A, B)),
        (19998, (A, B)),
        (20000, (A, "2001:db8::2")),
        (20000, ("2001:db8::1", "2001:db8::2")),
        (20000, (A, RELAY)),
        (20000, ("192.0.2.10", B)),
        (20000, ("127.0.0.1", B)),
        (20000, (A, "224.0.0.1")),
        (20000, (A, "255.255.255.255")),
        (20000, ("0.0.0.0", B)),
    ],
    ids=str,
)
def test_ports_and_owners_that_cannot_be_are_refused(
    system: System, relay: LinuxRelay, port: int, owners: tuple[str, str]
) -> None:
    loaded = len(system.loaded)
    with pytest.raises(PlatformError):
        relay.bind(port, *owners)
    assert len(system.loaded) == loaded


def test_used_are_the_pairs_that_sent_since_it_was_asked_last(system: System, relay: LinuxRelay) -> None:
    for port in (20000, 20002, 20004):
        relay.bind(port, A, B)
    limit = "limit rate over 125 mbytes/second burst 64 mbytes"
    system.sent = (
        f"elements = {{ 20001 {limit} expires 1d, 20002 {limit} expires 23h58m59s996ms,\n"
        f"\t\t\t     20005 timeout 1d {limit} expires 1d, 20006 {limit} expires 1d }}"
    )
    assert relay.used() == {20000, 20004}
    relay.release(20004)
    assert relay.used() == {20000}


def test_settings_that_somebody_changed_are_told(system: System, relay: LinuxRelay) -> None:
    relay.used()
    system.set(IP_FORWARD, "0")
    with pytest.raises(PlatformError):
        relay.used()


@pytest.mark.parametrize(
    ("text", "merged"),
    [
        ("\n", "20000-20009"),
        ("8080,9000-9010\n", "8080,9000-9010,20000-20009"),
        ("20005-20020", "20000-20020"),
        ("19999,20010", "19999-20010"),
        ("1-65535", "1-65535"),
    ],
)
def test_reserved_ports_are_added_to_those_of_others(text: str, merged: str) -> None:
    assert with_reserved(text, PORTS) == merged
