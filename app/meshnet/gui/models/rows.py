"""The devices as the window lists them: a pure function of the snapshot."""

from __future__ import annotations

from dataclasses import dataclass

from meshnet.gui.models import words
from meshnet.gui.models.menu import Choice, Verb, in_order
from meshnet.gui.models.mesh import Snapshot
from meshnet.protocol.local import DeviceView


@dataclass(frozen=True, slots=True)
class Tick:
    """A checkbox."""

    checked: bool
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One device in the window."""

    id: str
    name: str
    online: bool
    presence: str
    addresses: str
    permits: str
    remark: str
    """What the person should know beyond that; may be empty."""
    routing: Tick
    lan: Tick
    button: str
    """ "Route", "Stop routing", or empty where this device is no host."""
    choice: Choice | None
    """What the button does; None greys it."""
    why_not: str
    """Why the button is greyed, beyond what `presence` says."""


def rows(mesh: Snapshot, group: str) -> tuple[Row, ...]:
    """The devices of a group ("yours" or "external"), in their order."""
    return tuple(_row(mesh, device) for device in in_order(mesh.devices.values()) if device.group == group)


def _row(mesh: Snapshot, device: DeviceView) -> Row:
    active = mesh.status.route is not None and mesh.status.route.host_id == device.id
    reason = words.why_not(device)
    routing = mesh.asked.get((device.id, "routing"), device.grants.routing)
    return Row(
        id=device.id,
        name=words.plain(device.name),
        online=device.online,
        presence=words.presence(device),
        addresses="   ".join(filter(None, (device.address4, device.address6))),
        permits=words.permits(device.granted),
        remark=_remark(mesh, device),
        routing=Tick(routing),
        # What was granted stays ticked while greyed: it counts again as soon as routing is allowed.
        lan=Tick(mesh.asked.get((device.id, "lan"), device.grants.lan), enabled=routing),
        button=("Stop routing" if active else "Route") if device.can_host or active else "",
        choice=Choice(Verb.STOP) if active else None if reason else Choice(Verb.ROUTE, device.id),
        why_not="" if active or not device.online else reason,
    )


def _remark(mesh: Snapshot, device: DeviceView) -> str:
    if device.id in mesh.status.unconfirmed:
        return "Joined by an invite and not confirmed yet"
    if device.name in mesh.status.clients:
        return "Routes through this device now"
    return ""
