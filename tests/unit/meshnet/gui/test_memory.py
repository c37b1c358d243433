"""What the app keeps between two starts."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings

from meshnet.gui.memory import MOST_RECENT, Memory


def reopened(settings: QSettings) -> Memory:
    """The same file, read by another start of the app."""
    settings.sync()
    return Memory(QSettings(settings.fileName(), QSettings.Format.IniFormat))


def test_a_first_start_has_the_usual_choices(settings: QSettings) -> None:
    memory = Memory(settings)
    assert (memory.favourites, memory.recent, memory.language, memory.appearance) == (frozenset(), (), "", "")
    assert memory.tells_of_clients
    assert memory.geometry.isEmpty()


def test_what_was_chosen_is_there_at_the_next_start(settings: QSettings) -> None:
    memory = Memory(settings)
    memory.favourites = frozenset({"b" * 26, "a" * 26})
    memory.language, memory.appearance, memory.tells_of_clients = "de", "dark", False
    memory.geometry = QByteArray(b"somewhere")
    again = reopened(settings)
    assert again.favourites == {"a" * 26, "b" * 26}
    assert (again.language, again.appearance, again.tells_of_clients) == ("de", "dark", False)
    assert again.geometry == b"somewhere"


def test_no_favourite_is_left_when_the_last_one_is_taken_back(settings: QSettings) -> None:
    memory = Memory(settings)
    memory.favourites = frozenset({"a" * 26})
    memory.favourites = frozenset()
    assert reopened(settings).favourites == frozenset()


def test_the_hosts_used_last_come_first_once_each_and_only_a_few(settings: QSettings) -> None:
    memory = Memory(settings)
    for number in (1, 2, 3, 1, 4, 5, 6):
        memory.used(f"host{number}")
    assert memory.recent == ("host6", "host5", "host4", "host1", "host3")
    assert len(memory.recent) == MOST_RECENT


def test_what_is_nothing_of_the_kind_counts_as_not_there(settings: QSettings) -> None:
    for key in ("favourites", "recent", "language", "appearance", "tell-of-clients", "geometry"):
        settings.setValue(key, ["a", "b"])
    memory = Memory(settings)
    assert (memory.favourites, memory.recent, memory.language, memory.appearance) == (frozenset(), (), "", "")
    assert memory.tells_of_clients
    assert memory.geometry.isEmpty()
