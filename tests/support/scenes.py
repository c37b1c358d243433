"""What a daemon may have to tell, as scenes with names: plain values, nothing that runs.

A scene is a function without arguments, so that what it says of time is said of the moment at which it is played.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import msgspec

from meshnet.core.settings import Settings, shown
from meshnet.errors import BLOCKED_WORDS, Blocked, Code, MeshnetError
from meshnet.protocol import local

MESH, ANNAS_MESH, BENS_MESH = "m" * 26, "anna" + "q" * 22, "ben" + "w" * 23
LAPTOP = local.ThisDevice("a" * 26, "laptop", "100.64.0.1", "fd7a:115c::1", "linux", True, None)
CAFE = ("203.0.113.57", "2001:db8:cafe::57")
HOME = ("198.51.100.20", "2001:db8:20::1")
BERLIN = ("192.0.2.80",)


@dataclass(frozen=True)
class Scene:
    """All that a daemon tells, or why it tells nothing."""

    status: local.Status
    devices: tuple[local.DeviceView, ...] = ()
    settings: dict[str, str] = field(default_factory=lambda: shown(Settings()))
    findings: local.Findings = field(default_factory=lambda: local.Findings(()))
    refusal: MeshnetError | None = None
    """What it answers to everything."""
    is_there: bool = True
    """Whether anybody listens at all."""


def ago(minutes: float) -> str:
    """A moment that has passed, or (negative) is to come."""
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=minutes)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def peer(name: str, number: int, **changes: Any) -> local.DeviceView:
    """A device that is online, hosts, and permits this one to route through it, unless changed."""
    view = local.DeviceView(
        id=f"{number:026d}",
        name=name,
        address4=f"100.64.{number // 250}.{number % 250 + 2}",
        address6=f"fd7a:115c::{number:x}",
        group="yours",
        owner=MESH,
        platform="linux",
        online=True,
        can_host=True,
        cannot_host=None,
        path="direct",
        rtt_ms=23.2,
        last_handshake=ago(1),
        grants=local.Permissions(incoming=True),
        granted=local.Permissions(incoming=True, routing=True),
        route=None,
    )
    return msgspec.structs.replace(view, **changes)


def offline(name: str, number: int, **changes: Any) -> local.DeviceView:
    """One that has not been heard of for hours."""
    return peer(name, number, online=False, path="none", rtt_ms=None, last_handshake=ago(400), **changes)


ALLOWED = local.Permissions(incoming=True, routing=True, lan=True)
HOME_PC = peer("home-pc", 2, grants=ALLOWED, granted=ALLOWED)
SERVER = peer("berlin-server", 3, path="relay", rtt_ms=81.0, exit="vpn")
WORK = peer("work-pc", 4, platform="windows", granted=local.Permissions(incoming=True), rtt_ms=12.4)
IMAC = offline("Mum's iMac", 5, platform="macos")
PHONE = peer("Pixel", 6, platform="phone", can_host=False, cannot_host="It is a phone.", rtt_ms=48.0)
LONG = offline("Media centre behind the television in the living room, 2nd floor", 7)


def yours() -> tuple[local.DeviceView, ...]:
    """The devices of a household."""
    return HOME_PC, SERVER, WORK, IMAC, PHONE, LONG


def others() -> tuple[local.DeviceView, ...]:
    """Devices of two other people."""
    nobody = local.Permissions()
    anna = partial(peer, group="external", owner=ANNAS_MESH, grants=nobody)
    ben = partial(peer, group="external", owner=BENS_MESH, grants=nobody)
    return (
        anna("anna-desktop", 21, path="relay", rtt_ms=95.0),
        anna("anna-nas", 22, granted=nobody),
        ben("ben-router", 23, rtt_ms=31.0, grants=local.Permissions(routing=True)),
        ben("ben-laptop", 24, online=False, path="none", rtt_ms=None),
    )


def joined(state: str = "idle", **changes: Any) -> local.Status:
    """The status of a device in a mesh."""
    status = local.Status(
        state,
        device=LAPTOP,
        mesh=MESH,
        coordinator=local.CoordinatorStatus("https://mesh.example.net:8443", True),
        version="0.1.0",
        capabilities=tuple(local.Capability),
        public=CAFE,
    )
    return msgspec.structs.replace(status, **changes)


def through(*hosts: local.DeviceView, public: tuple[str, ...] = HOME, **changes: Any) -> local.RouteStatus:
    """A route through these, the first of them first."""
    first, last = hosts[0], hosts[-1]
    hops = tuple(local.Hop(host.name, host.id, host.online) for host in hosts)
    route = local.RouteStatus(
        host=first.name,
        host_id=first.id,
        path=first.path,
        since=ago(47),
        chain=tuple(host.name for host in hosts),
        rtt_ms=first.rtt_ms,
        exit=last.exit,
        hops=hops,
        public=public,
    )
    return msgspec.structs.replace(route, **changes)


def _routed(route: local.RouteStatus, **changes: Any) -> Scene:
    status = joined("routing", route=route, rx_bytes=1_834_000_000, tx_bytes=212_000_000, **changes)
    return Scene(status, yours())


def _blocked(reason: Blocked) -> Scene:
    host = _as_blocked(reason)
    route = through(host, path=host.path, rtt_ms=host.rtt_ms, public=())
    status = joined("blocked", route=route, reason=reason.value, explanation=BLOCKED_WORDS[reason])
    return Scene(status, (host, *yours()[1:]))


def _as_blocked(reason: Blocked) -> local.DeviceView:
    if reason in (Blocked.HOST_UNREACHABLE, Blocked.NETWORK_DOWN, Blocked.TUNNEL_FAILED):
        return msgspec.structs.replace(HOME_PC, online=False, path="none", rtt_ms=None, last_handshake=ago(6))
    if reason is Blocked.ROUTING_REVOKED:
        return msgspec.structs.replace(HOME_PC, granted=local.Permissions(incoming=True))
    if reason is Blocked.HOST_LEFT_VPN:
        return msgspec.structs.replace(HOME_PC, exit="lost")
    return HOME_PC


def _chain() -> Scene:
    home = msgspec.structs.replace(HOME_PC, route=SERVER.name)
    hidden = local.Hop("?", None, True)
    route = through(home, SERVER, public=BERLIN)
    route = msgspec.structs.replace(route, chain=(*route.chain, "?"), hops=(*route.hops, hidden), exit="line")
    scene = _routed(route)
    return replace(scene, devices=(home, *scene.devices[1:]))


def _hosting() -> Scene:
    clients = (
        local.HostedClient(PHONE.id, PHONE.name, ago(130), 48_200_000, 912_000_000),
        local.HostedClient(WORK.id, WORK.name, ago(4), 1_200_000, 15_700_000),
    )
    stopped = (local.StoppedClient(IMAC.id, IMAC.name, ago(-8)),)
    allowed = tuple(msgspec.structs.replace(device, grants=ALLOWED) for device in (WORK, IMAC, PHONE))
    names = tuple(client.name for client in clients)
    status = joined(clients=names, hosting=clients, stopped=stopped)
    return Scene(status, (HOME_PC, SERVER, *allowed, LONG), shown(Settings(own_devices=("routing",))))


def _many() -> Scene:
    def one(number: int) -> local.DeviceView:
        if number % 7 == 0:
            return offline(f"archive-{number:04}", number)
        return peer(f"device-{number:04}", number, rtt_ms=5.0 + number % 90, can_host=number % 3 > 0)

    scene = _routed(through(HOME_PC))
    return replace(scene, devices=(*scene.devices, *map(one, range(100, 1094))))


def _problems() -> Scene:
    findings = (
        local.Finding("no-nft", "error", "The firewall cannot be set: `nft` is missing.", "apt install nftables"),
        local.Finding("ufw", "warning", "ufw is on and drops what clients send.", "ufw route allow in on meshnet0"),
    )
    device = msgspec.structs.replace(LAPTOP, can_host=False, cannot_host=findings[0].message)
    nat = local.NatView("port-each", "The router before this device gives every connection another port.")
    status = joined(device=device, problems=(findings[0].message,))
    return Scene(status, yours(), findings=local.Findings(findings, nat))


def _refusing(code: Code) -> Scene:
    return Scene(local.Status("not-joined"), refusal=MeshnetError(code))


def _fallback() -> Scene:
    return _routed(through(SERVER, public=BERLIN, instead_of=HOME_PC.name))


def _idle_with(**changes: Any) -> Scene:
    return Scene(joined(**changes), yours())


_AWAY = local.CoordinatorStatus("https://mesh.example.net:8443", False)
SCENES: dict[str, Callable[[], Scene]] = {
    "no-daemon": lambda: Scene(local.Status("not-joined"), is_there=False),
    "not-permitted": lambda: _refusing(Code.NOT_PERMITTED),
    "newer-daemon": lambda: _refusing(Code.VERSION_MISMATCH),
    "not-joined": lambda: Scene(local.Status("not-joined", version="0.1.0", capabilities=tuple(local.Capability))),
    "alone": lambda: Scene(joined()),
    "idle": _idle_with,
    "connecting": lambda: Scene(joined("connecting", route=through(HOME_PC, path="none", public=())), yours()),
    "routed": lambda: _routed(through(HOME_PC)),
    "relayed": lambda: _routed(through(SERVER, public=BERLIN, exit="line")),
    "chain": _chain,
    "host-on-vpn": lambda: _routed(through(SERVER, public=BERLIN)),
    "fallback": _fallback,
    **{f"blocked-{reason.value}": partial(_blocked, reason) for reason in Blocked},
    "paused": lambda: _idle_with(pause=local.Pause(HOME_PC.name, HOME_PC.id, ago(-9))),
    "hosting": _hosting,
    "external": lambda: Scene(joined(), (*yours(), *others())),
    "thousand": _many,
    "unconfirmed": lambda: _idle_with(unconfirmed=(WORK.id,)),
    "problems": _problems,
    "coordinator-away": lambda: _idle_with(coordinator=_AWAY),
}
