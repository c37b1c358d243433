"""A person's keyring as a test wants it, and a configuration directory that is the test's."""

from __future__ import annotations

from pathlib import Path

import keyring
import keyring.core
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import NoKeyringError, PasswordDeleteError


class FakeKeyring(KeyringBackend):
    """Keeps secrets in memory; `is_there` and `is_forgetful` spoil it."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.is_there = True
        self.is_forgetful = False

    def set_password(self, service: str, username: str, password: str) -> None:
        """See KeyringBackend."""
        self._check()
        if not self.is_forgetful:
            self.kept[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        """See KeyringBackend."""
        self._check()
        return self.kept.get((service, username))

    def delete_password(self, service: str, username: str) -> None:
        """See KeyringBackend."""
        self._check()
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("not there")

    def _check(self) -> None:
        if not self.is_there:
            raise NoKeyringError("no keyring here")


def keyring_for(monkeypatch: pytest.MonkeyPatch, home: Path, *, is_there: bool) -> FakeKeyring:
    """Nothing of this test's keys goes to where the person who runs it keeps theirs."""
    made = FakeKeyring()
    made.is_there = is_there
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setattr(keyring.core, "_keyring_backend", made)
    assert keyring.get_keyring() is made
    return made
