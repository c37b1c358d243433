"""Writes docs/route.md, the drawn state machine, from its table; `./dev docs` runs it, a test says if it is current."""

from __future__ import annotations

from pathlib import Path

from meshnet.core.route import SHOWN, TABLE, Effect, Event, State

PATH = Path(__file__).resolve().parents[2] / "docs" / "route.md"

_HEAD = """\
# The state machine of the route

<!-- Written by `./dev docs` from meshnet.core.route. Change it there. -->

Each arrow is an entry of the table in `app/meshnet/core/route.py`: the event, then the effects that the daemon carries
out. An event that has no arrow in a state changes nothing there.

```mermaid
stateDiagram-v2
    [*] --> idle
"""

_SHOWN = """\
```

What `meshnet status` calls each state:

| state | shown as |
|---|---|
"""


def _arrow(state: State, event: Event, after: State, effects: tuple[Effect, ...]) -> str:
    label = event.value + (f" / {', '.join(effect.value for effect in effects)}" if effects else "")
    return f"    {state.value} --> {after.value}: {label}\n"


def render() -> str:
    """The page."""
    arrows = [_arrow(state, event, after, effects) for (state, event), (after, effects) in TABLE.items()]
    rows = [f"| {state.value} | {SHOWN[state]} |\n" for state in State]
    return _HEAD + "".join(arrows) + _SHOWN + "".join(rows)


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8", newline="\n")
