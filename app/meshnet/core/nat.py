"""What the beacons' sightings tell of the NAT before this device, and whom it can therefore meet. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from meshnet.core.endpoints import parse_endpoint
from meshnet_platform.api import Facts


class Nat(StrEnum):
    """What is known of the mapping (RFC 4787, section 4.1); of the filtering nothing is."""

    NONE = "none"
    ONE_PORT = "one-port"
    PORT_EACH = "port-each"
    UNKNOWN = "unknown"


WORDS = {
    Nat.NONE: "Nothing translates addresses before this device: it meets every other one directly, as far as firewalls "
    "let it.",
    Nat.ONE_PORT: "The router before this device uses one port for all destinations: it meets every other device "
    "directly, but not one behind a router that uses another port for each destination; with that one it uses the "
    "relay.",
    Nat.PORT_EACH: "The router before this device uses another port for each destination: it meets devices directly "
    "that have no NAT before them, or one that lets everybody in, and uses the relay with the others. A port forwarded "
    "by hand helps (`meshnet settings endpoint`).",
    Nat.UNKNOWN: "The coordinator has no beacon, or none sees this device.",
}
UNSEEN = (
    "None of the coordinator's beacons sees this device: the network it is in seems to let no UDP out.",
    "Ask whoever runs the network to let UDP out, or use another one.",
)


def nat_of(facts: Facts, sights: Sequence[str], opened: str | None = None) -> Nat:
    """The kind of NAT, from where the beacons see the tunnel ("" where one does not)."""
    seen = [parse_endpoint(sight) for sight in sights if sight]
    if not seen:
        return Nat.UNKNOWN
    own = {*_own_addresses(facts)}
    if all(str(address) in own for address, _ in seen):
        return Nat.NONE
    if opened is not None:
        return Nat.ONE_PORT
    return Nat.ONE_PORT if len(set(seen)) == 1 else Nat.PORT_EACH


def _own_addresses(facts: Facts) -> Iterable[str]:
    return (address.partition("/")[0] for link in facts.links for address in link.addresses)
