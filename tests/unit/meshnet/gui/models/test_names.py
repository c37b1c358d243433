"""Names as a person types them."""

from __future__ import annotations

import pytest

from meshnet.gui.models import names


@pytest.mark.parametrize("text", ["laptop", "Großmutters Rechner", " 工作電腦 ", "x" * names.MOST])
def test_a_name_of_any_language_is_one(text: str) -> None:
    assert names.is_name(text)
    assert names.complaint(text) == ""


@pytest.mark.parametrize("text", ["x" * (names.MOST + 1), "a\nb", "a\u202eb"])
def test_what_the_daemon_would_refuse_is_none_and_the_reason_is_said(text: str) -> None:
    assert not names.is_name(text)
    assert "63" in names.complaint(text)


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_is_no_name_yet_and_nothing_to_complain_of(text: str) -> None:
    assert not names.is_name(text)
    assert names.complaint(text) == ""


def test_this_computer_is_called_by_its_host_name_without_the_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    class Info:
        name = "desk.example.org"

        @classmethod
        def machineHostName(cls) -> str:
            return cls.name

    monkeypatch.setattr(names, "QSysInfo", Info)
    assert names.own() == "desk"
    Info.name = ""
    assert names.own() == ""
