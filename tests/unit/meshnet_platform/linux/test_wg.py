from __future__ import annotations

import base64

import pytest

from meshnet_platform.api import Peer, PlatformError, Tunnel
from meshnet_platform.linux.wg import (
    InterfaceState,
    PeerState,
    changes,
    endpoint_words,
    endpoints,
    moves,
    observation,
    parse_dump,
    removals,
)

KEY = base64.b64encode(bytes(range(32))).decode()
NOW = 1_700_000_000
A, B = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
DUMP = (
    f"{KEY}\tpublic\t21820\t0x20d53\n"
    f"{A}\t(none)\t192.0.2.1:21820\t100.64.0.2/32,0.0.0.0/0\t1700000000\t10\t20\t25\n"
    f"{B}\t(none)\t(none)\t(none)\t0\t0\t0\toff\n"
)


def tunnel(*peers: Peer) -> Tunnel:
    return Tunnel("meshnet0", KEY, 21820, (), peers=peers)


def same_peers() -> tuple[Peer, Peer]:
    return Peer(A, ("0.0.0.0/0", "100.64.0.2/32"), "192.0.2.1:21820", 25), Peer(B, ())


def test_a_dump_is_read() -> None:
    state = parse_dump(DUMP)
    assert (state.listen_port, state.mark, state.private_key) == (21820, 0x20D53, KEY)
    assert KEY not in repr(state)
    first, second = observation(state).peers
    assert (first.endpoint, first.last_handshake, first.rx_bytes, first.tx_bytes) == (
        "192.0.2.1:21820",
        1700000000,
        10,
        20,
    )
    assert (second.endpoint, second.last_handshake) == (None, 0)


def test_a_fresh_interface_is_read() -> None:
    assert parse_dump("(none)\t(none)\t0\toff\n") == InterfaceState()


@pytest.mark.parametrize("text", ["", "one word\n", "a\tb\t1\toff\nx\ty\n"])
def test_what_wg_does_not_print_is_refused(text: str) -> None:
    with pytest.raises(PlatformError):
        parse_dump(text)


def test_the_same_again_is_no_word() -> None:
    assert changes(parse_dump(DUMP), tunnel(*same_peers())) == ()
    assert removals(parse_dump(DUMP), tunnel(*same_peers())) == ()


def test_the_private_key_is_never_a_word() -> None:
    words = changes(InterfaceState(), tunnel(Peer(A, ("100.64.0.2/32", "fd00::2/128"), "192.0.2.1:1")))
    assert words == (
        *("listen-port", "21820", "fwmark", "0x20d53", "private-key", "/dev/stdin"),
        *("peer", A, "allowed-ips", "100.64.0.2/32,fd00::2/128", "endpoint", "192.0.2.1:1"),
    )


@pytest.mark.parametrize("endpoint", [None, "192.0.2.9:1"])
def test_where_a_peer_is_that_is_there_is_no_matter_of_what_is_configured(endpoint: str | None) -> None:
    first, second = same_peers()
    assert changes(parse_dump(DUMP), tunnel(Peer(A, first.allowed, endpoint, 25), second)) == ()


def heard(endpoint: str | None, ago: int) -> InterfaceState:
    return InterfaceState(peers=(PeerState(A, endpoint, frozenset(), NOW - ago, 0, 0, 0),))


@pytest.mark.parametrize("ago", [0, 1000])
@pytest.mark.parametrize("said", [None, "192.0.2.1:1"])
def test_a_peer_is_sent_to_where_the_plan_says_when_it_says_something_new(said: str | None, ago: int) -> None:
    plan = tunnel(Peer(A, (), "192.0.2.9:1"))
    assert moves(heard("203.0.113.9:4000", ago), plan, {A: (said, 0)}, NOW) == {A: "192.0.2.9:1"}


def test_what_is_to_be_said_once_more_is_said_although_it_is_the_same() -> None:
    plan = tunnel(Peer(A, (), "192.0.2.9:1", saying=1))
    assert moves(heard("203.0.113.9:4000", 0), plan, {A: ("192.0.2.9:1", 0)}, NOW) == {A: "192.0.2.9:1"}


@pytest.mark.parametrize("ago", [0, 1000])
def test_a_plan_that_says_the_same_again_undoes_no_roaming(ago: int) -> None:
    plan = tunnel(Peer(A, (), "192.0.2.9:1"))
    assert moves(heard("203.0.113.9:4000", ago), plan, {A: ("192.0.2.9:1", 0)}, NOW) == {}


def test_a_plan_that_says_nothing_moves_nobody() -> None:
    assert moves(heard("203.0.113.9:4000", 1000), tunnel(Peer(A, ())), {A: ("192.0.2.9:1", 0)}, NOW) == {}


@pytest.mark.parametrize(
    ("state", "moved"),
    [
        (heard("203.0.113.9:4000", 180), False),
        (heard("203.0.113.9:4000", 181), True),
        (heard("192.0.2.9:1", 181), False),
        (heard(None, 0), True),
    ],
)
def test_of_whom_an_earlier_process_spoke_wireguard_knows_better_while_it_hears_of_him(
    state: InterfaceState, moved: bool
) -> None:
    plan = tunnel(Peer(A, (), "192.0.2.9:1"))
    assert moves(state, plan, {}, NOW) == ({A: "192.0.2.9:1"} if moved else {})


def test_who_is_not_there_yet_is_not_moved() -> None:
    assert moves(InterfaceState(), tunnel(Peer(A, (), "192.0.2.9:1")), {}, NOW) == {}


def test_who_gains_the_default_route_is_named_before_who_loses_it() -> None:
    loses, gains = Peer(A, ("100.64.0.2/32",), None, 25), Peer(B, ("100.64.0.3/32", "0.0.0.0/0"))
    words = changes(parse_dump(DUMP), tunnel(loses, gains))
    assert words.index(B) < words.index(A)


def test_peers_that_go_are_removed_by_words_of_their_own() -> None:
    first, _ = same_peers()
    assert changes(parse_dump(DUMP), tunnel(first)) == ()
    assert removals(parse_dump(DUMP), tunnel(first)) == ("peer", B, "remove")


def test_keys_that_differ_only_in_bits_that_wireguard_sets_are_the_same() -> None:
    raw = bytearray(range(32))
    raw[0] |= 7
    spelled = Tunnel("meshnet0", base64.b64encode(bytes(raw)).decode(), 21820, (), peers=same_peers())
    assert changes(parse_dump(DUMP), spelled) == ()


def test_new_peers_begin_where_they_are_said_to_be() -> None:
    known = endpoints(parse_dump(DUMP))
    assert known == {A: "192.0.2.1:21820"}
    words = changes(InterfaceState(), tunnel(Peer(A, ()), Peer(B, ())), lambda peer: known.get(peer.public_key))
    assert words[words.index(A) :][3:5] == ("endpoint", "192.0.2.1:21820")
    assert words.count("endpoint") == 1
    assert changes(parse_dump(DUMP), tunnel(*same_peers()), lambda _: "192.0.2.9:1") == ()


def test_endpoints_are_named_peer_by_peer() -> None:
    assert endpoint_words(endpoints(parse_dump(DUMP))) == ("peer", A, "endpoint", "192.0.2.1:21820")
