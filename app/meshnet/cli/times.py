"""Times as people type and read them."""

from __future__ import annotations

import datetime

import click

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: str) -> int:
    """ "24h" in seconds; BadParameter for what is no such time."""
    if not text[:-1].isdecimal() or text[-1:] not in _UNITS:
        raise click.BadParameter("a number and one of s, m, h, d, such as 24h", param_hint="--expires")
    return int(text[:-1]) * _UNITS[text[-1]]


def iso(moment: int) -> str:
    """Unix time as ISO 8601 in UTC."""
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
