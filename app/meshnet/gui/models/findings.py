"""What the doctor found, as the window shows it: a pure function of the daemon's findings."""

from __future__ import annotations

import re
from dataclasses import dataclass

from meshnet.gui.models import words
from meshnet.gui.models.language import translate
from meshnet.protocol.local import Finding, Findings, NatView

_COMMAND = re.compile(r"`([^`]+)`")
_ERROR = "error"


@dataclass(frozen=True, slots=True)
class Item:
    """One finding."""

    is_error: bool
    kind: str
    """The severity in a word."""
    message: str
    cure: str
    commands: tuple[str, ...]
    """What the cure tells to type, for copying; each once."""


def items(found: Findings) -> tuple[Item, ...]:
    """The findings, the grave ones first."""
    return tuple(_item(one) for one in sorted(found.findings, key=lambda one: one.severity != _ERROR))


def summary(found: Findings) -> str:
    """How much was found."""
    errors = sum(one.severity == _ERROR for one in found.findings)
    if not found.findings:
        return translate("Doctor", "All is well")
    if not errors:
        return translate("Doctor", "Worth knowing")
    if errors == 1:
        return translate("Doctor", "One thing needs your attention")
    return translate("Doctor", "{number} things need your attention").format(number=errors)


def nat_sentence(nat: NatView | None) -> str:
    """What is before this device, and whom it therefore meets; empty where that is not known yet."""
    if nat is None:
        return ""
    known = {
        "none": translate("Doctor", "This device meets every other one directly: no router translates its addresses."),
        "one-port": translate(
            "Doctor",
            "This device meets nearly every other one directly. With those behind a strict router it uses the relay.",
        ),
        "port-each": translate(
            "Doctor",
            "The router before this device is strict, so traffic with many devices takes the relay. A port forwarded "
            "by hand helps: forward it in the router, and enter the address in the settings, under “Hosting”.",
        ),
        "unknown": translate(
            "Doctor", "How other devices reach this one is not known: the coordinator cannot see where it is."
        ),
    }
    return known.get(nat.kind, words.plain(words.prose(nat.message)))


def _item(finding: Finding) -> Item:
    is_error = finding.severity == _ERROR
    commands = dict.fromkeys(words.plain(command) for command in _COMMAND.findall(finding.cure))
    message, cure = _words(finding)
    return Item(
        is_error=is_error,
        kind=translate("Doctor", "Problem") if is_error else translate("Doctor", "Worth knowing"),
        message=words.plain(words.prose(message)),
        cure=words.plain(words.prose(cure)),
        commands=tuple(commands),
    )


def _words(finding: Finding) -> tuple[str, str]:
    if finding.id == "udp-blocked":
        return (
            translate("Doctor", "The network that this device is in seems to let no UDP out."),
            translate("Doctor", "Ask whoever runs the network to let UDP out, or use another one."),
        )
    return finding.message, finding.cure
