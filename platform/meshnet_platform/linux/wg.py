"""WireGuard's configuration: what `wg show` says, and the words for `wg set` that make it what a plan says. Pure.

Only what differs is named. A peer's endpoint is where WireGuard heard of it last, and what a plan says of it holds from
when it is said: to name it again would undo the roaming that WireGuard does by itself.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from meshnet_platform.api import Observation, Peer, PeerSight, PlatformError, Tunnel
from meshnet_platform.linux.marks import PACKET_MARK

_SILENT_SECONDS = 180
"""Without a handshake for so long there is no session (WireGuard's paper, section 6.1)."""
_DEFAULT_ROUTES = frozenset({"0.0.0.0/0", "::/0"})


@dataclass(frozen=True, slots=True)
class PeerState:
    """One peer as the kernel has it."""

    public_key: str
    endpoint: str | None
    allowed: frozenset[str]
    last_handshake: int
    rx_bytes: int
    tx_bytes: int
    keepalive: int


@dataclass(frozen=True, slots=True)
class InterfaceState:
    """A WireGuard interface as the kernel has it."""

    private_key: str = field(default="", repr=False)
    listen_port: int = 0
    mark: int = 0
    peers: tuple[PeerState, ...] = ()


def parse_dump(text: str) -> InterfaceState:
    """Read `wg show NAME dump` (wg(8)): tab-separated, the interface first; PlatformError for anything else."""
    rows = [line.split("\t") for line in text.splitlines() if line]
    if not rows or len(rows[0]) != 4 or any(len(row) != 8 for row in rows[1:]):
        raise PlatformError("`wg show` printed what this version of Meshnet cannot read.", "Update wireguard-tools.")
    private, _, port, mark = rows[0]
    peers = tuple(_peer(row) for row in rows[1:])
    return InterfaceState("" if private == "(none)" else private, int(port), _number(mark, 16), peers)


def observation(state: InterfaceState) -> Observation:
    """What the planner is told of the peers."""
    sights = (
        PeerSight(peer.public_key, peer.endpoint, peer.last_handshake, peer.rx_bytes, peer.tx_bytes)
        for peer in state.peers
    )
    return Observation(tuple(sights))


def changes(
    have: InterfaceState, want: Tunnel, start: Callable[[Peer], str | None] = lambda peer: peer.endpoint
) -> tuple[str, ...]:
    """Words after `wg set NAME` for all that is new or differs; empty where nothing does. Peers are only added.

    `private-key /dev/stdin` among them asks for the private key on standard input, where nobody sees it. `start` tells
    the endpoint of a new peer; those of the others are left as they are, see `moves`.
    """
    words: list[str] = []
    if want.listen_port != have.listen_port:
        words += ["listen-port", str(want.listen_port)]
    if have.mark != PACKET_MARK:
        words += ["fwmark", f"{PACKET_MARK:#x}"]
    if _clamped(have.private_key) != _clamped(want.private_key):
        words += ["private-key", "/dev/stdin"]
    there = {peer.public_key: peer for peer in have.peers}
    # Who gains the default routes is named before who loses them: they move in one step, and never belong to nobody.
    for peer in sorted(want.peers, key=lambda one: _DEFAULT_ROUTES.isdisjoint(one.allowed)):
        words += _peer_words(there.get(peer.public_key), peer, start)
    return tuple(words)


def moves(have: InterfaceState, want: Tunnel, said: Mapping[str, tuple[str | None, int]], now: float) -> dict[str, str]:
    """The endpoints, by key, that peers which are there are to be sent to: those that the plan names anew.

    `said` is what the last plan said of each peer. Of whom none of this process said anything, WireGuard knows better,
    unless it has had no handshake there lately (`now`: Unix time in seconds).
    """
    there = {peer.public_key: peer for peer in have.peers}
    found: dict[str, str] = {}
    for peer in want.peers:
        known, key = there.get(peer.public_key), peer.public_key
        if known is None or peer.endpoint is None:
            continue
        unsaid_and_lost = key not in said and known.endpoint != peer.endpoint and _is_silent(known, now)
        if unsaid_and_lost or (key in said and said[key] != (peer.endpoint, peer.saying)):
            found[key] = peer.endpoint
    return found


def endpoints(state: InterfaceState) -> dict[str, str]:
    """Where each peer was last heard of, by key."""
    return {peer.public_key: peer.endpoint for peer in state.peers if peer.endpoint is not None}


def removals(have: InterfaceState, want: Tunnel) -> tuple[str, ...]:
    """Words after `wg set NAME` for the peers that go."""
    wanted = {peer.public_key for peer in want.peers}
    gone = (peer.public_key for peer in have.peers if peer.public_key not in wanted)
    return tuple(word for key in gone for word in ("peer", key, "remove"))


def endpoint_words(endpoints: Mapping[str, str]) -> tuple[str, ...]:
    """Words after `wg set NAME` that name these endpoints, by key; what the tunnel kept beside them is dropped."""
    return tuple(word for key, endpoint in endpoints.items() for word in ("peer", key, "endpoint", endpoint))


def _is_silent(peer: PeerState, now: float) -> bool:
    return peer.endpoint is None or now - peer.last_handshake > _SILENT_SECONDS


def _peer_words(have: PeerState | None, want: Peer, start: Callable[[Peer], str | None]) -> Iterator[str]:
    words: list[str] = []
    endpoint = start(want) if have is None else None
    if have is None or have.allowed != frozenset(want.allowed):
        words += ["allowed-ips", ",".join(want.allowed)]
    if endpoint is not None:
        words += ["endpoint", endpoint]
    if want.keepalive != (have.keepalive if have else 0):
        words += ["persistent-keepalive", str(want.keepalive)]
    if words:
        yield from ("peer", want.public_key, *words)


def _peer(row: list[str]) -> PeerState:
    key, _, endpoint, allowed, handshake, rx, tx, keepalive = row
    return PeerState(
        key,
        None if endpoint == "(none)" else endpoint,
        frozenset() if allowed == "(none)" else frozenset(allowed.split(",")),
        int(handshake),
        int(rx),
        int(tx),
        _number(keepalive, 10),
    )


def _number(text: str, base: int) -> int:
    return 0 if text == "off" else int(text, base)


def _clamped(key: str) -> bytes:
    # WireGuard stores a private key with the bits set that X25519 sets anyway (RFC 7748, section 5).
    raw = bytearray(base64.b64decode(key))
    if len(raw) != 32:
        return bytes(raw)
    raw[0] &= 248
    raw[31] = (raw[31] & 127) | 64
    return bytes(raw)
