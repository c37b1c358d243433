"""Moments in words."""

from __future__ import annotations

from PySide6.QtCore import QDate, QDateTime, QLocale, Qt, QTime

from meshnet.gui.models import moments

DAY = QDate(2026, 3, 4)
MOMENT = QDateTime(DAY, QTime(14, 5)).toUTC().toString(Qt.DateFormat.ISODate)


def test_today_only_the_time_is_said_and_otherwise_the_day_too() -> None:
    time = QLocale().toString(QTime(14, 5), QLocale.FormatType.ShortFormat)
    day = QLocale().toString(DAY, QLocale.FormatType.ShortFormat)
    assert moments.said(MOMENT, DAY) == time
    assert moments.said(MOMENT, DAY.addDays(1)) == f"{day}, {time}"


def test_what_is_no_moment_is_not_said() -> None:
    assert moments.said("") == ""
    assert moments.said("soon") == ""
