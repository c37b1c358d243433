"""Tables of pages, read so that tests hold the pages to what they say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def table_of(page: Path, columns: Sequence[str]) -> dict[str, dict[str, str]]:
    """The rows of the page's table with these columns (after the first), by the text of their first cell."""
    lines = page.read_text(encoding="utf-8").splitlines()
    head = next(at for at, line in enumerate(lines) if tuple(_cells(line)[1:]) == tuple(columns))
    rows: dict[str, dict[str, str]] = {}
    for line in lines[head + 2 :]:
        if not line.startswith("|"):
            break
        name, *cells = _cells(line)
        rows[name] = dict(zip(columns, cells, strict=True))
    return rows


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]
