"""Each promise of docs/paths.md about what others can do names a test that there is."""

from __future__ import annotations

import re
from pathlib import Path

from support.pages import table_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/paths.md"
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_every_row_names_tests_that_there_are() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    head = lines.index("| who | tries | what comes of it | test |")
    rows = lines[head + 2 : lines.index("", head)]
    assert table_of(PAGE, ("tries", "what comes of it", "test"))
    assert [row for row in rows if not _TEST.search(row)] == []
    named = [found for row in rows for found in _TEST.findall(row)]
    missing = [f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text("utf-8")]
    assert missing == []
