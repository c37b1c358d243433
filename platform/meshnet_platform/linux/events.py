"""What the kernel says of changes, and which part of the system each concerns. Pure: bytes in, parts out.

Only what may matter passes: on a busy system most routes, rules and tables are other programs' own, and each look at
the system costs processes. What repeats itself (the lifetimes of an address, the scans of a radio) is no change.
Formats: netlink(7), rtnetlink(7), linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h.
"""

from __future__ import annotations

import enum
import socket
import struct
from collections.abc import Callable, Iterator

from meshnet_platform.linux import marks

_NEWLINK, _DELLINK = 16, 17
_NEWADDR, _DELADDR = 20, 21
_ROUTES = (24, 25)
_RULES = (32, 33)
_SETTINGS = (80, 81)
_NFTABLES = 10
_TABLE_NAME = 1
_TABLES_AND_CHAINS = (0, 2, 3, 5)
"""NFT_MSG_NEWTABLE, DELTABLE, NEWCHAIN, DELCHAIN."""
_INET = 1

_LOCAL_TABLE = 255
"""What the kernel itself makes of addresses, which are told of as well."""
_LINK_FLAGS = 0x1 | 0x40 | 0x10000
"""IFF_UP, IFF_RUNNING, IFF_LOWER_UP."""
_OUR_TABLES = range(marks.MESH_TABLE, marks.ANSWERS_TABLE + 1)
_MARKS = (marks.PACKET_MARK, marks.LEFT_BY_TUNNEL)


IsOwn = Callable[[int], bool]
"""Whether a message's sender is a program that we started: what we change ourselves is no news."""


class Part(enum.Flag):
    """A part of the system that somebody changed."""

    NOTHING = 0
    FIREWALL = enum.auto()
    """Our table."""
    NETWORK = enum.auto()
    """Our interface, its addresses, our routes and rules."""
    SETTINGS = enum.auto()
    """Kernel settings of interfaces."""
    RESOLVERS = enum.auto()
    """resolv.conf."""
    PEERS = enum.auto()
    """What WireGuard knows of us and of peers; nobody tells of it."""
    FACTS = enum.auto()
    """Something that is not ours, but that a plan may depend on."""
    OURS = FIREWALL | NETWORK | SETTINGS | RESOLVERS | PEERS
    ALL = OURS | FACTS


class Sightings:
    """Tells changes from repetitions: knows the links and addresses that were heard of."""

    def __init__(self, interface: str, is_own: IsOwn = lambda _: False) -> None:
        self._interface = interface
        self._is_own = is_own
        self._index = index_of(interface)
        self._links: dict[int, tuple[str, int, int]] = {}
        self._addresses: set[bytes] = set()

    def parts(self, data: bytes) -> Part:
        """What the messages of one datagram of a NETLINK_ROUTE socket concern."""
        found = Part.NOTHING
        for kind, sender, payload in _messages(data):
            part = self._part(kind, payload)
            if not self._is_own(sender):
                found |= part
        return found

    def _part(self, kind: int, payload: bytes) -> Part:
        if kind in (_NEWLINK, _DELLINK):
            return self._link(kind, payload)
        if kind in (_NEWADDR, _DELADDR):
            return self._address(kind, payload)
        if kind in _ROUTES:
            return _route(payload)
        if kind in _RULES:
            return _rule(payload, self._interface)
        return Part.SETTINGS if kind in _SETTINGS else Part.NOTHING

    def _link(self, kind: int, payload: bytes) -> Part:
        index, flags = struct.unpack_from("=iI", payload, 4)
        attributes = dict(_attributes(payload[16:]))
        name = attributes.get(3, b"").rstrip(b"\0").decode(errors="replace")
        seen = (name, flags & _LINK_FLAGS, _number(attributes.get(4)))
        repeated = kind == _NEWLINK and self._links.get(index) == seen
        self._links[index] = seen
        if kind == _DELLINK:
            del self._links[index]
        if name == self._interface:
            self._index = index
        if repeated:
            return Part.NOTHING
        # By number also: an interface of ours may have been given another name.
        return Part.NETWORK if index == self._index else Part.FACTS

    def _address(self, kind: int, payload: bytes) -> Part:
        family, length, _, _, index = struct.unpack_from("=BBBBI", payload)
        attributes = dict(_attributes(payload[8:]))
        key = bytes((family, length)) + index.to_bytes(4, "big") + (attributes.get(2) or attributes.get(1, b""))
        repeated = kind == _NEWADDR and key in self._addresses
        self._addresses.add(key)
        if kind == _DELADDR:
            self._addresses.discard(key)
        if repeated:
            return Part.NOTHING
        return Part.NETWORK if index == self._index else Part.FACTS


def firewall_parts(data: bytes, is_own: IsOwn = lambda _: False) -> Part:
    """What the messages of one datagram of a NETLINK_NETFILTER socket concern: our own table, or others' chains.

    A chain of somebody else may drop what this host forwards, or drop it no longer.
    """
    ours = marks.FIREWALL_TABLE.encode() + b"\0"
    found = Part.NOTHING
    for kind, sender, payload in _messages(data):
        if kind >> 8 != _NFTABLES or is_own(sender):
            continue
        if payload[:1] == bytes((_INET,)) and dict(_attributes(payload[4:])).get(_TABLE_NAME) == ours:
            found |= Part.FIREWALL
        elif kind & 0xFF in _TABLES_AND_CHAINS:
            found |= Part.FACTS
    return found


def _route(payload: bytes) -> Part:
    table = _number(dict(_attributes(payload[12:])).get(15)) or payload[4]
    if table in _OUR_TABLES:
        return Part.NETWORK
    return Part.NOTHING if table == _LOCAL_TABLE else Part.FACTS


def _rule(payload: bytes, interface: str) -> Part:
    attributes = dict(_attributes(payload[12:]))
    named = attributes.get(3, b"").rstrip(b"\0").decode(errors="replace")
    if _number(attributes.get(15)) in _OUR_TABLES or _number(attributes.get(10)) in _MARKS or named == interface:
        return Part.NETWORK
    # Our rules give way to those of others, or go before them.
    return Part.NETWORK | Part.FACTS


def _messages(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, sender and payload of each message; the sender is who asked the kernel for the change, 0 where nobody did.

    A program's first netlink socket has the number of its process (netlink(7)).
    """
    while len(data) >= 16:
        length, kind, _, _, sender = struct.unpack_from("=IHHII", data)
        if not 16 <= length <= len(data):
            return
        yield kind, sender, data[16:length]
        data = data[_aligned(length) :]


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if not 4 <= length <= len(data):
            return
        # The two highest bits say how an attribute is built.
        yield kind & 0x3FFF, data[4:length]
        data = data[_aligned(length) :]


def _aligned(length: int) -> int:
    return (length + 3) & ~3


def _number(value: bytes | None) -> int:
    return int(struct.unpack("=I", value)[0]) if value is not None and len(value) == 4 else 0


def index_of(interface: str) -> int:
    """The kernel's number of an interface; 0 where there is none by that name."""
    try:
        return socket.if_nametoindex(interface)
    except OSError:
        return 0
