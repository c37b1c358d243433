"""What front ends are shown, made from what the daemon knows."""

from __future__ import annotations

import datetime

from meshnet import __version__
from meshnet.core.devices import chain, last_exit
from meshnet.core.grants import Permission, granted_by
from meshnet.core.public import believable
from meshnet.core.records import Device
from meshnet.core.route import State
from meshnet.daemon.hosted import Hosted, is_fresh
from meshnet.daemon.model import Model
from meshnet.daemon.paths import Paths
from meshnet.daemon.routing import Routing
from meshnet.protocol.local import (
    Capability,
    CoordinatorStatus,
    DeviceView,
    Hop,
    HostedClient,
    Pause,
    Permissions,
    RouteStatus,
    Status,
    StoppedClient,
    ThisDevice,
)

_BUILT = frozenset({"linux", "fake"})
"""Systems whose network the daemon can change; on others it shows and manages the mesh."""
LISTED_MOST = 32
"""Clients told of one by one; a message has room for so many beside devices, and `clients` names all."""


def iso(seconds: float) -> str:
    """Unix time as ISO 8601 in UTC, to the second."""
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).isoformat().replace("+00:00", "Z")


def status(model: Model, routing: Routing, paths: Paths, hosted: Hosted) -> Status:
    """This device and its route."""
    problems = tuple(problem.message for problem in model.problems)
    able = _capabilities(model)
    if model.ledger is None or model.state.joined is None:
        return Status(state="not-joined", problems=problems, version=__version__, capabilities=able)
    known = model.names()
    hosting = _hosting(known, hosted)
    return Status(
        state=routing.shown,
        reason=routing.reason,
        explanation=routing.explanation,
        device=_this(model) if model.me in model.ledger.members else None,
        coordinator=CoordinatorStatus(model.coordinator.url, model.connected),
        route=_route(model, routing, paths),
        clients=tuple(sorted(client.name for client in hosting)),
        rx_bytes=sum(sight.rx_bytes for sight in model.sights.values()),
        tx_bytes=sum(sight.tx_bytes for sight in model.sights.values()),
        mesh=model.ledger.mesh_id,
        problems=problems,
        unconfirmed=unconfirmed(model),
        version=__version__,
        capabilities=able,
        public=model.whereabouts.public if model.connected else (),
        hosting=hosting[:LISTED_MOST],
        stopped=_stopped(model, known)[:LISTED_MOST],
        pause=_pause(model, known),
    )


def _capabilities(model: Model) -> tuple[str, ...]:
    """External devices are not linked yet; where the network cannot be changed, an app is still let in."""
    if model.platform not in _BUILT:
        return (Capability.PHONE,)
    return tuple(capability for capability in Capability if capability is not Capability.EXTERNAL)


def _hosting(known: dict[str, str], hosted: Hosted) -> tuple[HostedClient, ...]:
    return tuple(
        HostedClient(one.device.device, known[one.device.device], iso(one.since), one.rx_bytes, one.tx_bytes)
        for one in hosted.look()
    )


def _stopped(model: Model, known: dict[str, str]) -> tuple[StoppedClient, ...]:
    may = {device: term for device, term in model.stopped.items() if model.granted(device).routing}
    return tuple(StoppedClient(device, known[device], iso(term.until)) for device, term in sorted(may.items()))


def _pause(model: Model, known: dict[str, str]) -> Pause | None:
    paused = model.state.paused
    return None if paused is None else Pause(known.get(paused.host, "?"), paused.host, iso(paused.until))


def unconfirmed(model: Model) -> tuple[str, ...]:
    """Ids of the devices that an invite let in and nobody with the mesh key stands by yet."""
    ledger = model.mesh
    return tuple(device.device for device in ledger.active() if device.device not in ledger.confirmed)


def device_views(model: Model, routing: Routing, paths: Paths) -> list[DeviceView]:
    """All other devices, in the order of their ids."""
    if model.ledger is None:
        return []
    known = model.names()
    others = (device for device in model.ledger.active() if device.device != model.me)
    return [_view(model, routing, paths, device, known) for device in others]


def is_online(model: Model, device: Device) -> bool:
    """Connected to the coordinator, or a handshake within three minutes."""
    return (model.connected and device.device in model.online) or is_fresh(model, model.sight_of(device))


def _this(model: Model) -> ThisDevice:
    member = model.mesh.members[model.me]
    return ThisDevice(
        id=model.me,
        name=model.names().get(model.me, model.joined.name),
        address4=member.address4,
        address6=member.address6,
        platform=model.platform,
        can_host=model.cannot_host is None,
        cannot_host=model.cannot_host,
    )


def _route(model: Model, routing: Routing, paths: Paths) -> RouteStatus | None:
    host = routing.host or routing.choice
    if host is None or routing.state is State.IDLE:
        return None
    known = model.names()
    device, hosts = model.mesh.devices.get(host), chain(model.mesh, host)
    sight = model.sight_of(device) if device is not None else None
    fresh = routing.rtt is not None or is_fresh(model, sight)
    path = paths.kind(host) or ("direct" if fresh else "none")
    return RouteStatus(
        host=known.get(host, "?"),
        host_id=host,
        path=path,
        since=iso(routing.since),
        chain=tuple(known.get(step, "?") for step in hosts),
        rtt_ms=_milliseconds(routing.rtt),
        exit=last_exit(model.mesh, host),
        instead_of=known.get(model.state.instead_of, "?") if model.state.instead_of else None,
        hops=tuple(_hop(model, step, known) for step in hosts),
        public=_public(model, hosts),
        rx_bytes=sight.rx_bytes if sight else None,
        tx_bytes=sight.tx_bytes if sight else None,
    )


def _hop(model: Model, device: str, known: dict[str, str]) -> Hop:
    if device not in known:
        return Hop("?", None, False)
    return Hop(known[device], device, device == model.me or is_online(model, model.mesh.devices[device]))


def _public(model: Model, hosts: list[str]) -> tuple[str, ...]:
    """As the last host says, where it is one that this device knows and that is not routed further."""
    first, last = (model.mesh.devices.get(host) for host in (hosts[0], hosts[-1]))
    if first is None or last is None or last.route is not None or not model.mesh.is_member(last.device):
        return ()
    return believable(last.public, ipv6=first.ipv6)


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _view(model: Model, routing: Routing, paths: Paths, device: Device, known: dict[str, str]) -> DeviceView:
    member = model.mesh.members[device.device]
    sight = model.sight_of(device)
    return DeviceView(
        id=device.device,
        name=known[device.device],
        address4=member.address4,
        address6=member.address6,
        group="yours",
        owner=model.mesh.mesh_id,
        platform=device.platform,
        online=is_online(model, device),
        can_host=device.can_host,
        cannot_host=device.cannot_host,
        path=path_of(model, paths, device),
        rtt_ms=_milliseconds(routing.rtt if routing.host == device.device else paths.rtt(device.device)),
        last_handshake=iso(sight.last_handshake) if sight is not None and sight.last_handshake else None,
        grants=_shown(model.granted(device.device)),
        granted=_shown(granted_by(model.mesh, device.device, model.me)),
        route=None if device.route is None else known.get(device.route, "?"),
        exit=device.exit,
    )


def path_of(model: Model, paths: Paths, device: Device) -> str:
    """ "direct", "relay" or "none": by probes, and where they say nothing, by what a session that lives last came."""
    probed, sight = paths.kind(device.device), model.sight_of(device)
    if probed is not None:
        return probed
    if sight is None or not is_fresh(model, sight):
        return "none"
    return "relay" if sight.endpoint is not None and sight.endpoint == paths.relay_of(device.device) else "direct"


def _shown(permission: Permission) -> Permissions:
    return Permissions(permission.incoming, permission.routing, permission.lan)
