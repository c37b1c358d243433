"""The state machine of this device's route: one table, and nothing else decides.

Effects are values; `meshnet.daemon.routing` carries them out and feeds the outcome back as an event. While another
host is tried (SWITCHING), traffic goes on through the old one; while a blocked route looks for a new host (RESCUING),
it stays blocked. So a route that never came up leaves everything as it was.

A host that answers but carries nothing further (STALLED, ESCAPING) keeps the traffic all the same: it goes nowhere
else, and connections outlive a short failure of the host's line. After a pause, and after a restart of the daemon, a
route begins there: it is closed at once, and called routing when something came back through it.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where the route stands."""

    IDLE = "idle"
    CONNECTING = "connecting"
    ROUTING = "routing"
    SWITCHING = "switching"
    STALLED = "stalled"
    ESCAPING = "escaping"
    BLOCKED = "blocked"
    RESCUING = "rescuing"


class Event(StrEnum):
    """What can happen to it."""

    CHOOSE = "choose"
    """The person chose a host."""
    REACHED = "reached"
    """The host that was tried answered through the tunnel."""
    UNREACHED = "unreached"
    """It did not."""
    STALL = "stall"
    """The host in use answers, but nothing comes back from beyond it."""
    LOSE = "lose"
    """The host in use fails, or no longer permits."""
    RECOVER = "recover"
    """The host in use answers again, or carries again."""
    STOP = "stop"
    """The person stopped the route, or paused it."""
    RESUME = "resume"
    """A route that was paused is wanted again."""


class Effect(StrEnum):
    """What must be done then."""

    REACH = "reach"
    """Try the chosen host through the tunnel, without touching where traffic goes."""
    ADOPT = "adopt"
    """The chosen host becomes the one in use."""
    DROP_CHOICE = "drop-choice"
    FORGET = "forget"
    """No host is in use any more."""
    RETURN = "return"
    """The host that was in use before the pause is so again."""
    APPLY = "apply"
    """Make the system so."""


S, E, F = State, Event, Effect

TABLE: dict[tuple[State, Event], tuple[State, tuple[Effect, ...]]] = {
    (S.IDLE, E.CHOOSE): (S.CONNECTING, (F.REACH,)),
    (S.IDLE, E.STOP): (S.IDLE, ()),
    (S.IDLE, E.RESUME): (S.STALLED, (F.RETURN, F.APPLY)),
    (S.CONNECTING, E.CHOOSE): (S.CONNECTING, (F.REACH,)),
    (S.CONNECTING, E.REACHED): (S.ROUTING, (F.ADOPT, F.APPLY)),
    (S.CONNECTING, E.UNREACHED): (S.IDLE, (F.DROP_CHOICE,)),
    (S.CONNECTING, E.STOP): (S.IDLE, (F.DROP_CHOICE,)),
    (S.CONNECTING, E.RESUME): (S.ESCAPING, (F.RETURN, F.APPLY)),
    (S.ROUTING, E.CHOOSE): (S.SWITCHING, (F.REACH,)),
    (S.ROUTING, E.STALL): (S.STALLED, ()),
    (S.ROUTING, E.LOSE): (S.BLOCKED, (F.APPLY,)),
    (S.ROUTING, E.STOP): (S.IDLE, (F.FORGET, F.APPLY)),
    (S.SWITCHING, E.CHOOSE): (S.SWITCHING, (F.REACH,)),
    (S.SWITCHING, E.REACHED): (S.ROUTING, (F.ADOPT, F.APPLY)),
    (S.SWITCHING, E.UNREACHED): (S.ROUTING, (F.DROP_CHOICE,)),
    (S.SWITCHING, E.STALL): (S.ESCAPING, ()),
    (S.SWITCHING, E.LOSE): (S.RESCUING, (F.APPLY,)),
    (S.SWITCHING, E.STOP): (S.IDLE, (F.DROP_CHOICE, F.FORGET, F.APPLY)),
    (S.STALLED, E.CHOOSE): (S.ESCAPING, (F.REACH,)),
    (S.STALLED, E.RECOVER): (S.ROUTING, ()),
    (S.STALLED, E.LOSE): (S.BLOCKED, (F.APPLY,)),
    (S.STALLED, E.STOP): (S.IDLE, (F.FORGET, F.APPLY)),
    (S.ESCAPING, E.CHOOSE): (S.ESCAPING, (F.REACH,)),
    (S.ESCAPING, E.REACHED): (S.ROUTING, (F.ADOPT, F.APPLY)),
    (S.ESCAPING, E.UNREACHED): (S.STALLED, (F.DROP_CHOICE,)),
    (S.ESCAPING, E.RECOVER): (S.SWITCHING, ()),
    (S.ESCAPING, E.LOSE): (S.RESCUING, (F.APPLY,)),
    (S.ESCAPING, E.STOP): (S.IDLE, (F.DROP_CHOICE, F.FORGET, F.APPLY)),
    (S.BLOCKED, E.CHOOSE): (S.RESCUING, (F.REACH,)),
    (S.BLOCKED, E.RECOVER): (S.ROUTING, (F.APPLY,)),
    (S.BLOCKED, E.STOP): (S.IDLE, (F.FORGET, F.APPLY)),
    (S.RESCUING, E.CHOOSE): (S.RESCUING, (F.REACH,)),
    (S.RESCUING, E.REACHED): (S.ROUTING, (F.ADOPT, F.APPLY)),
    (S.RESCUING, E.UNREACHED): (S.BLOCKED, (F.DROP_CHOICE,)),
    (S.RESCUING, E.RECOVER): (S.SWITCHING, (F.APPLY,)),
    (S.RESCUING, E.STOP): (S.IDLE, (F.DROP_CHOICE, F.FORGET, F.APPLY)),
}

SHOWN: dict[State, str] = {
    S.IDLE: "idle",
    S.CONNECTING: "connecting",
    S.ROUTING: "routing",
    S.SWITCHING: "routing",
    S.STALLED: "blocked",
    S.ESCAPING: "blocked",
    S.BLOCKED: "blocked",
    S.RESCUING: "blocked",
}
"""What `status` calls each state."""

STALLING = frozenset({S.STALLED, S.ESCAPING})
"""States in which the host takes traffic, and nothing comes back from beyond it."""
PASSING = frozenset({S.ROUTING, S.SWITCHING}) | STALLING
"""States in which traffic flows to the host."""
TRYING_ANOTHER = frozenset({S.SWITCHING, S.ESCAPING})
"""States in which traffic flows to the host while another is tried."""
WANTED = PASSING | {S.BLOCKED, S.RESCUING}
"""States in which traffic flows through the host or not at all."""


def step(state: State, event: Event) -> tuple[State, tuple[Effect, ...]]:
    """The next state and what to do; an event that means nothing in a state changes nothing."""
    return TABLE.get((state, event), (state, ()))
