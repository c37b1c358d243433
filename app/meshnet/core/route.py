"""The state machine of this device's route: one table, and nothing else decides.

Effects are values; `meshnet.daemon.routing` carries them out and feeds the outcome back as an event. While another
host is tried (SWITCHING), traffic goes on through the old one; while a blocked route looks for a new host (RESCUING),
it stays blocked. So a route that never came up leaves everything as it was.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where the route stands."""

    IDLE = "idle"
    CONNECTING = "connecting"
    ROUTING = "routing"
    SWITCHING = "switching"
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
    LOSE = "lose"
    """The host in use fails, or no longer permits."""
    RECOVER = "recover"
    """The host in use answers again."""
    STOP = "stop"
    """The person stopped the route."""


class Effect(StrEnum):
    """What must be done then."""

    REACH = "reach"
    """Try the chosen host through the tunnel, without touching where traffic goes."""
    ADOPT = "adopt"
    """The chosen host becomes the one in use."""
    DROP_CHOICE = "drop-choice"
    FORGET = "forget"
    """No host is in use any more."""
    APPLY = "apply"
    """Make the system so."""


S, E, F = State, Event, Effect

TABLE: dict[tuple[State, Event], tuple[State, tuple[Effect, ...]]] = {
    (S.IDLE, E.CHOOSE): (S.CONNECTING, (F.REACH,)),
    (S.IDLE, E.STOP): (S.IDLE, ()),
    (S.CONNECTING, E.CHOOSE): (S.CONNECTING, (F.REACH,)),
    (S.CONNECTING, E.REACHED): (S.ROUTING, (F.ADOPT, F.APPLY)),
    (S.CONNECTING, E.UNREACHED): (S.IDLE, (F.DROP_CHOICE,)),
    (S.CONNECTING, E.STOP): (S.IDLE, (F.DROP_CHOICE,)),
    (S.ROUTING, E.CHOOSE): (S.SWITCHING, (F.REACH,)),
    (S.ROUTING, E.LOSE): (S.BLOCKED, (F.APPLY,)),
    (S.ROUTING, E.STOP): (S.IDLE, (F.FORGET, F.APPLY)),
    (S.SWITCHING, E.CHOOSE): (S.SWITCHING, (F.REACH,)),
    (S.SWITCHING, E.REACHED): (S.ROUTING, (F.ADOPT, F.APPLY)),
    (S.SWITCHING, E.UNREACHED): (S.ROUTING, (F.DROP_CHOICE,)),
    (S.SWITCHING, E.LOSE): (S.RESCUING, (F.APPLY,)),
    (S.SWITCHING, E.STOP): (S.IDLE, (F.DROP_CHOICE, F.FORGET, F.APPLY)),
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
    S.BLOCKED: "blocked",
    S.RESCUING: "blocked",
}
"""What `status` calls each state."""

PASSING = frozenset({S.ROUTING, S.SWITCHING})
"""States in which traffic flows through the host."""
WANTED = frozenset({S.ROUTING, S.SWITCHING, S.BLOCKED, S.RESCUING})
"""States in which traffic flows through the host or not at all."""


def step(state: State, event: Event) -> tuple[State, tuple[Effect, ...]]:
    """The next state and what to do; an event that means nothing in a state changes nothing."""
    return TABLE.get((state, event), (state, ()))
