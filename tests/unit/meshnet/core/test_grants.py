import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshnet.core.grants import KINDS, NOTHING, Choice, Permission, chosen, granted_by, permitted
from meshnet.core.settings import Settings
from meshnet.errors import Code, Refusal
from support.situations import Household

ALL = Permission(True, True, True)
TO_OWN = Settings(own_devices=("routing", "lan"))


def test_devices_of_the_mesh_may_open_connections_and_nothing_else() -> None:
    home = Household()
    assert permitted(home.ledger, {}, Settings(), home.nas.id) == Permission(incoming=True)


def test_what_is_granted_to_all_own_devices_waits_for_the_confirmation() -> None:
    home = Household()
    assert permitted(home.ledger, {}, TO_OWN, home.nas.id) == ALL
    assert permitted(home.ledger, {}, TO_OWN, home.guest.id) == NOTHING
    home.ledger.accept(home.mesh.confirmation(home.guest))
    assert permitted(home.ledger, {}, TO_OWN, home.guest.id) == ALL


def test_a_choice_for_the_very_device_counts_at_once() -> None:
    home = Household()
    assert permitted(home.ledger, {home.guest.id: Choice(routing=True)}, Settings(), home.guest.id) == Permission(
        routing=True
    )


def test_what_is_denied_to_one_device_is_not_granted_to_it_with_all() -> None:
    home = Household()
    denied = {home.nas.id: Choice(incoming=False, routing=False)}
    assert permitted(home.ledger, denied, TO_OWN, home.nas.id) == Permission(lan=True)


def test_a_removed_device_and_a_stranger_are_permitted_nothing() -> None:
    home = Household()
    home.ledger.accept(home.mesh.removal(home.nas))
    for device in (home.nas.id, "a" * 26):
        assert permitted(home.ledger, {device: Choice(True, True, True)}, TO_OWN, device) == NOTHING


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.booleans()), max_size=9))
def test_the_last_choice_of_a_kind_holds_and_the_others_stay(steps: list[tuple[str, bool]]) -> None:
    choice, last = Choice(), dict[str, bool]()
    for kind, allowed in steps:
        choice = chosen(choice, (kind,), allowed)
        last[kind] = allowed
    assert {kind: getattr(choice, kind) for kind in KINDS} == {kind: last.get(kind) for kind in KINDS}


@pytest.mark.parametrize("kind", ["", "Routing", "everything", "__class__"])
def test_a_grant_that_there_is_not_is_refused_by_name(kind: str) -> None:
    with pytest.raises(Refusal) as refused:
        chosen(Choice(), ("routing", kind), True)
    assert refused.value.code is Code.INVALID_SETTING


def test_what_a_peer_says_it_permits_counts_while_it_is_a_member() -> None:
    home = Household()
    home.ledger.accept(home.mesh.grants(home.nas, home.laptop, routing=True))
    assert granted_by(home.ledger, home.nas.id, home.laptop.id) == Permission(incoming=True, routing=True)
    assert granted_by(home.ledger, home.nas.id, home.phone.id) == NOTHING
    home.ledger.accept(home.mesh.removal(home.nas))
    assert granted_by(home.ledger, home.nas.id, home.laptop.id) == NOTHING
