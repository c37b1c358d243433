"""The settings of this device: their keys, their values, and how a person writes them."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Literal

import msgspec

from meshnet.core.endpoints import format_endpoint, may_be_candidate, parse_endpoint
from meshnet.errors import Code, Refusal


class Settings(msgspec.Struct, frozen=True):
    """What the person chose; the defaults are what a new device does."""

    kill_switch: bool | Literal["always"] = True
    """While a route is wanted, traffic goes through the host or nowhere; "always": before the daemon starts, too."""
    local_network: bool = False
    """The network this device is in stays reachable while routed."""
    dns: str = "host"
    """Who answers names while routed: "host", "system", or an address."""
    endpoint: str = ""
    """ADDRESS or ADDRESS:PORT where this device can be reached, if the person knows better; empty: not."""
    host_vpn_lost: str = "stop"
    """Those who route through this device when its own VPN drops: "stop" them, or "tell" them and use the line."""
    fallback: tuple[str, ...] = ()
    """Ids of the hosts that take over, one after the other, when the one in use is gone."""
    own_devices: tuple[str, ...] = ()
    """What every confirmed device of the mesh is granted: of "routing", "lan"."""

    @property
    def guarded(self) -> bool:
        """Whether a wanted route closes all other ways."""
        return bool(self.kill_switch)

    @property
    def at_boot(self) -> bool:
        """Whether it does so before the daemon starts, too."""
        return self.kill_switch == "always"


def _switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError("on or off")
    return text == "on"


def _kill_switch(text: str) -> bool | Literal["always"]:
    return "always" if text == "always" else _switch(text)


def _dns(text: str) -> str:
    return text if text in ("host", "system") else str(ipaddress.ip_address(text))


def _endpoint(text: str) -> str:
    if text in ("", "none"):
        return ""
    try:
        with_port = format_endpoint(text.strip("[]"), 1)
        plain = with_port[: -len(":1")]
    except ValueError:
        address, port = parse_endpoint(text)
        with_port = plain = format_endpoint(str(address), port)
    if not may_be_candidate(with_port):
        raise ValueError("an address at which others can reach this device")
    return plain


def _host_vpn_lost(text: str) -> str:
    if text not in ("stop", "tell"):
        raise ValueError("stop or tell")
    return text


def _fallback(text: str) -> tuple[str, ...]:
    return () if text in ("", "none") else tuple(dict.fromkeys(text.split(",")))


def _own_devices(text: str) -> tuple[str, ...]:
    words = tuple(text.split(","))
    if words == ("none",):
        return ()
    if words[0] != "routing" or words[1:] not in ((), ("lan",)):
        raise ValueError("routing, or routing,lan, or none")
    return words


_Value = bool | str | tuple[str, ...]
_KEYS: dict[str, tuple[str, Callable[[str], _Value], str]] = {
    "kill-switch": ("kill_switch", _kill_switch, "on, off or always"),
    "local-network": ("local_network", _switch, "on or off"),
    "dns": ("dns", _dns, "host, system, or the address of a name server"),
    "endpoint": ("endpoint", _endpoint, "ADDRESS or ADDRESS:PORT at which others can reach this device, or none"),
    "host-vpn-lost": ("host_vpn_lost", _host_vpn_lost, "stop or tell"),
    "fallback": ("fallback", _fallback, "names of hosts, with commas between them, or none"),
    "own-devices": ("own_devices", _own_devices, "routing, or routing,lan, or none"),
}


def changed(settings: Settings, key: str, text: str) -> Settings:
    """The settings with this one changed; Refusal `invalid-setting`.

    Devices are given and shown by their ids; it is for others to know their names.
    """
    if key not in _KEYS:
        raise Refusal(Code.INVALID_SETTING, f"There is no setting `{key}`; there are {', '.join(_KEYS)}.")
    field, parse, values = _KEYS[key]
    try:
        return msgspec.structs.replace(settings, **{field: parse(text.strip())})
    except ValueError as error:
        raise Refusal(Code.INVALID_SETTING, f"`{key}` takes {values}, not `{text}`.") from error


def shown(settings: Settings) -> dict[str, str]:
    """Every setting by its key, in the form in which `changed` takes it."""
    return {key: _text(getattr(settings, field)) for key, (field, _, _) in _KEYS.items()}


def shown_one(settings: Settings, key: str) -> dict[str, str]:
    """One setting; Refusal `invalid-setting` where there is none of that key."""
    values = shown(settings)
    if key not in values:
        changed(settings, key, "")
    return {key: values[key]}


def _text(value: _Value) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return (value if isinstance(value, str) else ",".join(value)) or "none"


def only_closes(before: Settings, after: Settings) -> bool:
    """Whether the change takes something away and gives nothing: that holds even where it cannot be kept on disk."""
    gives = (
        _strictness(after) < _strictness(before)
        or (after.local_network and not before.local_network)
        or not set(after.own_devices) <= set(before.own_devices)
    )
    same = ("kill_switch", "local_network", "own_devices")
    rest = {name: getattr(before, name) for name in same}
    return not gives and msgspec.structs.replace(after, **rest) == before


def _strictness(settings: Settings) -> int:
    return (False, True, "always").index(settings.kill_switch)
