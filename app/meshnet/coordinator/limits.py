"""How often somebody may call: token buckets, one for each caller and one for all of them together."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

from meshnet.core.allowance import Allowance

_CALLERS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls at once, and so many a second after that."""

    burst: float
    per_second: float


class Limiter:
    """Token buckets by the name of the caller, bounded in number: those that were idle longest are forgotten."""

    def __init__(self, each: Rate, all_together: Rate, monotonic: Callable[[], float]) -> None:
        self._each = each
        self._monotonic = monotonic
        self._buckets: dict[str, Allowance] = {}
        self._all = Allowance(all_together.burst, all_together.per_second)

    def allows(self, caller: str) -> bool:
        """Whether the caller may call now; counts the call when it may."""
        now = self._monotonic()
        bucket = self._buckets.pop(caller, None) or Allowance(self._each.burst, self._each.per_second)
        self._buckets[caller] = bucket
        if len(self._buckets) > _CALLERS_MAX:
            del self._buckets[next(iter(self._buckets))]
        return bucket.takes(now) and self._all.takes(now)


def caller_of(address: str) -> str:
    """Whom calls from the address count for: an IPv4 address, or a /64, which is one household's in IPv6."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if found.version == 4:
        return str(found)
    return str(ipaddress.IPv6Network((found, 64), strict=False))


def plain_address(remote: str | None) -> str:
    """The address of a caller as people write it: IPv4 also where it came in by an IPv6 socket; "" for none."""
    if remote is None:
        return ""
    found = ipaddress.ip_address(remote.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)
