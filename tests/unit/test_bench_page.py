"""The page of benchmarks, written from made-up numbers."""

from __future__ import annotations

import pytest

from bench.crowds import changes
from bench.page import Aim, Of, Page, Row, Samples, Section, Unit, cell, render, spliced, table
from bench.starting import imports

FAST = Samples((0.1, 0.12, 0.15))
SLOW = Samples((0.25, 0.3, 0.31))
NOTHING = Aim("0", Of.MEASURED, most=0)
UNDER_200 = Aim("under 200 ms", Of.MEASURED, most=0.2)
NEARLY_ALL = Aim("at least 0.97 of it", Of.RATIO, least=0.97)
NOT_MUCH_MORE = Aim("less than 100 ms over it", Of.DIFFERENCE, most=0.1)


def page(*rows: Row, after: str = "", is_quick: bool = False) -> str:
    section = Section("Switching", "What was done.", "by hand", rows, after)
    return render(Page((("kernel", "Linux 6.18"),), (section,), is_quick))


def test_a_cell_gives_median_spread_and_number_of_runs() -> None:
    assert cell(FAST, Unit.MILLISECONDS) == "120 ms (100 … 150; 3)"
    assert cell(Samples((6.4e8, 6.6e8)), Unit.MEGABITS) == "650 Mbit/s (640 … 660; 2)"
    assert cell(Samples((0.0042,)), Unit.MILLISECONDS) == "4.2 ms (4.2 … 4.2; 1)"
    assert cell(Samples((7.0,)), Unit.NUMBER) == "7 (7 … 7; 1)"
    assert cell(Samples((53.2e6,)), Unit.MEGABYTES) == "53 MB (53 … 53; 1)"
    assert cell(Samples((0.0017, 0.12)), Unit.PERCENT) == "6.08 % (0.17 … 12.0; 2)"


def test_what_was_not_measured_is_not_a_number() -> None:
    assert cell(Samples(()), Unit.MILLISECONDS) == "not measured"


def test_a_row_stands_beside_its_reference() -> None:
    text = page(Row("`meshnet route`", FAST, Samples((0.04,)), aim=UNDER_200))
    head = "|  | aim | measured | by hand | ratio |"
    assert head in text
    assert "| `meshnet route` | under 200 ms: met | 120 ms (100 … 150; 3) | 40 ms (40 … 40; 1) | 3.00 |" in text


def test_a_row_without_aim_and_reference_says_so() -> None:
    assert "| a switch | – | 300 ms (250 … 310; 3) | – | – |" in page(Row("a switch", SLOW))


def test_beside_nothing_there_is_no_ratio() -> None:
    text = page(Row("packets lost", Samples((1.0,)), Samples((0.0,)), Unit.NUMBER))
    assert "| packets lost | – | 1 (1 … 1; 1) | 0 (0 … 0; 1) | – |" in text


@pytest.mark.parametrize(
    ("row", "missed"),
    [
        (Row("a", FAST, aim=UNDER_200), False),
        (Row("a", SLOW, aim=UNDER_200), True),
        (Row("a", Samples((0.97,)), Samples((1.0,)), aim=NEARLY_ALL), False),
        (Row("a", Samples((0.96,)), Samples((1.0,)), aim=NEARLY_ALL), True),
        (Row("a", SLOW, Samples((0.21,)), aim=NOT_MUCH_MORE), False),
        (Row("a", SLOW, Samples((0.01,)), aim=NOT_MUCH_MORE), True),
        (Row("a", Samples(()), aim=UNDER_200), True),
        (Row("a", Samples((0.0, 0.0, 2.0)), Samples((0.0,)), aim=NOTHING), False),
        (Row("a", Samples((0.0, 1.0, 1.0)), Samples((0.0,)), aim=NOTHING), True),
        (Row("a", SLOW), False),
    ],
)
def test_an_aim_is_missed_by_the_median(row: Row, missed: bool) -> None:
    assert row.is_missed is missed


def test_what_was_missed_stands_at_the_end_with_its_reason() -> None:
    text = page(
        Row("slow", SLOW, Samples((0.05,)), aim=UNDER_200, why="Because."), Row("fast", FAST, aim=UNDER_200, why="No.")
    )
    last = text.split("## What was missed, and why\n\n")[1]
    assert last == "- **slow**: the aim is under 200 ms; measured were 300 ms beside 50 ms. Because.\n"


def test_a_page_without_a_miss_says_so() -> None:
    assert page(Row("fast", FAST, aim=UNDER_200)).endswith("Nothing: every aim on this page was met.\n")


def test_the_machine_is_named() -> None:
    assert "| kernel | Linux 6.18 |" in page()


def test_a_quick_run_warns_its_reader() -> None:
    assert "quick run" in page(is_quick=True)
    assert "quick run" not in page()


def test_tables_of_words_follow_the_rows() -> None:
    text = page(Row("fast", FAST), after=table(("tool", "times"), [("`wg show`", "2")]))
    assert text.index("| fast |") < text.index("| tool | times |\n| --- | --- |\n| `wg show` | 2 |\n")


def test_the_page_ends_with_one_newline() -> None:
    for text in (page(Row("slow", SLOW, aim=UNDER_200)), page()):
        assert text.endswith("\n")
        assert not text.endswith("\n\n")


def test_imports_are_added_up_by_package_without_what_they_import() -> None:
    told = (
        "import time: self [us] | cumulative | imported package\n"
        "import time:      1000 |       1000 |     click.types\n"
        "import time:      2000 |       3000 |   click\n"
        "import time:       500 |        500 |   inspect\n"
        "import time:       100 |       3600 | meshnet.cli.main\n"
    )
    assert imports(told) == (("click", 0.003), ("the standard library", 0.0005), ("meshnet", 0.0001))


def test_what_the_kernel_says_of_a_set_is_found_by_verb_and_address() -> None:
    told = [
        "10.5 add element inet meshnet mesh4 { 100.64.1.0 }",
        "11.5 add element inet meshnet routing4 { 100.64.1.0 }",
        "12.5 add element inet meshnet routing4 { 100.64.1.00, 100.64.1.1 }",
        "13.5 delete element inet meshnet routing4 { 100.64.1.1, 100.64.1.0 }",
        "# new generation 7 by process 11 (nft)",
    ]
    assert changes(told, "add", "100.64.1.0") == [11.5]
    assert changes(told, "delete", "100.64.1.0") == [13.5]


def _section_of(title: str, milliseconds: float) -> Section:
    aim = Aim("under 100 ms", Of.MEASURED, most=0.1)
    row = Row(f"{title} time", Samples((milliseconds / 1000,)), aim=aim, why="It is slow.")
    return Section(title, f"About {title}.", rows=(row,))


def test_some_sections_are_measured_anew_and_the_rest_of_the_page_stays() -> None:
    sections = tuple(_section_of(title, 50) for title in ("First", "Second", "Third"))
    old, fresh = Page((("cores", "2"),), sections), _section_of("Second", 300)
    wanted = Page((("cores", "2"),), (sections[0], fresh, sections[2]))
    assert spliced(render(old), [fresh]) == render(wanted)
    assert spliced(render(wanted), [sections[1]]) == render(old)


def test_a_section_that_is_new_comes_behind_the_others_and_its_miss_behind_theirs() -> None:
    first, last = _section_of("First", 300), _section_of("Last", 400)
    page = Page((("cores", "2"),), (first,))
    assert spliced(render(page), [last]) == render(Page((("cores", "2"),), (first, last)))
