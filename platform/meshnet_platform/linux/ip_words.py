"""What all readers of ip(8) share: its lists in JSON, and how it leaves lengths out. Pure."""

from __future__ import annotations

import json
from typing import Any

from meshnet_platform.api import PlatformError


def entries(text: str) -> list[dict[str, Any]]:
    """The objects that `ip -j` printed. It prints nothing at all for some empty lists, and {} for what it filtered."""
    try:
        found = json.loads(text or "[]")
    except (ValueError, RecursionError) as error:
        raise _unreadable() from error
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise _unreadable()
    return [entry for entry in found if entry]


def _unreadable() -> PlatformError:
    return PlatformError("`ip` printed what this version of Meshnet cannot read.", "Check iproute2; update it.")


def with_length(target: str, length: int | None = None) -> str:
    """The prefix with its length, which ip(8) leaves out for a single address, and gives apart for rules."""
    if target == "default" or "/" in target:
        return target
    if length is None:
        length = 128 if ":" in target else 32
    return f"{target}/{length}"
