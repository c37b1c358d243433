"""What is said to a router to have a port opened, as bytes: PCP, NAT-PMP, SSDP and UPnP's Internet Gateway Device.

Pure: bytes in, plain data out. Law: what a router says is not trusted; whatever is no well-formed answer is None, and
nothing that a router names is followed unless it is at the router's own address.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NONCE_SIZE = 12
SERVICES = tuple(
    f"urn:schemas-upnp-org:service:{kind}" for kind in ("WANIPConnection:2", "WANIPConnection:1", "WANPPPConnection:1")
)
"""What maps ports, in UPnP's words (UPnP Forum, WANIPConnection:1 and :2, WANPPPConnection:1)."""

_UDP = 17
_ANSWER = 0x80
# RFC 6887, sections 7.1, 7.2 and 11.1.
_PCP_REQUEST = struct.Struct("!BBHI16s")
_PCP_ANSWER = struct.Struct("!BBBBII12x")
_PCP_MAP = struct.Struct("!12sB3xHH16s")
_PCP_VERSION, _PCP_ANNOUNCE, _PCP_MAPPING = 2, 0, 1
# RFC 6886, sections 3.2 and 3.3.
_PMP_ADDRESS = struct.Struct("!BBHI4s")
_PMP_REQUEST = struct.Struct("!BBHHHI")
_PMP_MAP = struct.Struct("!BBHIHHI")
_PMP_MAPPING = 1

_SEARCHED = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
"""Devices of version 2 answer to it as well (UPnP Device Architecture 1.1, section 1.3.2)."""
_CONTROLS_MAX = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """What a router said by PCP or NAT-PMP; 0 and "" where it said nothing of that."""

    result: int
    """0: done."""
    epoch: int
    """Seconds since the router forgot all mappings."""
    seconds: int = 0
    internal: int = 0
    external: int = 0
    address: str = ""


def is_public4(address: str) -> bool:
    """Whether this is an IPv4 address that the whole internet can send to."""
    try:
        found = ipaddress.IPv4Address(address)
    except ValueError:
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


# --- PCP (RFC 6887) -------------------------------------------------------------------------------------------------


def pcp_hello(own: str) -> bytes:
    """Ask whether anybody speaks PCP, from the address `own`; changes nothing (ANNOUNCE, section 14.1)."""
    return _PCP_REQUEST.pack(_PCP_VERSION, _PCP_ANNOUNCE, 0, 0, _wide(own))


def pcp_map(own: str, nonce: bytes, internal: int, external: int, seconds: int) -> bytes:
    """Ask that UDP port `external`, or another, lead to `internal` of `own`; 0 seconds: no more (MAP, section 11)."""
    head = _PCP_REQUEST.pack(_PCP_VERSION, _PCP_MAPPING, 0, seconds, _wide(own))
    anywhere = "::" if ":" in own else "0.0.0.0"  # noqa: S104 - in a message, not listened on
    return head + _PCP_MAP.pack(nonce, _UDP, internal, external, _wide(anywhere))


def read_pcp(data: bytes, nonce: bytes | None) -> Answer | None:
    """The answer to `pcp_map` with this nonce, or to `pcp_hello` (None)."""
    opcode = _PCP_ANNOUNCE if nonce is None else _PCP_MAPPING
    if len(data) < _PCP_ANSWER.size:
        return None
    version, kind, _, result, seconds, epoch = _PCP_ANSWER.unpack_from(data)
    if version != _PCP_VERSION or kind != _ANSWER | opcode:
        return None
    if nonce is None:
        return Answer(result, epoch)
    if len(data) < _PCP_ANSWER.size + _PCP_MAP.size:
        return None
    told, protocol, internal, external, address = _PCP_MAP.unpack_from(data, _PCP_ANSWER.size)
    if told != nonce or protocol != _UDP:
        return None
    return Answer(result, epoch, seconds, internal, external, _narrow(address))


# --- NAT-PMP (RFC 6886) ---------------------------------------------------------------------------------------------


def pmp_address() -> bytes:
    """Ask for the router's external address; changes nothing."""
    return bytes(2)


def pmp_map(internal: int, external: int, seconds: int) -> bytes:
    """Ask that UDP port `external`, or another, lead to `internal` of the asker; 0 seconds and port 0: no more."""
    return _PMP_REQUEST.pack(0, _PMP_MAPPING, 0, internal, external, seconds)


def read_pmp_address(data: bytes) -> Answer | None:
    """The answer to `pmp_address`, also where the router tells it to all by itself."""
    if len(data) < _PMP_ADDRESS.size:
        return None
    version, kind, result, epoch, address = _PMP_ADDRESS.unpack_from(data)
    if version != 0 or kind != _ANSWER:
        return None
    return Answer(result, epoch, address=str(ipaddress.IPv4Address(address)))


def read_pmp_map(data: bytes, internal: int) -> Answer | None:
    """The answer to `pmp_map` for this port."""
    if len(data) < _PMP_MAP.size:
        return None
    version, kind, result, epoch, port, external, seconds = _PMP_MAP.unpack_from(data)
    if version != 0 or kind != _ANSWER | _PMP_MAPPING or port != internal:
        return None
    return Answer(result, epoch, seconds, port, external)


def read_announcement(data: bytes) -> Answer | None:
    """What a router tells all after it restarted or got another address (RFC 6886, 3.2.1; RFC 6887, 14.1.3)."""
    return read_pcp(data, None) or read_pmp_address(data)


# --- UPnP -----------------------------------------------------------------------------------------------------------


def ssdp_search(host: str) -> bytes:
    """Ask those who hear it at this "ADDRESS:PORT" for Internet Gateway Devices, to answer within a second."""
    lines = ("M-SEARCH * HTTP/1.1", f"HOST: {host}", 'MAN: "ssdp:discover"', "MX: 1", f"ST: {_SEARCHED}", "", "")
    return "\r\n".join(lines).encode()


def read_ssdp(data: bytes, gateway: str) -> str | None:
    """Where the description of this gateway is, if this is its answer to `ssdp_search`."""
    head, *lines = data.decode("utf-8", "replace").split("\r\n")
    if not head.startswith("HTTP/1.1 200"):
        return None
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "InternetGatewayDevice" not in fields.get("st", ""):
        return None
    return at_gateway(fields.get("location", ""), gateway)


def at_gateway(url: str, gateway: str) -> str | None:
    """The address of a page, if it is the gateway's own and plain HTTP."""
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError:
        return None
    clean = url.isascii() and url.isprintable() and " " not in url
    # The host as it is written: no other spelling of the address, no name, nobody logged in.
    if not clean or parts.scheme != "http" or parts.netloc not in (gateway, f"{gateway}:{port}"):
        return None
    return url


def read_description(data: bytes, location: str, gateway: str) -> tuple[tuple[str, str], ...]:
    """What maps ports on the device described at `location`: pairs of service type and control URL, at most four."""
    root = _xml(data)
    if root is None:
        return ()
    base = next((_text(one) for one in root.iter() if _name(one) == "URLBase"), "") or location
    services = ({_name(part): _text(part) for part in one} for one in root.iter() if _name(one) == "service")
    found = [
        (service["serviceType"], url)
        for service in services
        if service.get("serviceType") in SERVICES
        and (url := _joined(base, service.get("controlURL", ""), gateway)) is not None
    ]
    return tuple(found[:_CONTROLS_MAX])


def soap_call(service: str, action: str, arguments: Mapping[str, str]) -> bytes:
    """The body of a call (UPnP Device Architecture 1.1, section 3.2.1)."""
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in arguments.items())
    return (
        '<?xml version="1.0"?>'
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'
        f'<s:Body><u:{action} xmlns:u="{escape(service)}">{inner}</u:{action}></s:Body></s:Envelope>'
    ).encode()


def read_soap(data: bytes) -> dict[str, str] | None:
    """The values that an answer or an error carries, by name ("NewExternalIPAddress", "errorCode")."""
    root = _xml(data)
    if root is None or _name(root) != "Envelope":
        return None
    return {_name(one): _text(one) for one in root.iter() if len(one) == 0}


def _joined(base: str, path: str, gateway: str) -> str | None:
    try:
        return at_gateway(urljoin(base, path), gateway)
    except ValueError:
        return None


def _xml(data: bytes) -> Element | None:
    # Loaded where a router was found to speak it: most daemons never need it.
    from defusedxml import ElementTree

    try:
        root: Element = ElementTree.fromstring(data, forbid_dtd=True)
    except Exception:
        # Whatever others' bytes may do to the parser (it raises half a dozen kinds), it is no document.
        return None
    return root


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _wide(address: str) -> bytes:
    """An address as PCP has it: IPv4 within IPv6 (RFC 6887, section 5)."""
    found = ipaddress.ip_address(address)
    return found.packed if found.version == 6 else bytes(10) + b"\xff\xff" + found.packed


def _narrow(packed: bytes) -> str:
    found = ipaddress.IPv6Address(packed)
    return str(found.ipv4_mapped or found)
