"""How much went through, over the last minutes: what the daemon counted at moments, and the rates between them.

Values only: whoever has a clock says when a count was taken. Law: a counter that began anew is no negative rate, and a
time of which nothing is known is a gap, not zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from meshnet.gui.models import words
from meshnet.gui.models.language import translate
from meshnet.protocol.local import Status

WINDOW = 300.0
"""Seconds that are shown."""
MOST = 150
"""Samples that are kept."""
_GAP = 40.0
"""Seconds without a count; while all is well they come every few seconds, if only because of keepalives."""
_CLOSEST = (WINDOW + _GAP) / (MOST - 5)
_STEADY = 1.0
"""Bytes per second; less is shown as nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the counters said at a moment, in seconds of a clock that only goes on."""

    seconds: float
    rx_bytes: int
    tx_bytes: int


@dataclass(frozen=True, slots=True)
class Rate:
    """Bytes per second between two moments."""

    begin: float
    end: float
    down: float
    up: float


@dataclass(frozen=True, slots=True)
class History:
    """The samples of the last minutes, the newest last, and what came since the first of all."""

    samples: tuple[Sample, ...] = ()
    rx_total: int = 0
    tx_total: int = 0
    key: str = ""
    """What it belongs to; another route begins another history."""

    def added(self, sample: Sample) -> History:
        """With one more sample."""
        if not self.samples:
            return replace(self, samples=(sample,))
        last = self.samples[-1]
        if sample.seconds <= last.seconds:
            return self
        rx, tx = _grown(last.rx_bytes, sample.rx_bytes), _grown(last.tx_bytes, sample.tx_bytes)
        kept = [old for old in self.samples if old.seconds >= sample.seconds - WINDOW - _GAP]
        # Samples that come closer than what is kept replace one another, so that the last one is always the newest.
        if len(kept) > 1 and sample.seconds - kept[-2].seconds < _CLOSEST:
            kept.pop()
        return replace(self, samples=(*kept, sample)[-MOST:], rx_total=self.rx_total + rx, tx_total=self.tx_total + tx)

    @property
    def rates(self) -> tuple[Rate, ...]:
        """The rates between samples, oldest first; none over a gap, nor where a counter began anew."""
        pairs = zip(self.samples, self.samples[1:], strict=False)
        return tuple(rate for before, after in pairs if (rate := _rate(before, after)))

    @property
    def now(self) -> Rate | None:
        """The newest rate."""
        return _rate(*self.samples[-2:]) if len(self.samples) > 1 else None

    @property
    def peak(self) -> float:
        """The highest rate of the last minutes, either way."""
        begin = self.samples[-1].seconds - WINDOW if self.samples else 0.0
        return max((max(rate.down, rate.up) for rate in self.rates if rate.end > begin), default=0.0)


def followed(history: History, status: Status, seconds: float) -> History:
    """The history after the daemon has told this status; empty while there is no route."""
    if status.route is None:
        return History()
    key = f"{status.route.host_id} {status.route.since}"
    if key != history.key:
        history = History(key=key)
    route = status.route
    if route.rx_bytes is None or route.tx_bytes is None:
        # A daemon that does not tell of the host alone tells of all peers together.
        return history.added(Sample(seconds, status.rx_bytes, status.tx_bytes))
    return history.added(Sample(seconds, route.rx_bytes, route.tx_bytes))


def rate_in_words(rate: float) -> str:
    """A rate: "1.2 MB/s"."""
    return translate("Traffic", "{amount}/s").format(amount=words.amount(round(rate) if rate >= _STEADY else 0))


def in_words(history: History) -> str:
    """The newest rates and the totals as sentences."""
    now = history.now
    return translate(
        "Traffic", "Down {down}, in all {all_down}. Up {up}, in all {all_up}. The most in five minutes: {peak}."
    ).format(
        down=rate_in_words(now.down if now else 0),
        up=rate_in_words(now.up if now else 0),
        all_down=words.amount(history.rx_total),
        all_up=words.amount(history.tx_total),
        peak=rate_in_words(history.peak),
    )


def nice_top(peak: float) -> float:
    """The top of the scale: the next of 1, 2, 5, 10 … above the peak, so that it does not jump with every sample."""
    top = 1000.0
    while top < peak:
        for step in (2, 5, 10):
            if top * step >= peak:
                return top * step
        top *= 10
    return top


def _grown(before: int, after: int) -> int:
    """How much was counted in between; a counter that began anew has counted what it shows."""
    return after - before if after >= before else after


def _rate(before: Sample, after: Sample) -> Rate | None:
    took = after.seconds - before.seconds
    down, up = after.rx_bytes - before.rx_bytes, after.tx_bytes - before.tx_bytes
    if took > _GAP or down < 0 or up < 0:
        return None
    return Rate(before.seconds, after.seconds, down / took, up / took)
