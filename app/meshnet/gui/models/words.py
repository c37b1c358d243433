"""Every sentence that tray and window say of a state, a device or a number.

Names are other people's: here they lose whatever could pass for markup or turn a sentence around, and stay plain text.
"""

from __future__ import annotations

import re
import unicodedata

from PySide6.QtCore import QLocale

from meshnet.core.records import STOCK
from meshnet.errors import BLOCKED_WORDS, Blocked
from meshnet.gui.models.language import translate
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.moments import said
from meshnet.protocol.local import DeviceView, RouteStatus, Status

NAME_SHOWN = 40
"""Letters of a name in a sentence or menu."""
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_TO_TYPE = re.compile(r"`([^`]+)`")
_SYSTEMS = {
    "linux": "Linux",
    "macos": "macOS",
    "windows": "Windows",
    "android": "Android",
    "ios": "iOS",
}


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
        return mesh.trouble or translate("State", "Looking for the daemon")
    status, route = mesh.status, mesh.status.route
    match status.state:
        case "not-joined":
            return translate("State", "Not in a mesh yet")
        case "connecting" if route:
            return translate("State", "Connecting to {host}…").format(host=short(route.host))
        case "connecting":
            return translate("State", "Connecting…")
        case "routing" if route:
            return ", ".join((through(route), *way(route.path, route.rtt_ms)))
        case "blocked":
            return translate("State", "Blocked: {reason}").format(reason=blocked(status))
    if status.pause:
        return translate("State", "Paused until {time}").format(time=said(status.pause.until))
    return translate("State", "Not routed")


def through(route: RouteStatus) -> str:
    """The host, and the one that it stands in for."""
    if route.instead_of:
        text = translate("State", "Through {host} (for {chosen})")
        return text.format(host=short(route.host), chosen=short(route.instead_of))
    return translate("State", "Through {host}").format(host=short(route.host))


def state_detail(mesh: Snapshot) -> str:
    """What the state means for the person, in a sentence or two."""
    if not mesh.connected:
        looking = translate("State", "Meshnet keeps looking by itself.")
        return " ".join(filter(None, (prose(mesh.cure), looking)))
    status = mesh.status
    match status.state:
        case "not-joined":
            return translate("State", "A mesh connects your devices. Each can send its traffic through another one.")
        case "idle" if status.pause:
            text = translate("State", "Traffic goes out directly. At {time} it goes through {host} again.")
            return text.format(time=said(status.pause.until), host=short(status.pause.host))
        case "idle":
            return translate("State", "This device's traffic goes out directly. Choose a host to send it through.")
        case "connecting":
            return translate("State", "Traffic is being moved to the host.")
        case "routing":
            text = translate("State", "Down {received} · up {sent}")
            return text.format(received=amount(status.rx_bytes), sent=amount(status.tx_bytes))
        case "blocked":
            return translate(
                "State",
                "The route goes on by itself when that is over; meanwhile nothing goes out beside it. "
                "Try again now, or stop routing to let traffic go out directly.",
            )
    return ""


def blocked(status: Status) -> str:
    """Why a wanted route carries nothing, in words: the daemon's own where it says more than the reason alone."""
    reason, explanation = status.reason, status.explanation
    host = short(status.route.host) if status.route else translate("State", "the host")
    if explanation and explanation not in BLOCKED_WORDS.values():
        said = plain(explanation)
        return f"{host} {said.removeprefix('it ')}" if said.startswith("it ") else f"{host}: {said}"
    known = _blocked_words().get(reason or "")
    if known is None:
        return plain(reason) if reason else translate("State", "the route carries nothing")
    return known.format(host=host)


def _blocked_words() -> dict[str, str]:
    return {
        Blocked.HOST_UNREACHABLE: translate("State", "{host} does not answer"),
        Blocked.ROUTING_REVOKED: translate("State", "{host} no longer allows routing"),
        Blocked.HOST_LEFT_VPN: translate("State", "{host} has lost its own VPN"),
        Blocked.LOOP: translate("State", "the chain of hosts leads back to this device"),
        Blocked.TUNNEL_FAILED: translate("State", "the tunnel does not work"),
        Blocked.NETWORK_DOWN: translate("State", "this device has no network"),
        Blocked.SYSTEM_ERROR: translate("State", "this system refused a step"),
    }


def way(path: str, rtt_ms: float | None) -> tuple[str, ...]:
    """The path and the round-trip time, as far as they are known."""
    time = (round_trip(rtt_ms),) if rtt_ms is not None and path != "none" else ()
    return (path_word(path), *time)


def path_word(path: str) -> str:
    """A path: "direct"."""
    known = {
        "direct": translate("Path", "direct"),
        "relay": translate("Path", "by relay"),
        "none": translate("Path", "no path yet"),
    }
    return known.get(path) or plain(path)


def round_trip(milliseconds: float) -> str:
    """A round-trip time: "23 ms"."""
    if milliseconds < 1:
        return translate("Path", "< 1 ms")
    return translate("Path", "{number} ms").format(number=QLocale().toString(round(milliseconds)))


def amount(count: int) -> str:
    """A number of bytes, decimal, with three digits or so: "1.4 GB"."""
    size = float(count)
    while size >= 1000:
        size /= 1000
    digits = 0 if size >= 99.95 else 1
    return QLocale().formattedDataSize(count, digits, QLocale.DataSizeFormat.DataSizeSIFormat)


def why_not(device: DeviceView) -> str:
    """Why this device cannot be routed through now; empty where it can."""
    if not device.can_host:
        if device.cannot_host:
            return translate("Devices", "cannot host: {reason}").format(reason=prose(plain(device.cannot_host)))
        return translate("Devices", "does not host")
    if not device.granted.routing:
        return translate("Devices", "has not allowed routing")
    return "" if device.online else translate("Devices", "offline")


def system(platform: str) -> str:
    """The name of an operating system."""
    if platform == STOCK:
        return translate("Devices", "WireGuard app")
    return _SYSTEMS.get(platform, plain(platform).capitalize())


def attention(status: Status) -> tuple[str, ...]:
    """What does not keep the mesh from working as it is, and is to be known all the same."""
    away = status.coordinator is not None and not status.coordinator.connected
    text = translate("State", "The coordinator does not answer. Known devices keep working; new ones and changes wait.")
    return (*map(prose, status.problems), *((text,) if away else ()))
