"""What front ends are shown, made from what the daemon knows."""

from __future__ import annotations

import datetime

from meshnet.core.devices import chain, last_exit
from meshnet.core.grants import Permission, granted_by
from meshnet.core.plan import FRESH
from meshnet.core.records import STOCK, Device
from meshnet.core.route import State
from meshnet.daemon.model import Model
from meshnet.daemon.paths import Paths
from meshnet.daemon.routing import Routing
from meshnet.protocol.local import CoordinatorStatus, DeviceView, Permissions, RouteStatus, Status, ThisDevice
from meshnet_platform.api import PeerSight


def iso(seconds: float) -> str:
    """Unix time as ISO 8601 in UTC, to the second."""
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).isoformat().replace("+00:00", "Z")


def status(model: Model, routing: Routing, paths: Paths) -> Status:
    """This device and its route."""
    problems = tuple(problem.message for problem in model.problems)
    if model.ledger is None or model.state.joined is None:
        return Status(state="not-joined", problems=problems)
    return Status(
        state=routing.shown,
        reason=routing.reason,
        explanation=routing.explanation,
        device=_this(model) if model.me in model.ledger.members else None,
        coordinator=CoordinatorStatus(model.coordinator.url, model.connected),
        route=_route(model, routing, paths),
        clients=_clients(model),
        rx_bytes=sum(sight.rx_bytes for sight in model.sights.values()),
        tx_bytes=sum(sight.tx_bytes for sight in model.sights.values()),
        mesh=model.ledger.mesh_id,
        problems=problems,
        unconfirmed=unconfirmed(model),
    )


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
    return (model.connected and device.device in model.online) or _is_fresh(model, model.sight_of(device))


def _is_fresh(model: Model, sight: PeerSight | None) -> bool:
    return sight is not None and abs(model.clock() - sight.last_handshake) < FRESH


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
    fresh = routing.rtt is not None or (device is not None and _is_fresh(model, model.sight_of(device)))
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
    )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _clients(model: Model) -> tuple[str, ...]:
    """Those who say that they route through this device, and are permitted to; of apps, those that speak to it."""
    known = model.names()

    def is_routed(device: Device) -> bool:
        return device.route == model.me or (device.platform == STOCK and _is_fresh(model, model.sight_of(device)))

    routed = (device for device in model.mesh.active() if device.device != model.me and is_routed(device))
    return tuple(sorted(known[device.device] for device in routed if model.permitted(device.device).routing))


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
        grants=_shown(model.permitted(device.device)),
        granted=_shown(granted_by(model.mesh, device.device, model.me)),
        route=None if device.route is None else known.get(device.route, "?"),
        exit=device.exit,
    )


def path_of(model: Model, paths: Paths, device: Device) -> str:
    """ "direct", "relay" or "none": by probes, and where they say nothing, by what a session that lives last came."""
    probed, sight = paths.kind(device.device), model.sight_of(device)
    if probed is not None:
        return probed
    if sight is None or not _is_fresh(model, sight):
        return "none"
    return "relay" if sight.endpoint is not None and sight.endpoint == paths.relay_of(device.device) else "direct"


def _shown(permission: Permission) -> Permissions:
    return Permissions(permission.incoming, permission.routing, permission.lan)
