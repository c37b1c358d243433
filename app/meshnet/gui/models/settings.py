"""The settings of the daemon, as the window shows them: what can be chosen, what it means, what is wrong with a value.

What a value may be is the daemon's affair; the same check is made here, so that a person sees it while typing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meshnet.core.settings import Settings, changed
from meshnet.errors import Refusal
from meshnet.gui.models import words
from meshnet.gui.models.language import translate
from meshnet.gui.models.menu import in_order
from meshnet.gui.models.mesh import Snapshot

KILL_SWITCH, LOCAL_NETWORK, DNS = "kill-switch", "local-network", "dns"
FALLBACK, HOST_VPN_LOST, ENDPOINT = "fallback", "host-vpn-lost", "endpoint"
NONE = "none"
DNS_WORDS = ("host", "system")


@dataclass(frozen=True, slots=True)
class Option:
    """One of several values of a setting."""

    value: str
    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Backup:
    """A host that takes over, or may be made one."""

    word: str
    """What the daemon is told: the id, which stays when the device is renamed."""
    name: str


def kill_switch() -> tuple[Option, ...]:
    """What may happen to traffic while a wanted route carries nothing."""
    return (
        Option(
            "on",
            translate("Settings", "While a route is wanted"),
            translate("Settings", "If the route fails, nothing goes out beside it until it is back or you stop it."),
        ),
        Option(
            "always",
            translate("Settings", "From the start of the computer"),
            translate("Settings", "The same; and after a restart nothing goes out until the wanted route is up."),
        ),
        Option(
            "off",
            translate("Settings", "Off"),
            translate("Settings", "If the route fails, traffic may go out directly and show your own address."),
        ),
    )


def dns() -> tuple[Option, ...]:
    """Who answers names while routed; the last one stands for an address."""
    return (
        Option(
            "host",
            translate("Settings", "The host"),
            translate("Settings", "Nobody around you sees which names you look up."),
        ),
        Option(
            "system",
            translate("Settings", "This system's own"),
            translate("Settings", "For names that only your own name server knows; it sees what you look up."),
        ),
        Option(
            "",
            translate("Settings", "A name server of your choice"),
            translate("Settings", "It is asked through the host."),
        ),
    )


def host_vpn_lost() -> tuple[Option, ...]:
    """What becomes of those who route through this device when its own VPN drops."""
    return (
        Option(
            "stop",
            translate("Settings", "Stop those who route through it"),
            translate(
                "Settings",
                "Their traffic waits until the VPN is back; it never leaves by this device's own connection.",
            ),
        ),
        Option(
            "tell",
            translate("Settings", "Tell them and go on"),
            translate("Settings", "Their traffic leaves by this device's own connection, and their app says so."),
        ),
    )


def dns_problem(text: str) -> str:
    """What is wrong with the address of a name server; empty: nothing."""
    if text.strip() not in DNS_WORDS and _is_taken(DNS, text):
        return ""
    return translate("Settings", "This is no address. It looks like 9.9.9.9 or 2620:fe::fe.")


def endpoint_problem(text: str) -> str:
    """What is wrong with an address where others reach this device; empty: nothing."""
    if _is_taken(ENDPOINT, text):
        return ""
    return translate(
        "Settings", "Others cannot reach a device at this. It looks like 203.0.113.7 or 203.0.113.7:51820."
    )


def _is_taken(key: str, text: str) -> bool:
    try:
        changed(Settings(), key, text)
    except Refusal:
        return False
    return True


def backups(mesh: Snapshot) -> tuple[Backup, ...]:
    """The hosts that take over, in their order; one that is no longer there stays under the word it is known by."""
    value = mesh.settings.get(FALLBACK, NONE)
    words_given = [] if value in ("", NONE) else value.split(",")
    return tuple(_backup(mesh, word) for word in words_given)


def possible_backups(mesh: Snapshot, taken: Sequence[Backup]) -> tuple[Backup, ...]:
    """The hosts that may be added."""
    there = {backup.word for backup in taken}
    hosts = [device for device in in_order(mesh.devices.values()) if device.can_host and device.granted.routing]
    return tuple(Backup(host.id, words.short(host.name)) for host in hosts if host.id not in there)


def fallback_value(chosen: Sequence[Backup]) -> str:
    """The setting for these hosts."""
    return ",".join(backup.word for backup in chosen) or NONE


def _backup(mesh: Snapshot, word: str) -> Backup:
    found = [device for device in mesh.devices.values() if word in (device.id, device.name)]
    if len(found) == 1:
        return Backup(found[0].id, words.short(found[0].name))
    return Backup(word, words.short(word))
