"""How the command line shows things to people: words and tables, as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from meshnet.protocol.local import DeviceView, Pause, Status


def status_lines(status: Status) -> list[str]:
    """The status, in a few lines."""
    if status.device is None:
        lines = ["Not in a mesh. Make one with `meshnet create`, or join one with `meshnet join LINK`."]
        return lines + problem_lines(status)
    device, coordinator = status.device, status.coordinator
    lines = [f"{device.name}  {device.address4}  {device.address6}", route_line(status)]
    if status.clients:
        lines.append(f"Routing for: {', '.join(status.clients)}")
    lines += [f"Stopped until {clock(one.until)}: {one.name}" for one in status.stopped]
    if coordinator is not None:
        state = "connected" if coordinator.connected else "not reachable; known devices keep working"
        lines.append(f"Coordinator: {coordinator.url}, {state}")
    if status.unconfirmed:
        lines.append(f"{len(status.unconfirmed)} device(s) wait to be confirmed by whoever holds the mesh key.")
    return lines + problem_lines(status)


def route_line(status: Status) -> str:
    """Where the traffic goes, in words."""
    route = status.route
    if route is None:
        return _paused_line(status.pause) if status.pause else "Traffic takes its usual way."
    if status.state == "connecting":
        return f"Connecting to {route.host} …"
    if status.state == "blocked":
        reason = status.explanation or status.reason or "no reason is known"
        return (
            f"Blocked: traffic is to go through {route.host}, but {reason}. It goes on by itself when that is over; "
            f"`meshnet route {route.host}` tries again now, `meshnet route --off` opens the usual way."
        )
    way = " → ".join(("this device", *route.chain, *(("its VPN",) if route.exit == "vpn" else ()), "internet"))
    rtt = f", {route.rtt_ms:.0f} ms" if route.rtt_ms is not None else ""
    instead = f", which stands in for {route.instead_of}" if route.instead_of else ""
    return f"All traffic goes through {route.host}{instead} ({route.path}{rtt}): {way}"


def _paused_line(pause: Pause) -> str:
    return (
        f"Traffic takes its usual way: the route through {pause.host} is paused until {clock(pause.until)}. "
        "`meshnet resume` goes on now, `meshnet route --off` stops for good."
    )


def clock(moment: str) -> str:
    """A time of the next day or so (ISO 8601) by the clock where the person is; as it came, where it is none."""
    import datetime

    try:
        return datetime.datetime.fromisoformat(moment).astimezone().strftime("%H:%M")
    except ValueError:
        return moment


def problem_lines(status: Status) -> list[str]:
    """What is wrong with this system."""
    return [f"Problem: {problem}" for problem in status.problems]


def device_table(devices: Sequence[DeviceView]) -> list[str]:
    """One line a device."""
    if not devices:
        return ["No other devices."]
    head = ("NAME", "ADDRESS", "STATE", "PATH", "IT ALLOWS ME", "I ALLOW IT")
    rows = [head, *(_row(device) for device in sorted(devices, key=lambda d: (d.group, d.name.casefold())))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(device: DeviceView) -> tuple[str, ...]:
    state = "online" if device.online else "offline"
    if not device.can_host:
        state += ", no host"
    return (device.name, device.address4, state, device.path, _words(device.granted), _words(device.grants))


def _words(permissions: object) -> str:
    found = [kind for kind in ("incoming", "routing", "lan") if getattr(permissions, kind)]
    return ",".join(found) or "-"


def matches(device: DeviceView, words: Sequence[str]) -> bool:
    """Whether the device is all that the words say; ValueError for a word that there is not."""
    return all(_matches(device, word) for word in words)


def _matches(device: DeviceView, word: str) -> bool:
    match word:
        case "online":
            return device.online
        case "offline":
            return not device.online
        case "yours" | "external":
            return device.group == word
        case "hosts":
            return device.can_host
        case "routing-allowed":
            return device.granted.routing
        case "lan-allowed":
            return device.granted.routing and device.granted.lan
        case _:
            raise ValueError(word)


FILTERS = ("online", "offline", "yours", "external", "hosts", "routing-allowed", "lan-allowed")
