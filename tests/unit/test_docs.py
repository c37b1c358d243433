"""Pages and papers that are made from something else say what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from meshnet.core.route import WANTED, State
from support import errors_page, route_page
from support.pages import table_of

ROOT = Path(__file__).resolve().parents[2]


def _names_of_locked(path: Path) -> list[str]:
    return re.findall(r"^([a-z0-9][a-z0-9._-]*)==", path.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_page_of_errors_is_current() -> None:
    assert errors_page.PATH.read_text(encoding="utf-8") == errors_page.render(), "run `./dev docs`"


def test_the_page_of_the_route_is_current() -> None:
    assert route_page.PATH.read_text(encoding="utf-8") == route_page.render(), "run `./dev docs`"


def test_every_package_that_is_shipped_is_in_the_notices() -> None:
    notices = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8").lower()
    missing = [name for name in _names_of_locked(ROOT / "requirements" / "runtime.txt") if f"| {name} |" not in notices]
    assert missing == []


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt"])
def test_a_lock_names_no_server(name: str) -> None:
    assert "://" not in (ROOT / "requirements" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt"])
def test_a_lock_has_a_hash_for_every_package(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert [block.split("==")[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_links_between_the_papers_lead_somewhere() -> None:
    papers = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [f"{paper.name}: {target}" for paper in papers for target in _targets(paper) if not target.exists()]
    assert broken == []


def _targets(paper: Path) -> list[Path]:
    links = re.findall(r"\]\(([^)#\s]+)", paper.read_text(encoding="utf-8"))
    return [paper.parent / link for link in links if "://" not in link and not link.startswith("mailto:")]


def test_every_promise_names_a_test_that_there_is() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs/security.md").read_text(encoding="utf-8"))
    assert named
    missing = [f"{path}::{name}" for path, name in named if not _is_test(ROOT / path, name)]
    assert missing == []


def test_the_table_of_what_is_let_through_knows_every_state_of_the_route() -> None:
    columns = ("programs", "containers", "names", "peers", "local network", "daemon", "WireGuard")
    rows = table_of(ROOT / "docs/security.md", columns)
    named = [name for row in rows for name in row.split(", ") if name in set(State)]
    assert sorted(named) == sorted(State)
    for row, cells in rows.items():
        if set(row.split(", ")) & WANTED:
            assert "open" not in cells.values(), row


def _is_test(path: Path, name: str) -> bool:
    return path.is_file() and (not name or f"def {name}(" in path.read_text(encoding="utf-8"))
