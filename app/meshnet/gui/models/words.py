"""Every sentence that tray and window say of a state, a device or a number.

Names are other people's: here they lose whatever could pass for markup or turn a sentence around, and stay plain text.
"""

from __future__ import annotations

import re
import unicodedata

from meshnet.errors import BLOCKED_WORDS, Blocked
from meshnet.gui.models.mesh import Snapshot
from meshnet.protocol.local import DeviceView, Permissions, Status

NAME_SHOWN = 40
"""Letters of a name in a sentence or menu."""
_NAME_IN_CHAIN = 20
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_TO_TYPE = re.compile(r"`([^`]+)`")
_SYSTEMS = {
    "linux": "Linux",
    "macos": "macOS",
    "windows": "Windows",
    "android": "Android",
    "ios": "iOS",
    "wireguard": "WireGuard app",
}
_PATHS = {"direct": "direct", "relay": "by relay", "none": "no path yet"}


def plain(name: str) -> str:
    """The name in one line and one direction: no control characters, and set apart where it runs right to left."""
    letters = "".join("\ufffd" if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029" else c for c in name)
    if any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in letters):
        # Unicode Bidirectional Algorithm (UAX 9), 2.4: an isolate does not reorder the text around it.
        return f"{_FIRST_STRONG_ISOLATE}{letters}{_POP_ISOLATE}"
    return letters


def short(name: str, room: int = NAME_SHOWN) -> str:
    """The name for a sentence, its middle left out where it has more letters than there is room for."""
    half = room // 2
    return plain(name if len(name) <= room else f"{name[: half - 1]}…{name[-half:]}")


def unmarked(text: str) -> str:
    """For places that guess whether a text is HTML (tooltips, notifications): nothing in it looks like a tag."""
    return text.replace("<", "‹").replace(">", "›")


def prose(text: str) -> str:
    """A sentence of the command line for a window: what is to be typed in quotes, not in backticks."""
    return _TO_TYPE.sub("“\\1”", text)


def state_line(mesh: Snapshot) -> str:
    """The state in one line: "Through home-pc, direct, 23 ms"."""
    if not mesh.connected:
        return mesh.trouble
    status, route = mesh.status, mesh.status.route
    match status.state:
        case "not-joined":
            return "Not in a mesh yet"
        case "connecting":
            return f"Connecting to {short(route.host)} …" if route else "Connecting …"
        case "routing" if route:
            through = "Through " + short(route.host)
            if route.instead_of:
                through += f" (for {short(route.instead_of)})"
            return ", ".join((through, *way(route.path, route.rtt_ms)))
        case "blocked":
            return f"Blocked: {blocked(status)}"
    return "Not routed"


def state_detail(mesh: Snapshot) -> str:
    """What the state means for the person, in a sentence or two."""
    if not mesh.connected:
        return " ".join(filter(None, (prose(mesh.cure), "Meshnet keeps looking by itself.")))
    match mesh.status.state:
        case "not-joined":
            return "A mesh is your devices, and those of people you invited."
        case "idle":
            return "This device's traffic goes out directly. Choose a host to send it through."
        case "connecting":
            return "Traffic is being moved to the host."
        case "routing":
            return f"Down {amount(mesh.status.rx_bytes)} · up {amount(mesh.status.tx_bytes)}"
        case "blocked":
            return (
                "The route goes on by itself when that is over; meanwhile nothing goes out beside it. "
                "Try again now, or stop routing to let traffic go out directly."
            )
    return ""


def blocked(status: Status) -> str:
    """Why a wanted route carries nothing, in words: the daemon's own where it says more than the reason alone."""
    reason, explanation = status.reason, status.explanation
    host = short(status.route.host) if status.route else "the host"
    if explanation and explanation not in BLOCKED_WORDS.values():
        said = plain(explanation)
        return f"{host} {said.removeprefix('it ')}" if said.startswith("it ") else f"{host}: {said}"
    known: dict[str, str] = {
        Blocked.HOST_UNREACHABLE: f"{host} does not answer",
        Blocked.ROUTING_REVOKED: f"{host} no longer allows routing",
        Blocked.HOST_LEFT_VPN: f"{host} has lost its own VPN",
        Blocked.LOOP: "the chain of hosts leads back to this device",
        Blocked.TUNNEL_FAILED: "the tunnel does not work",
        Blocked.NETWORK_DOWN: "this device has no network",
        Blocked.SYSTEM_ERROR: "this system refused a step; “meshnet doctor” says more",
    }
    return known.get(reason or "", plain(reason or "the route carries nothing"))


def way(path: str, rtt_ms: float | None) -> tuple[str, ...]:
    """The path and the round-trip time, as far as they are known."""
    time = (round_trip(rtt_ms),) if rtt_ms is not None and path != "none" else ()
    return (_PATHS.get(path, path), *time)


def round_trip(milliseconds: float) -> str:
    """A round-trip time: "23 ms"."""
    return "< 1 ms" if milliseconds < 1 else f"{milliseconds:.0f} ms"


def amount(count: int) -> str:
    """A number of bytes, decimal: "1.4 GB"."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 99.95 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def why_not(device: DeviceView) -> str:
    """Why this device cannot be routed through now; empty where it can."""
    if not device.can_host:
        return f"cannot host: {plain(device.cannot_host)}" if device.cannot_host else "does not host"
    if not device.granted.routing:
        return "has not allowed routing"
    return "" if device.online else "offline"


def system(platform: str) -> str:
    """The name of an operating system."""
    return _SYSTEMS.get(platform, plain(platform).capitalize())


def presence(device: DeviceView) -> str:
    """System, presence and path of a device: "Linux · online · direct, 23 ms"."""
    parts = [system(device.platform), "online" if device.online else "offline"]
    if device.online and device.path != "none":
        parts.append(", ".join(way(device.path, device.rtt_ms)))
    if device.route:
        parts.append(f"routes through {short(device.route)}")
    return " · ".join(parts)


def permits(granted: Permissions) -> str:
    """What a device permits this one."""
    if granted.routing:
        return "Lets this device route through it" + (" and reach its local network" if granted.lan else "")
    return "Lets this device connect to it" if granted.incoming else "Permits this device nothing"


def hosted(clients: tuple[str, ...]) -> str:
    """Who routes through this device now; empty for nobody."""
    names = [short(name) for name in clients]
    if len(names) > 3:
        names[2:] = [f"{len(names) - 2} others"]
    listed = " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
    return f"{listed} {'routes' if len(clients) == 1 else 'route'} through this device." if names else ""


def chain(status: Status) -> tuple[str, ...]:
    """The way the traffic takes, stop by stop; empty outside a mesh."""
    if status.device is None:
        return ()
    hosts = (status.route.chain or (status.route.host,)) if status.route else ()
    return (
        "This device",
        *("a hidden host" if name == "?" else short(name, _NAME_IN_CHAIN) for name in hosts),
        "Internet",
    )


def identity(status: Status) -> str:
    """This device's name and addresses, and whether the coordinator is there; the long address on a line of its own."""
    if status.device is None:
        return ""
    away = status.coordinator is not None and not status.coordinator.connected
    parts = [short(status.device.name), status.device.address4, "coordinator not reached" if away else ""]
    lines = ["  ·  ".join(filter(None, parts)), status.device.address6]
    return "\n".join(filter(None, lines))
