"""Devices as people name and see them: unique names, and who is meant by a word."""

from __future__ import annotations

from meshnet.core.grants import granted_by
from meshnet.core.records import Device
from meshnet.core.trust import Ledger
from meshnet.errors import Code, Refusal

MIN_ID_PART = 4


def names(ledger: Ledger) -> dict[str, str]:
    """The name of every member by id, made unique: whoever joined first keeps a name, others get "-2", "-3".

    Confirmed devices come before others: when a device joined is its own word, and an invite may have gone astray.
    """

    def turn(device: Device) -> tuple[bool, int, str]:
        return device.device not in ledger.confirmed, ledger.members[device.device].joined, device.device

    members = sorted(ledger.active(), key=turn)
    taken: set[str] = set()
    result: dict[str, str] = {}
    for device in members:
        result[device.device] = unique_name(device.name, taken)
        taken.add(result[device.device].casefold())
    return result


def unique_name(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken (compared without case, given case-folded)."""
    candidate, number = name, 1
    while candidate.casefold() in taken:
        number += 1
        suffix = f"-{number}"
        candidate = name[: 63 - len(suffix)] + suffix
    return candidate


def find(ledger: Ledger, me: str, word: str) -> Device:
    """The other device that is meant by its name, mesh address, id, or the beginning of its id.

    Refusal `unknown-device` or `ambiguous-device`. A device calls itself as it likes, so a whole id or an address
    goes before a name; a name goes before the beginning of an id.
    """
    others = [device for device in ledger.active() if device.device != me]
    word = word.strip()
    fixed = [d for d in others if word in _fixed_words(ledger, d.device)]
    if len(fixed) == 1:
        return fixed[0]
    known = names(ledger)
    exact = [d for d in others if known[d.device] == word] or [
        d for d in others if known[d.device].casefold() == word.casefold()
    ]
    by_id = [d for d in others if len(word) >= MIN_ID_PART and d.device.startswith(word)]
    found = fixed or exact or by_id
    if not found:
        raise Refusal(Code.UNKNOWN_DEVICE, f"No device is called `{word[:80]}`.")
    if len(found) > 1:
        which = ", ".join(sorted(f"{known[d.device]} ({d.device[:8]})" for d in found)[:5])
        raise Refusal(Code.AMBIGUOUS_DEVICE, f"`{word[:80]}` may be {which}.")
    return found[0]


def _fixed_words(ledger: Ledger, device: str) -> tuple[str, str, str]:
    member = ledger.members[device]
    return device, member.address4, member.address6


def chain(ledger: Ledger, host: str) -> list[str]:
    """Ids of the hosts in order, `host` first, as each announces its own route. Ends where one comes again."""
    found: list[str] = []
    step: str | None = host
    while step is not None and step not in found:
        found.append(step)
        device = ledger.devices.get(step) if ledger.is_member(step) else None
        step = device.route if device else None
    return found


def last_exit(ledger: Ledger, host: str) -> str:
    """By what traffic leaves the last host of the chain, as it announces it."""
    last = ledger.devices.get(chain(ledger, host)[-1])
    return last.exit if last else "line"


def gives_way(loop: list[str], me: str) -> bool:
    """Whether this device's route waits until the loop is gone. All in it agree on one without asking each other."""
    return min(loop) == me


def find_objection(ledger: Ledger, me: str, host: Device) -> Refusal | None:
    """What the records say against a route of `me` through `host`; None: nothing."""
    known = names(ledger)
    name = known[host.device]
    if not host.can_host:
        return Refusal(Code.CANNOT_HOST, f"{name} cannot host: {host.cannot_host or 'it gives no reason'}")
    if not granted_by(ledger, host.device, me).routing:
        return Refusal(Code.ROUTING_NOT_ALLOWED, f"{name} has not allowed routing.")
    loop = loop_through(ledger, me, host.device)
    if loop is not None:
        way = " → ".join(known.get(step, "?") for step in loop)
        return Refusal(Code.WOULD_LOOP, f"The way would lead back to this device: {way}.")
    return None


def loop_through(ledger: Ledger, me: str, host: str) -> list[str] | None:
    """The ids of the loop that a route of `me` through `host` would close, `me` at both ends; None: there is none."""
    hosts = chain(ledger, host)
    if me not in hosts:
        return None
    return [me, *hosts[: hosts.index(me)], me]
