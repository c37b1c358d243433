from __future__ import annotations

from pathlib import Path

from meshnet.core.trust import Ledger
from support.daemons import model_of
from support.situations import Household


def test_what_the_coordinator_calls_an_address_and_is_none_is_passed_over(tmp_path: Path) -> None:
    model = model_of(tmp_path, Household())
    for junk in ("", "not an address", "300.1.2.3", "81.2.69.10:1"):
        model.see_address(junk)
    assert model.seen_address is None
    model.see_address("81.2.69.10")
    assert model.own_record(1).candidates == (f"81.2.69.10:{model.state.listen_port}",)


def test_an_address_that_the_person_named_comes_first(tmp_path: Path) -> None:
    model = model_of(tmp_path, Household())
    model.see_address("81.2.69.10")
    model.state.settings = type(model.state.settings)(endpoint="5.6.7.8:4500")
    assert model.own_record(1).candidates == ("5.6.7.8:4500", f"81.2.69.10:{model.state.listen_port}")


def test_a_device_whose_records_are_lost_says_nothing(tmp_path: Path) -> None:
    model = model_of(tmp_path, Household())
    model.ledger = Ledger(model.mesh.mesh_key)
    assert not model.announce()
    assert model.state.outbox == []


def test_leaving_changes_the_keys_and_forgets_what_was_permitted(tmp_path: Path) -> None:
    home = Household()
    model = model_of(tmp_path, home)
    model.choose(home.nas.id, ("routing",), True)
    before = (model.me, model.wireguard_private)
    model.leave()
    assert model.me != before[0]
    assert model.wireguard_private != before[1]
    assert model.state.choices == {}
    assert model.state.joined is None
