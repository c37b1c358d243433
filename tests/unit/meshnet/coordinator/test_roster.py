from __future__ import annotations

from meshnet.coordinator.roster import Roster

Change = tuple[str, str | None, str | None]


def listened() -> tuple[Roster, list[Change]]:
    roster, told = Roster(), list[Change]()
    roster.on_change(lambda *change: told.append(change))
    return roster, told


def test_who_comes_changes_and_goes_is_told_once() -> None:
    roster, told = listened()
    roster.put("home", "a", "first")
    roster.put("home", "a", "first")
    roster.put("home", "a", "second")
    roster.remove("a")
    roster.remove("a")
    assert told == [("a", None, "first"), ("a", "first", "second"), ("a", "second", None)]


def test_a_device_is_found_by_its_key_of_now() -> None:
    roster, _ = listened()
    roster.put("home", "a", "first")
    roster.put("home", "a", "second")
    assert (roster.owner("first"), roster.owner("second"), roster.mesh_of("a")) == (None, "a", "home")
    assert list(roster.keys()) == ["second"]
    roster.remove("a")
    assert (roster.owner("second"), roster.mesh_of("a")) == (None, None)


def test_a_key_stays_with_the_device_that_had_it_first() -> None:
    roster, told = listened()
    roster.put("home", "a", "key")
    roster.put("other", "x", "key")
    assert roster.owner("key") == "a"
    assert roster.mesh_of("x") == "other"
    roster.remove("x")
    assert roster.owner("key") == "a"
    assert told == [("a", None, "key")]


def test_a_key_that_was_let_go_of_may_be_anothers() -> None:
    roster, _ = listened()
    roster.put("home", "a", "key")
    roster.put("home", "a", "new")
    roster.put("home", "b", "key")
    assert roster.owner("key") == "b"


def test_who_is_a_stock_app_is_known_by_its_own_last_word() -> None:
    roster, _ = listened()
    roster.put("home", "a", "key", "wireguard")
    assert roster.is_stock("a")
    roster.put("home", "a", "key", "linux")
    assert not roster.is_stock("a")
    roster.put("home", "a", "key", "wireguard")
    roster.remove("a")
    assert not roster.is_stock("a")
