"""What the app keeps for the person between two starts: its own choices, none of the daemon's."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings

MOST_RECENT = 5


class Memory:
    """QSettings with types: what is there and is nothing of the kind counts as not there."""

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    @property
    def favourites(self) -> frozenset[str]:
        """Ids of hosts."""
        return frozenset(self._words("favourites"))

    @favourites.setter
    def favourites(self, ids: frozenset[str]) -> None:
        self._settings.setValue("favourites", " ".join(sorted(ids)))

    @property
    def recent(self) -> tuple[str, ...]:
        """Ids of hosts, the one used last first."""
        return self._words("recent")[:MOST_RECENT]

    def used(self, host: str) -> None:
        """This host (id) is being routed through."""
        rest = [one for one in self.recent if one != host]
        self._settings.setValue("recent", " ".join([host, *rest][:MOST_RECENT]))

    @property
    def language(self) -> str:
        """A code of two letters; empty: the system's."""
        return self._text("language")

    @language.setter
    def language(self, code: str) -> None:
        self._settings.setValue("language", code)

    @property
    def appearance(self) -> str:
        """ "light" or "dark"; empty: as the system has it."""
        return self._text("appearance")

    @appearance.setter
    def appearance(self, name: str) -> None:
        self._settings.setValue("appearance", name)

    @property
    def tells_of_clients(self) -> bool:
        """Whether there is a notification when somebody begins to route through this device."""
        return self._text("tell-of-clients") != "no"

    @tells_of_clients.setter
    def tells_of_clients(self, wanted: bool) -> None:
        self._settings.setValue("tell-of-clients", "yes" if wanted else "no")

    @property
    def geometry(self) -> QByteArray:
        """Size and place of the window."""
        value = self._settings.value("geometry")
        return value if isinstance(value, QByteArray) else QByteArray()

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._settings.setValue("geometry", value)

    def _text(self, key: str) -> str:
        value = self._settings.value(key)
        return value if isinstance(value, str) else ""

    def _words(self, key: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._text(key).split()))
