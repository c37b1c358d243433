"""The shape of the tree that the tools rely on; an import law that cannot be written as a contract stands here."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (
    ROOT / "app" / "meshnet",
    ROOT / "platform" / "meshnet_platform",
    ROOT / "resources" / "meshnet_resources",
)
LINES_MAX = 400
LONGER: dict[str, str] = {}
"""Modules that may be longer (path from the root), each with its reason."""

MODULES = sorted(path for source in SOURCES for path in source.rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_three_packages_are_where_the_build_looks() -> None:
    assert [_name(source) for source in SOURCES if not (source / "__init__.py").is_file()] == []


@pytest.mark.parametrize("folder", ["app", "platform", "resources"])
def test_a_root_is_no_package(folder: str) -> None:
    """An __init__.py in platform/ would take the place of Python's own module of that name."""
    assert not (ROOT / folder / "__init__.py").exists()


def test_a_root_holds_its_package_and_nothing_else_to_import() -> None:
    packages = {source.name for source in SOURCES}
    found = {
        path.name
        for source in SOURCES
        for path in source.parent.iterdir()
        if path.suffix == ".py" or (path.is_dir() and any(path.rglob("*.py")))
    }
    assert found == packages


def test_tests_are_no_packages() -> None:
    """Otherwise two tests of the same file name would collide, and `tests` could be imported from the sources."""
    assert [_name(path) for path in (ROOT / "tests").rglob("__init__.py")] == []


def test_every_source_folder_is_a_package() -> None:
    assert [_name(path.parent) for path in MODULES if not (path.parent / "__init__.py").is_file()] == []


def test_typed_packages_say_so() -> None:
    assert [_name(source) for source in SOURCES if not (source / "py.typed").is_file()] == []


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_says_its_place_at_its_head(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_modules_are_short_enough_to_be_read() -> None:
    lengths = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    too_long = {name: lines for name, lines in lengths.items() if lines > LINES_MAX and name not in LONGER}
    assert too_long == {}


def test_no_exception_outlives_its_module() -> None:
    assert [name for name in LONGER if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("package", ["meshnet", "meshnet_platform"])
def test_the_test_of_a_module_lies_where_the_module_lies(package: str) -> None:
    source = next(path for path in SOURCES if path.name == package)
    places: dict[str, set[Path]] = {}
    for module in source.rglob("*.py"):
        places.setdefault(f"test_{module.name}", set()).add(module.parent.relative_to(source))
    mirror = ROOT / "tests" / "unit" / package
    astray = [
        _name(test)
        for test in mirror.rglob("test_*.py")
        if test.name in places and test.parent.relative_to(mirror) not in places[test.name]
    ]
    assert astray == []


def test_the_import_laws_name_modules_that_exist() -> None:
    """A contract about a folder that was renamed would hold for ever, and protect nothing."""
    folders = {"core", "protocol", "daemon", "coordinator", "cli", "gui"}
    assert {path.name for path in SOURCES[0].iterdir() if (path / "__init__.py").is_file()} == folders
