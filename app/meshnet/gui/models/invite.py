"""What adding a device offers: how long a link holds, and which hosts a phone can use."""

from __future__ import annotations

from typing import NamedTuple

from meshnet.gui.models import moments, words
from meshnet.gui.models.language import translate
from meshnet.gui.models.mesh import Snapshot
from meshnet.protocol.local import Capability, DeviceView, Invitation, PhoneAdded

_HOUR, _DAY, _WEEK = 3600, 86_400, 604_800
USUAL_EXPIRY = 1
"""Which of the expiries is chosen at first."""


class Host(NamedTuple):
    """A host that a phone can use."""

    id: str
    name: str


def expiries() -> tuple[tuple[int, str], ...]:
    """Seconds, and in words."""
    return (
        (_HOUR, translate("Invite", "1 hour")),
        (_DAY, translate("Invite", "1 day")),
        (_WEEK, translate("Invite", "7 days")),
    )


def hosts(mesh: Snapshot) -> tuple[Host, ...]:
    """This device first, if it can host; then the others of the mesh, by their names."""
    own = mesh.status.device
    here = (Host(own.id, _called_here(own.name)),) if own is not None and own.can_host else ()
    others = sorted(filter(_hosts, mesh.devices.values()), key=lambda device: device.name.casefold())
    return here + tuple(Host(device.id, words.short(device.name)) for device in others)


def can_add_phone(mesh: Snapshot) -> bool:
    """Whether there is anything for a phone to route through."""
    return mesh.can(Capability.PHONE) and bool(hosts(mesh))


def until(invitation: Invitation) -> str:
    """What the link does, and for how long."""
    moment = moments.said(invitation.expires)
    if not moment:
        return translate("Invite", "The link lets one device in.")
    return translate("Invite", "The link lets one device in, until {moment}.").format(moment=moment)


def joined(names: list[str]) -> str:
    """Who came in while the link was shown; empty for nobody."""
    if not names:
        return ""
    return translate("Invite", "{device} has joined your mesh.").format(device=words.short(names[-1]))


def phone_next(added: PhoneAdded) -> str:
    """What is left to do for the phone to route."""
    if added.is_own_host:
        return translate("Invite", "{phone} may route through this device.").format(phone=words.short(added.name))
    text = translate(
        "Invite", "{host} must allow {phone} to route: tick “Allow routing” there, if it is not ticked yet."
    )
    return text.format(host=words.short(added.host), phone=words.short(added.name))


def _called_here(name: str) -> str:
    return translate("Invite", "{device} (this device)").format(device=words.short(name))


def _hosts(device: DeviceView) -> bool:
    return device.group == "yours" and device.can_host
