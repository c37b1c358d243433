import itertools

from hypothesis import given
from hypothesis import strategies as st

from meshnet.core.route import PASSING, SHOWN, TABLE, WANTED, Effect, Event, State, step


def test_every_state_and_event_has_a_next_state() -> None:
    for state, event in itertools.product(State, Event):
        following, effects = step(state, event)
        assert following in State
        assert effects == () or (state, event) in TABLE


def test_stop_ends_a_route_from_every_state() -> None:
    assert all(step(state, Event.STOP)[0] is State.IDLE for state in State)


def test_a_route_that_never_came_up_leaves_everything_as_it_was() -> None:
    for before in (State.IDLE, State.ROUTING, State.BLOCKED):
        trying, _ = step(before, Event.CHOOSE)
        after, effects = step(trying, Event.UNREACHED)
        assert after is before
        assert Effect.APPLY not in effects


@given(st.lists(st.sampled_from(Event), max_size=40))
def test_only_stop_opens_what_a_wanted_route_closed(events: list[Event]) -> None:
    state = State.IDLE
    for event in events:
        before, (state, effects) = state, step(state, event)
        if before in WANTED and state not in WANTED:
            assert event is Event.STOP
        if (before in PASSING) != (state in PASSING):
            assert Effect.APPLY in effects


def test_every_state_has_a_word_for_people() -> None:
    assert set(SHOWN) == set(State)
