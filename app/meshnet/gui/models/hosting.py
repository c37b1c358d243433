"""This device as its own tab shows it: what it is, whether it hosts, and who routes through it.

Values, as functions of the snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass

from meshnet.gui.models import moments, words
from meshnet.gui.models.language import translate
from meshnet.gui.models.mesh import Snapshot
from meshnet.protocol.local import Capability, HostedClient, Status, StoppedClient


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to know about this device; `copied` is what a copy of it is, where one is of use."""

    key: str
    title: str
    text: str
    copied: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """A device that routes through this one, or (`stopped`) would if it were not stopped for now."""

    id: str
    name: str
    remark: str
    stopped: bool = False
    can_stop: bool = False
    can_revoke: bool = False


@dataclass(frozen=True, slots=True)
class Hosting:
    """All about hosting."""

    shown: bool = False
    verdict: str = ""
    able: bool = False
    can_share: bool = False
    shares_routing: bool = False
    shares_lan: bool = False
    clients: tuple[Client, ...] = ()
    empty: str = ""
    """What to say while there are no clients."""


def name(status: Status) -> str:
    """This device's name, whole."""
    return words.plain(status.device.name) if status.device else ""


def facts(mesh: Snapshot) -> tuple[Fact, ...]:
    """What there is to know, always in the same order, without a text where it is not known; none outside a mesh."""
    status, device = mesh.status, mesh.status.device
    if device is None:
        return ()
    public = "\n".join(words.plain(address) for address in status.public)
    return (
        Fact("address4", translate("ThisDevice", "IPv4 address"), device.address4, device.address4),
        Fact("address6", translate("ThisDevice", "IPv6 address"), device.address6, device.address6),
        Fact("public", translate("ThisDevice", "Public address"), public, public),
        Fact("system", translate("ThisDevice", "System"), words.system(device.platform)),
        Fact("mesh", translate("ThisDevice", "Mesh"), status.mesh or "", status.mesh or ""),
        Fact("coordinator", translate("ThisDevice", "Coordinator"), _coordinator(status)),
        Fact("version", translate("ThisDevice", "Version"), words.plain(status.version)),
    )


def hosting(mesh: Snapshot) -> Hosting:
    """Whether and for whom this device hosts."""
    status, device = mesh.status, mesh.status.device
    if device is None or not mesh.can(Capability.HOST):
        return Hosting()
    shared = mesh.own_devices.split(",")
    return Hosting(
        shown=True,
        verdict=_verdict(device.can_host, device.cannot_host),
        able=device.can_host,
        can_share=mesh.own_devices != "",
        shares_routing="routing" in shared,
        shares_lan="lan" in shared,
        clients=(*_clients(mesh), *(_stopped(mesh, client) for client in status.stopped)),
        empty=_nobody(shares="routing" in shared),
    )


def sharing(routing: bool, lan: bool) -> str:
    """The setting's value for these two ticks."""
    if not routing:
        return "none"
    return "routing,lan" if lan else "routing"


def _coordinator(status: Status) -> str:
    if status.coordinator is None:
        return ""
    places = {"url": words.plain(status.coordinator.url)}
    if status.coordinator.connected:
        return translate("ThisDevice", "Connected to {url}").format(**places)
    return translate(
        "ThisDevice", "{url} does not answer. Known devices keep working; new ones and changes wait."
    ).format(**places)


def _verdict(able: bool, reason: str | None) -> str:
    if able:
        return translate("ThisDevice", "This device can route the traffic of others.")
    if reason:
        text = translate("ThisDevice", "This device cannot route the traffic of others: {reason}")
        return text.format(reason=words.plain(words.prose(reason)))
    return translate("ThisDevice", "This device cannot route the traffic of others.")


def _nobody(*, shares: bool) -> str:
    if shares:
        return translate(
            "ThisDevice", "Nobody routes through this device now. Your devices may, whenever they want to."
        )
    return translate(
        "ThisDevice", "Nobody routes through this device. Allow it here for all your devices, or for one in its row."
    )


def _clients(mesh: Snapshot) -> tuple[Client, ...]:
    # A daemon that knows no more than the names tells no ids, and there is nothing to be done with such a client.
    nameless = tuple(HostedClient("", name, "", 0, 0) for name in mesh.status.clients)
    return tuple(_client(mesh, client) for client in mesh.status.hosting or nameless)


def _client(mesh: Snapshot, client: HostedClient) -> Client:
    return Client(
        client.id,
        words.plain(client.name),
        _so_far(client) if client.id else "",
        can_stop=bool(client.id) and mesh.can(Capability.STOP_CLIENT),
        can_revoke=bool(client.id) and mesh.asked.get((client.id, "routing"), True),
    )


def _so_far(client: HostedClient) -> str:
    # The daemon counts from its own side: what it received is what the client sent.
    places = {"received": _amount(client.tx_bytes), "sent": _amount(client.rx_bytes)}
    if since := moments.said(client.since):
        text = translate("ThisDevice", "since {time} · received {received}, sent {sent}")
        return text.format(time=since, **places)
    return translate("ThisDevice", "received {received}, sent {sent}").format(**places)


def _amount(count: int) -> str:
    # No line ends between a number and its unit.
    return words.amount(count).replace(" ", "\u00a0")


def _stopped(mesh: Snapshot, client: StoppedClient) -> Client:
    text = translate("ThisDevice", "stopped until {time}")
    return Client(
        client.id,
        words.plain(client.name),
        text.format(time=moments.said(client.until)),
        stopped=True,
        can_stop=mesh.can(Capability.STOP_CLIENT),
        can_revoke=mesh.asked.get((client.id, "routing"), True),
    )
