from __future__ import annotations

from meshnet.coordinator.ports import Allotment, Ends, Ports, ends_of


def given(ports: Ports, *ends: Ends, now: float = 0.0) -> list[Allotment]:
    found = [ports.take(each, now) for each in ends]
    return [allotment for allotment in found if allotment is not None]


def test_the_lower_id_comes_first_whoever_asks() -> None:
    assert ends_of("a", "b") == ends_of("b", "a") == ("a", "b")


def test_pairs_of_ports_begin_with_an_even_one_and_do_not_overlap() -> None:
    ports = Ports(range(20000, 20006))
    assert [each.port for each in given(ports, ("a", "b"), ("a", "c"), ("b", "c"))] == [20000, 20002, 20004]
    assert ports.take(("c", "d"), 0.0) is None


def test_what_is_given_back_is_given_out_after_what_was_free_before() -> None:
    ports = Ports(range(20000, 20006))
    first, _ = given(ports, ("a", "b"), ("a", "c"))
    ports.give_back(first)
    assert ports.get(("a", "b")) is None
    assert [each.port for each in given(ports, ("b", "c"), ("b", "d"))] == [20004, 20000]


def test_what_a_device_has_with_others_is_known() -> None:
    ports = Ports(range(20000, 20006))
    first, second, _ = given(ports, ("a", "b"), ("a", "c"), ("b", "c"))
    assert {each.port for each in ports.of("a")} == {20000, 20002}
    ports.give_back(first)
    assert ports.of("a") == [second]
    assert ports.of("nobody") == []


def test_the_pair_unused_longest_is_found_whatever_used_means() -> None:
    ports = Ports(range(20000, 20006))
    first, second, third = given(ports, ("a", "b"), ("a", "c"), ("b", "c"), now=1.0)
    ports.touch(first, 2.0)
    ports.touch_all({second.port, 29998}, 3.0)
    assert ports.unused_since(0.5) is None
    assert ports.unused_since(1.0) is third
    ports.give_back(third)
    assert ports.unused_since(9.0) is first


# --- lasting ones ---------------------------------------------------------------------------------------------------


def test_lasting_ports_are_never_the_unused_ones_whatever_is_told_of_them() -> None:
    ports = Ports(range(20000, 20006))
    lasting = ports.take_lasting(("a", "p"), "203.0.113.80", 0.0)
    assert lasting is not None
    (other,) = given(ports, ("a", "b"), now=5.0)
    ports.touch(lasting, 1.0)
    ports.touch_all([lasting.port], 2.0)
    assert ports.unused_since(99.0) is other
    assert ports.get(("a", "p")) is lasting
    assert ports.lasting == [lasting]
    assert ports.all() == [other, lasting]
    assert {each.port for each in ports.of("a")} == {20000, 20002}
    ports.give_back(lasting)
    assert (ports.lasting, ports.of("p")) == ([], [])
    assert [each.port for each in given(ports, ("b", "c"), ("b", "d"))] == [20004, 20000]


def test_lasting_ports_are_taken_again_by_their_number_unless_somebody_has_them() -> None:
    ports = Ports(range(20000, 20006))
    again = ports.take_lasting(("a", "p"), "203.0.113.80", 0.0, 20004)
    assert again is not None
    assert (again.port, again.side_of("a"), again.side_of("p")) == (20004, "203.0.113.80:20004", "203.0.113.80:20005")
    assert ports.take_lasting(("a", "q"), "203.0.113.80", 0.0, 20004) is None
    assert ports.take_lasting(("a", "q"), "203.0.113.80", 0.0, 30000) is None
    assert [each.port for each in given(ports, ("a", "b"), ("a", "c"), ("a", "d"))] == [20000, 20002]
    assert ports.take_lasting(("a", "q"), "203.0.113.80", 0.0) is None
