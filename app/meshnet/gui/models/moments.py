"""Moments in time as people say them: in their own time zone and the way their locale writes them."""

from __future__ import annotations

from PySide6.QtCore import QDate, QDateTime, QLocale, Qt

from meshnet.gui.models.language import translate


def said(moment: str, today: QDate | None = None) -> str:
    """A moment in ISO 8601 as "14:05", or with its day where that is not today; empty where it is none."""
    when = QDateTime.fromString(moment, Qt.DateFormat.ISODateWithMs).toLocalTime()
    if not when.isValid():
        return ""
    time = QLocale().toString(when.time(), QLocale.FormatType.ShortFormat)
    if when.date() == (today or QDate.currentDate()):
        return time
    day = QLocale().toString(when.date(), QLocale.FormatType.ShortFormat)
    return translate("Moments", "{day}, {time}").format(day=day, time=time)
