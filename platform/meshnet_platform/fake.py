"""A backend that changes nothing: for tests, for `--dry-run`, and to see a plan without carrying it out.

Beside it a beacon and a relay that keep in memory what they are told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from meshnet_platform.api import (
    Backend,
    Beacon,
    Facts,
    Gateway,
    Link,
    Observation,
    Peer,
    PeerSight,
    PlatformError,
    Probes,
    Problem,
    Relay,
    SystemPlan,
    Traffic,
)

_BYTES_PER_LOOK = 1000
DEFAULT_FACTS = Facts(
    links=(Link("lo", ("127.0.0.1/8", "::1/128"), is_loopback=True), Link("eth0", ("192.0.2.10/24",))),
    gateways=(Gateway("eth0", "192.0.2.1", 4),),
    resolvers=("192.0.2.1",),
)


class FakeBackend:
    """Keeps plans in memory. Everything a test may want to set or read is a plain attribute."""

    def __init__(self, facts: Facts = DEFAULT_FACTS, clock: Callable[[], float] = time.time) -> None:
        self.plan = SystemPlan()
        """What is in force."""
        self.applied: list[SystemPlan] = []
        """Every plan that changed something, in order."""
        self.system_facts = facts
        self.system_problems: tuple[Problem, ...] = ()
        self.failure: PlatformError | None = None
        """Raised by `apply` while it is set."""
        self.silent: set[str] = set()
        """Public keys of peers that answer no handshake."""
        self.on_trouble: Callable[[str], None] | None = None
        self.on_news: Callable[[], None] | None = None
        self._clock = clock
        self._looks = 0

    @property
    def platform(self) -> str:
        """The word for this system in device records."""
        return "fake"

    @property
    def control_mark(self) -> int | None:
        """None: nothing is marked here."""
        return None

    def problems(self) -> tuple[Problem, ...]:
        """What a test set."""
        return self.system_problems

    def facts(self) -> Facts:
        """What a test set."""
        return self.system_facts

    def apply(self, plan: SystemPlan) -> None:
        """Remember the plan; raises `failure` while one is set."""
        if self.failure is not None:
            raise self.failure
        if plan != self.plan:
            self.applied.append(plan)
            self.plan = plan

    def observe(self) -> Observation:
        """Fresh handshakes with all peers that have an endpoint; bytes flow through the one that carries a route."""
        self._looks += 1
        tunnel = self.plan.tunnel
        return Observation(tuple(self._sight(peer) for peer in tunnel.peers) if tunnel else ())

    def traffic(self) -> Traffic:
        """Grows while a route is in force, as if programs were answered."""
        count = self._looks if self.plan.route is not None and self.plan.route.passing else 0
        return Traffic(count, count)

    def open_probes(self, listen_port: int, magic: bytes) -> Probes | None:
        """None: here is no network."""
        return None

    def restore(self) -> None:
        """Forget the plan in force."""
        self.plan = SystemPlan()

    def watch(self, on_trouble: Callable[[str], None], on_news: Callable[[], None]) -> None:
        """Keep the listeners, for a test to call."""
        self.on_trouble, self.on_news = on_trouble, on_news

    def close(self) -> None:
        """Forget the listeners."""
        self.on_trouble = self.on_news = None

    def _sight(self, peer: Peer) -> PeerSight:
        answers = peer.endpoint is not None and peer.public_key not in self.silent
        flowing = answers and "0.0.0.0/0" in peer.allowed
        amount = _BYTES_PER_LOOK * self._looks if flowing else 0
        return PeerSight(peer.public_key, peer.endpoint, int(self._clock()) if answers else 0, amount, amount)


class FakeBeacon:
    """Sees those devices where a test says (`see`), once they are admitted."""

    def __init__(self) -> None:
        self.keys: tuple[str, ...] = ()
        """The private keys of the interfaces; empty while it is not started."""
        self.ports: tuple[int, ...] = ()
        self.admitted: set[str] = set()
        self.looks = 0
        """How often `sightings` was asked, in vain too."""
        self.failure: PlatformError | None = None
        """Raised by everything but `stop` while it is set."""
        self._seen: tuple[dict[str, str], ...] = ({}, {})

    def see(self, public_key: str, *endpoints: str) -> None:
        """The device appears under these endpoints, one for each interface; "" where it does not."""
        seen = zip(self._seen, endpoints, strict=True)
        self._seen = tuple({**before, public_key: endpoint} for before, endpoint in seen)

    def start(self, private_keys: tuple[str, ...], ports: tuple[int, ...]) -> None:
        """Remember keys and ports, and forget whom it admitted."""
        self._check()
        self.keys, self.ports = private_keys, ports
        self.admitted.clear()

    def admit(self, public_keys: Iterable[str]) -> None:
        """Let these devices be seen."""
        self._check()
        self.admitted.update(public_keys)

    def dismiss(self, public_keys: Iterable[str]) -> None:
        """Let these devices be seen no more."""
        self._check()
        self.admitted.difference_update(public_keys)

    def sightings(self) -> tuple[dict[str, str], ...]:
        """What a test set, of those who are admitted."""
        self.looks += 1
        self._check()
        return tuple({key: seen for key, seen in one.items() if seen and key in self.admitted} for one in self._seen)

    def stop(self) -> None:
        """Forget everything but what a test set."""
        self.keys, self.ports = (), ()
        self.admitted.clear()

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure


class FakeRelay:
    """Keeps in memory who owns which ports."""

    def __init__(self) -> None:
        self.addresses: tuple[str, ...] = ()
        """Those it serves on; empty while it is not started."""
        self.ports = range(0)
        self.owners: dict[int, tuple[str, str]] = {}
        """Even port → the addresses of its owner and of the partner's."""
        self.bindings: list[int] = []
        """The even port of each `bind`, in order."""
        self.in_use: set[int] = set()
        """Even ports that `used` tells, each time it is asked."""
        self.failure: PlatformError | None = None
        """Raised by everything but `stop` while it is set."""

    def start(self, addresses: tuple[str, ...], ports: range) -> None:
        """Remember addresses and ports, with no owners."""
        self._check()
        self.addresses, self.ports = addresses, ports
        self.owners.clear()

    def bind(self, port: int, address: str, partner: str) -> None:
        """Remember the owners."""
        self._check()
        self.owners[port] = (address, partner)
        self.bindings.append(port)

    def release(self, port: int) -> None:
        """Forget the owners."""
        self._check()
        self.owners.pop(port, None)

    def used(self) -> frozenset[int]:
        """What a test set; PlatformError while it is not started."""
        self._check()
        if not self.addresses:
            raise PlatformError("The relay is not started.")
        return frozenset(self.in_use)

    def stop(self) -> None:
        """Forget everything but what a test set."""
        self.addresses, self.ports = (), range(0)
        self.owners.clear()

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure


_: type[Backend] = FakeBackend
_beacon: type[Beacon] = FakeBeacon
_relay: type[Relay] = FakeRelay
