from __future__ import annotations

from meshnet_platform.linux.ruleset import SETS, Ruleset, removal, transaction


def rules(text: str = "  chain input {\n  }\n", **members: str) -> Ruleset:
    return Ruleset(text, {name: frozenset(value.split()) for name, value in members.items()})


def test_nothing_is_done_where_nothing_differs() -> None:
    assert transaction(rules(routing4="100.64.0.2"), rules(routing4="100.64.0.2")) == ""


def test_a_grant_is_one_element() -> None:
    text = transaction(rules(routing4="100.64.0.2"), rules(routing4="100.64.0.2 100.64.0.3"))
    assert text == "add element inet meshnet routing4 { 100.64.0.3 }\n"


def test_a_revocation_is_one_element() -> None:
    text = transaction(rules(routing6="fd00::2"), rules())
    assert text == "delete element inet meshnet routing6 { fd00::2 }\n"


def test_other_rules_replace_the_old_ones_without_deleting_the_table() -> None:
    text = transaction(rules(), rules("  chain other {\n  }\n", mesh4="100.64.0.2"))
    assert text.startswith("add table inet meshnet\nflush table inet meshnet\ntable inet meshnet {\n")
    assert "delete" not in text
    assert "flush set inet meshnet lan4\nflush set inet meshnet lan6\n" in text
    assert text.endswith("flush map inet meshnet alias_ports\n")
    assert "flush set inet meshnet mesh4\nadd element inet meshnet mesh4 { 100.64.0.2 }\n" in text


def test_sets_that_another_daemon_left_are_emptied() -> None:
    text = transaction(None, rules())
    assert all(f"flush set inet meshnet {name}{family}\n" in text for name in SETS for family in "46")


def test_the_table_can_be_taken_away_whether_it_is_there_or_not() -> None:
    assert removal() == "add table inet meshnet\ndelete table inet meshnet\n"
