from __future__ import annotations

import os
import subprocess
import sys

import pytest
from syrupy.assertion import SnapshotAssertion

from meshnet_platform.linux import marks, nft_relay
from meshnet_platform.linux.nft_relay import End, Surroundings, admission, dismissal, removal, render

ADDRESSES = ("192.0.2.9", "2001:db8:9::9")
OPENED = Surroundings(frozenset({4, 6}), ("eth0",), "meshnet0")
PAIR4 = End(20000, "198.51.100.2", 1), End(20001, "203.0.113.2", 2)
PAIR6 = End(20002, "2001:db8:1::2", 3), End(20003, "2001:db8:2::2", 4, 41000)
TEXTS = {
    "both families, forwarding on because of us": render(ADDRESSES, OPENED),
    "one family, forwarding on before us": render(ADDRESSES[:1], Surroundings(uplinks=("eth0",))),
    "two pairs come": admission((*PAIR4, *PAIR6)),
    "a pair goes": dismissal(PAIR4),
}


def chain_of(text: str, name: str) -> list[str]:
    lines = text.split(f"  chain {name} {{\n")[1].split("  }\n", maxsplit=1)[0].splitlines()
    return [line.strip() for line in lines if not line.strip().startswith("type ")]


@pytest.mark.parametrize("name", TEXTS)
def test_the_rules_are_as_they_were_looked_at(name: str, snapshot: SnapshotAssertion) -> None:
    assert TEXTS[name] == snapshot


def test_only_the_relays_own_address_and_allocated_ports_are_taken_from_the_machine() -> None:
    assert chain_of(render(ADDRESSES, OPENED), "entry") == [
        "ip daddr 192.0.2.9 udp dport @ports goto owner4",
        "ip6 daddr 2001:db8:9::9 udp dport @ports goto owner6",
    ]


@pytest.mark.parametrize("name", ["owner4", "owner6", "learn4", "learn6", "pass4", "pass6", "bare4"])
def test_what_is_not_passed_on_is_dropped(name: str) -> None:
    assert chain_of(render(ADDRESSES, OPENED), name)[-1] == "counter drop"


def test_no_set_holds_intervals_whose_content_would_arrive_late() -> None:
    assert "interval" not in render(ADDRESSES, OPENED)


def test_a_source_port_is_held_for_longer_than_wireguards_keepalives_are_apart() -> None:
    assert nft_relay.SILENCE > 25
    assert nft_relay.REMEMBERED > nft_relay.SILENCE


def test_forwarding_that_was_on_before_is_nobodys_business() -> None:
    assert chain_of(render(ADDRESSES, Surroundings()), "forward") == ["meta mark 0x20d59 accept"]


def test_the_mark_is_none_of_the_others() -> None:
    taken = [value for value in vars(marks).values() if isinstance(value, int)]
    assert taken.count(marks.RELAYED) == 1
    assert not marks.RELAYED & (0x4000 | 0x8000 | 0x40000 | 0x80000)


def test_what_comes_is_what_goes() -> None:
    came, went = (text.splitlines() for text in (admission(PAIR4), dismissal(PAIR4)))
    assert [line.split()[4] for line in came] == [line.split()[4] for line in went]
    assert admission(()) == dismissal(()) == ""


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="nft(8) reads rules as root on Linux only")
@pytest.mark.parametrize("addresses", [ADDRESSES, ADDRESSES[:1], ADDRESSES[1:]])
def test_nft_understands_the_rules(addresses: tuple[str, ...]) -> None:
    pairs = [pair for pair, address in ((PAIR4, "192.0.2.9"), (PAIR6, "2001:db8:9::9")) if address in addresses]
    ends = [end for pair in pairs for end in pair]
    moved = [End(end.port, end.address, end.number + 10, 4000) for end in ends]
    table = render(addresses, OPENED)
    for text in (table + admission(ends), dismissal(ends) + admission(moved), dismissal(moved), table, removal() * 2):
        words = ("unshare", "--net", "nft", "--file", "-")
        given = text if text.startswith("add table") else f"{table}{admission(ends)}{dismissal(ends)}{admission(moved)}"
        done = subprocess.run(words, input=given, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
