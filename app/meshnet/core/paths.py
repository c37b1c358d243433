"""Which of the ways to one peer is in use: candidates are asked by probes, and the best that answers is chosen. Pure.

Both ends ask; the one with the lower key chooses, and the other follows. An answer that comes back by the way that was
asked shows that the way carries both directions. Whoever finds the way in use dead changes over by itself at once, to
whatever answered lately, and tells the other.

Time is given in seconds of any clock that goes on evenly; random bytes are drawn by the caller.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from meshnet.core.candidates import ALIVE, DEAD_AFTER, Candidate, rank
from meshnet.core.probes import Kind, Probe, cookie_for, is_cookie

BURST = (0.1, 0.2, 0.4, 0.8, 1.5, 3.0)
"""Seconds from one ask of a candidate to the next, until it is given up; the mapping of a NAT opens with the first."""
REPEAT = 0.5
"""Seconds, or twice the round trip, after which an ask of the way in use is repeated."""
WATCH_ACTIVE = 3.0
WATCH_IDLE = 25.0
"""Seconds between asks of the way in use; and of the relay, kept warm behind a way that is in use for a route."""
HOLD_FIRST, HOLD_MOST = 5.0, 60.0
"""Seconds for which a way that died must answer again before it is chosen again; doubled each time."""
RETURN, RETURN_TRIES = 5.0, 30
"""Seconds between asks of a way that died under a route, and how often."""
GAIN, GAIN_LEAST = 0.8, 0.005
"""Another way of the same kind must be a fifth faster, and five milliseconds."""
MEET_AFTER = (2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0)
"""Seconds between offers while nothing answers; the last one again and again."""
BETTER_ACTIVE, BETTER_IDLE = 60.0, 600.0
"""Seconds between offers while the relay is in use and a direct way is looked for."""
FOLLOWS_AFTER = 1.5
"""Seconds for which the end that follows leaves it to the other to make the first offer."""
HEARD_MOST = 4
"""Endpoints that nobody named, and that the peer was heard from."""
LOST_SECONDS = 2.0
"""For which asks tell the other end that the way in use died."""
CHOICE_REPEATS = 4
_NONCES_MOST = 256
_NONCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Send:
    """A probe to be sent."""

    endpoint: str
    probe: Probe


@dataclass(slots=True)
class _Asked:
    endpoint: str
    at: float


@dataclass(slots=True)
class PeerPath:
    """The ways to one peer, as one end sees them."""

    peer: str
    decides: bool
    draw: Callable[[], bytes]
    secret: bytes = field(repr=False)
    """For cookies; never leaves this device."""
    candidates: dict[str, Candidate] = field(default_factory=dict)
    chosen: str | None = None
    is_active: bool = False
    """A route goes this way now."""
    meet_at: float = math.inf
    """When this end is to make an offer."""
    _meetings: int = 0
    _asked: dict[bytes, _Asked] = field(default_factory=dict)
    _lost_until: float = -math.inf
    _alone_at: float = math.inf
    """When the end that follows goes ahead: a way works, and nobody has chosen one."""
    _choosing: int = 0
    _choose_at: float = math.inf

    # --- what comes from outside ------------------------------------------------------------------------------------

    def begin(self, candidates: Iterable[str], now: float) -> None:
        """The peer is there (again), or was never asked: ask what is known, and make an offer."""
        self._name(candidates, None)
        self._ask_all(now)
        self._meetings = 0
        self.meet_at = min(self.meet_at, now if self.decides else now + FOLLOWS_AFTER)

    def offered(self, candidates: Iterable[str], relay: str | None, now: float) -> None:
        """The peer named its candidates, and is asking now."""
        self._name(candidates, relay)
        self._ask_all(now)
        if self.decides and self.chosen is not None:
            # The peer may have begun anew, and know nothing of what was chosen.
            self._choosing, self._choose_at = CHOICE_REPEATS, now + BURST[0]
        self._plan_meeting(now)

    def made_offer(self, now: float) -> None:
        """An offer of this end is on its way to the peer."""
        self._meetings += 1
        self._plan_meeting(now)

    def met(self, relay: str | None, now: float) -> None:
        """The peer has this end's offer now; `relay` stands for it at the relay."""
        self._name((), relay)
        self._ask_all(now)

    def take(self, source: str, probe: Probe, now: float) -> list[Send]:
        """The peer said this, from there."""
        candidate = self._heard(source, now)
        match probe.kind:
            case Kind.ASK:
                return self._answer(candidate, probe, now)
            case Kind.ANSWER:
                self._answered(candidate, probe, now)
                return self._choice(now)
            case Kind.CHOOSE:
                return self._follow(candidate, probe, now)
            case Kind.CHOSEN if self._is_asked(probe.nonce, source):
                self._choosing, self._choose_at = 0, math.inf
        return []

    def due(self, now: float) -> list[Send]:
        """What is to be sent by now."""
        sends: list[Send] = []
        for candidate in list(self.candidates.values()):
            if candidate.ask_at <= now and self._needs_asking(candidate, now):
                sends += self._ask(candidate, now)
        if self._choose_at <= now:
            sends += self._repeat_choice(now)
        if self._alone_at <= now:
            self._go_ahead(now)
        self._forget(now)
        return sends

    @property
    def next_due(self) -> float:
        """When `due` has something; never before an offer is to be made."""
        times = [candidate.ask_at for candidate in self.candidates.values()]
        return min([*times, self._choose_at, self._alone_at, self.meet_at])

    def set_active(self, is_active: bool, now: float) -> None:
        """A route begins or ends to go this way."""
        if is_active and not self.is_active and self.chosen in self.candidates:
            self.candidates[self.chosen].ask_at = now
        self.is_active = is_active

    def wandered(self, endpoint: str, now: float) -> bool:
        """WireGuard sends there; True: the way in use works all the same, so it is to be told again."""
        used = self.in_use
        if endpoint == self.chosen:
            return False
        if used is None or endpoint not in self.candidates:
            # The peer may be there now.
            self._heard(endpoint, now)
            if used is not None:
                used.ask_at = min(used.ask_at, now)
            return False
        return used.tries == 0 and now - max(used.answered_at, used.heard_at) < ALIVE

    # --- what is known ----------------------------------------------------------------------------------------------

    @property
    def in_use(self) -> Candidate | None:
        """The candidate that WireGuard sends to."""
        return self.candidates.get(self.chosen) if self.chosen else None

    def kind(self, now: float) -> str:
        """ "direct", "relay", or "none" where nothing answers."""
        candidate = self.in_use
        if candidate is None or candidate.tries >= DEAD_AFTER:
            return "none"
        if max(candidate.answered_at, candidate.heard_at) < now - ALIVE:
            return "none"
        return "relay" if candidate.is_relay else "direct"

    def aliases(self) -> tuple[str, ...]:
        """The other endpoints that the peer's packets may come from, of the family in use."""
        used = self.in_use
        if used is None:
            return ()
        others = (one for one in self.candidates.values() if one is not used and one.family == used.family)
        return tuple(sorted(one.endpoint for one in others if one.is_relay or one.answered_at > -math.inf))

    # --- asking -----------------------------------------------------------------------------------------------------

    def _name(self, candidates: Iterable[str], relay: str | None) -> None:
        named = tuple(dict.fromkeys(candidates))
        if named:
            for one in self.candidates.values():
                one.is_named = one.endpoint in named or one.is_relay
            self._drop(lambda one: not one.is_named and one.heard_at == -math.inf)
        for endpoint in named:
            self.candidates.setdefault(endpoint, Candidate(endpoint))
        if relay is not None:
            self._drop(lambda one: one.is_relay and one.endpoint != relay)
            self.candidates.setdefault(relay, Candidate(relay)).is_relay = True

    def _drop(self, goes: Callable[[Candidate], bool]) -> None:
        for endpoint in [one.endpoint for one in self.candidates.values() if goes(one)]:
            if endpoint != self.chosen:
                del self.candidates[endpoint]

    def _ask_all(self, now: float) -> None:
        for candidate in self.candidates.values():
            self._try(candidate, now)

    @staticmethod
    def _try(candidate: Candidate, now: float) -> None:
        candidate.bursts = 0
        candidate.ask_at = min(candidate.ask_at, now)

    def _needs_asking(self, candidate: Candidate, now: float) -> bool:
        """Not the way in use while the other end asks by it, and nothing much goes there."""
        if self.decides or self.is_active or candidate.endpoint != self.chosen or candidate.tries:
            return True
        if now - candidate.heard_at > WATCH_IDLE + REPEAT * DEAD_AFTER:
            return True
        candidate.ask_at = candidate.heard_at + 2 * WATCH_IDLE
        return False

    def _ask(self, candidate: Candidate, now: float) -> list[Send]:
        is_used = candidate.endpoint == self.chosen
        if is_used and candidate.tries == DEAD_AFTER:
            self._died(candidate, now)
            return self._choice(now)
        nonce = self._new_nonce(candidate.endpoint, now)
        candidate.ask_at = now + self._pause(candidate, is_used)
        candidate.tries += 1
        if candidate.tries == 2:
            candidate.answers_since = math.inf
        return [Send(candidate.endpoint, Probe(Kind.ASK, nonce, is_lost=now < self._lost_until))]

    def _pause(self, candidate: Candidate, is_used: bool) -> float:
        if is_used and candidate.tries < DEAD_AFTER:
            return max(REPEAT, 2 * (candidate.rtt or 0.0))
        candidate.bursts += 1
        if candidate.bursts < len(BURST):
            return BURST[candidate.bursts - 1]
        return RETURN if candidate.hold and self.is_active and candidate.tries < RETURN_TRIES else math.inf

    def _new_nonce(self, endpoint: str, now: float) -> bytes:
        nonce = self.draw()
        self._asked[nonce] = _Asked(endpoint, now)
        return nonce

    def _is_asked(self, nonce: bytes, source: str) -> bool:
        asked = self._asked.get(nonce)
        return asked is not None and asked.endpoint == source

    def _forget(self, now: float) -> None:
        if len(self._asked) > _NONCES_MOST or any(now - one.at > _NONCE_SECONDS for one in self._asked.values()):
            kept = {nonce: one for nonce, one in self._asked.items() if now - one.at <= _NONCE_SECONDS}
            self._asked = dict(list(kept.items())[-_NONCES_MOST:])

    # --- answering and learning -------------------------------------------------------------------------------------

    def _heard(self, source: str, now: float) -> Candidate:
        candidate = self.candidates.get(source)
        if candidate is None:
            unnamed = sorted(
                (one for one in self.candidates.values() if not one.is_named and one.endpoint != self.chosen),
                key=lambda one: (one.answered_at, one.heard_at),
            )
            for one in unnamed[: max(0, len(unnamed) - HEARD_MOST + 1)]:
                del self.candidates[one.endpoint]
            candidate = self.candidates[source] = Candidate(source, is_named=False, ask_at=now)
        candidate.heard_at = now
        return candidate

    def _answer(self, candidate: Candidate, probe: Probe, now: float) -> list[Send]:
        cookie = cookie_for(self.secret, self.peer, candidate.endpoint, now)
        sends = [Send(candidate.endpoint, Probe(Kind.ANSWER, probe.nonce, cookie))]
        if now - candidate.answered_at > ALIVE:
            # It comes in by there: so the way out by there is worth asking, although it was given up.
            self._try(candidate, now)
        if probe.is_lost and self.in_use is not None:
            self.in_use.ask_at = min(self.in_use.ask_at, now)
        return sends

    def _answered(self, candidate: Candidate, probe: Probe, now: float) -> None:
        if not self._is_asked(probe.nonce, candidate.endpoint):
            return
        taken = now - self._asked.pop(probe.nonce).at
        candidate.rtt = taken if candidate.rtt is None else 0.7 * candidate.rtt + 0.3 * taken
        if candidate.answers_since == math.inf:
            candidate.answers_since = now
        candidate.answered_at, candidate.tries, candidate.cookie = now, 0, probe.cookie
        candidate.bursts = 0
        candidate.ask_at = now + self._watch(candidate, now)

    def _watch(self, candidate: Candidate, now: float) -> float:
        """Seconds until it is asked again."""
        if candidate.endpoint == self.chosen:
            if self.is_active:
                return WATCH_ACTIVE
            return WATCH_IDLE if self.decides else 2 * WATCH_IDLE
        if candidate.hold and now - candidate.answers_since < candidate.hold:
            return min(WATCH_ACTIVE, candidate.hold)
        return WATCH_IDLE if candidate.is_relay and self.is_active else math.inf

    # --- choosing ---------------------------------------------------------------------------------------------------

    def _died(self, candidate: Candidate, now: float) -> None:
        """The way in use gives no answer any more."""
        candidate.answers_since = math.inf
        candidate.hold = min(HOLD_MOST, max(HOLD_FIRST, candidate.hold * 2))
        self._meetings = 0
        self.meet_at = min(self.meet_at, now)
        self._lost_until = now + LOST_SECONDS
        candidate.tries += 1
        self._ask_all(now)

    def _choice(self, now: float) -> list[Send]:
        """Choose, where there is something better than what is in use."""
        best = self._best(now)
        if best is None or best.endpoint == self.chosen:
            return []
        used = self.in_use
        if not self.decides:
            # The end that follows goes ahead only where it would have no way at all.
            if used is None:
                self._alone_at = min(self._alone_at, now + FOLLOWS_AFTER)
            elif used.tries >= DEAD_AFTER:
                self._use(best, now)
            return []
        return self._choose(best, now) if used is None or self._is_better(best, used) else []

    def _go_ahead(self, now: float) -> None:
        self._alone_at = math.inf
        best = self._best(now)
        if self.in_use is None and best is not None:
            self._use(best, now)

    def _best(self, now: float) -> Candidate | None:
        good = [one for one in self.candidates.values() if one.is_good(now)]
        return min(good, key=rank, default=None)

    @staticmethod
    def _is_better(one: Candidate, used: Candidate) -> bool:
        if used.tries >= DEAD_AFTER or rank(one)[:2] < rank(used)[:2]:
            return True
        if rank(one)[:2] > rank(used)[:2] or one.rtt is None or used.rtt is None or one.family != used.family:
            # From one family to the other only for a reason: packets on their way would call WireGuard back.
            return False
        return one.rtt < used.rtt * GAIN and one.rtt < used.rtt - GAIN_LEAST

    def _choose(self, candidate: Candidate, now: float) -> list[Send]:
        self._use(candidate, now)
        self._choosing = CHOICE_REPEATS
        return self._repeat_choice(now)

    def _repeat_choice(self, now: float) -> list[Send]:
        candidate = self.in_use
        self._choosing -= 1
        self._choose_at = now + REPEAT if self._choosing > 0 else math.inf
        if candidate is None:
            return []
        nonce = self._new_nonce(candidate.endpoint, now)
        return [Send(candidate.endpoint, Probe(Kind.CHOOSE, nonce, candidate.cookie))]

    def _follow(self, candidate: Candidate, probe: Probe, now: float) -> list[Send]:
        if self.decides or not is_cookie(probe.cookie, self.secret, self.peer, candidate.endpoint, now):
            return []
        if self.chosen != candidate.endpoint:
            self._use(candidate, now)
        return [Send(candidate.endpoint, Probe(Kind.CHOSEN, probe.nonce))]

    def _use(self, candidate: Candidate, now: float) -> None:
        self.chosen = candidate.endpoint
        candidate.ask_at = min(candidate.ask_at, now + self._watch(candidate, now))
        self._plan_meeting(now)

    def _plan_meeting(self, now: float) -> None:
        used = self.in_use
        if used is None or used.tries >= DEAD_AFTER:
            self.meet_at = now + MEET_AFTER[min(self._meetings, len(MEET_AFTER) - 1)]
        elif used.is_relay:
            self.meet_at = now + (BETTER_ACTIVE if self.is_active else BETTER_IDLE)
        else:
            self.meet_at = math.inf
