"""Datagrams of our own from and to WireGuard's UDP port, by raw sockets beside it (raw(7)).

WireGuard is not asked and does not mind: it gets the same datagrams and drops what it does not know. They bear its
mark, so that they pass beside the route and through the kill switch as its own do. Reading is narrowed by a filter in
the kernel (classic BPF, kernel: networking/filter), so that WireGuard's traffic never wakes this process.

A raw socket hears more than a UDP socket does: whatever comes to any address of this system, broadcasts included, and
in IPv4 also what has a wrong checksum. That cannot be told here: a network card or a virtual one may have left the
checksum for later. So whoever reads must find out by itself whether a datagram is whole and from whom it is.
"""

from __future__ import annotations

import ctypes
import ipaddress
import selectors
import socket
import struct
import sys
from collections import deque
from collections.abc import Iterable
from contextlib import suppress

from meshnet_platform.api import PlatformError
from meshnet_platform.api import Probes as ProbesProtocol
from meshnet_platform.linux import marks
from meshnet_platform.linux.endpoints import source_towards

_LONGEST = 512
_UDP_HEADER = 8
_CHECKSUM_AT = 6
_READ = 2048
_SO_ATTACH_FILTER = 26
_SO_MARK = 36
_IPV6_CHECKSUM = 7
"""linux/in6.h: in a raw socket the kernel fills in the checksum at this offset, and drops what has a wrong one."""
_IP_PKTINFO = 8

_ELSEWHERE = "Probes are sent by raw sockets on Linux only."

# linux/bpf_common.h: an instruction is (code, steps if true, steps if false, operand).
_Instruction = tuple[int, int, int, int]
_LOAD_WORD, _LOAD_HALF, _LOAD_LENGTH = 0x20, 0x28, 0x80
_LOAD_WORD_BEHIND, _LOAD_HALF_BEHIND, _LOAD_HEADER_LENGTH = 0x40, 0x48, 0xB1
_SUBTRACT_HEADER, _IF_EQUAL, _IF_GREATER, _IF_BITS, _RETURN = 0x1C, 0x15, 0x25, 0x45, 0x06
_FRAGMENT = 0x3FFF
"""More fragments, or not the first (RFC 791)."""


class LinuxProbes:
    """What `Backend.open_probes` gives; PlatformError where this process may not have raw sockets."""

    def __init__(self, listen_port: int, magic: bytes) -> None:
        """`listen_port` is WireGuard's; `magic` are the 4 bytes that every datagram begins with."""
        self._port, self._magic = listen_port, magic
        self._sockets: deque[socket.socket] = deque()
        self._ready = selectors.DefaultSelector()
        try:
            self._open(socket.AF_INET, filter_ipv4(listen_port, magic))
            with suppress(OSError):
                # A system may have been started without IPv6.
                self._open(socket.AF_INET6, filter_ipv6(listen_port, magic))
        except OSError as error:
            self.close()
            raise PlatformError(
                f"The system permits no raw sockets, by which ways to other devices are tried: {error.strerror}.",
                "Run the daemon as root, or give it the capabilities CAP_NET_RAW and CAP_NET_ADMIN.",
            ) from error

    def fileno(self) -> int:
        """See Probes: an epoll(7), one descriptor for both families."""
        if sys.platform != "linux":
            raise PlatformError(_ELSEWHERE)
        return self._ready.fileno()

    def send(self, endpoint: str, payload: bytes) -> bool:
        """See Probes; also False for what is no endpoint."""
        with suppress(OSError, ValueError):
            address, port = _split(endpoint)
            if address.version == 6:
                return self._send6(str(address), port, payload)
            return self._send4(address, endpoint, port, payload)
        return False

    def receive(self) -> tuple[str, bytes] | None:
        """See Probes."""
        silent = 0
        while silent < len(self._sockets):
            # By turns, so that nobody who floods one family keeps this device from hearing the other.
            self._sockets.rotate()
            try:
                packet, source = self._sockets[0].recvfrom(_READ)
            except OSError:
                silent += 1
                continue
            silent = 0
            if (found := self._read(self._sockets[0].family, packet, source)) is not None:
                return found
        return None

    def close(self) -> None:
        """See Probes."""
        self._ready.close()
        for raw in self._sockets:
            raw.close()
        self._sockets.clear()

    def _open(self, family: int, program: Iterable[_Instruction]) -> None:
        raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_UDP)
        try:
            raw.setblocking(False)
            _attach(raw, program)
            raw.setsockopt(socket.SOL_SOCKET, _SO_MARK, marks.PACKET_MARK)
            if family == socket.AF_INET6:
                raw.setsockopt(socket.IPPROTO_IPV6, _IPV6_CHECKSUM, _CHECKSUM_AT)
            _drain(raw)
            self._ready.register(raw, selectors.EVENT_READ)
        except OSError:
            raw.close()
            raise
        self._sockets.append(raw)

    def _send6(self, address: str, port: int, payload: bytes) -> bool:
        datagram = _header(self._port, port, payload) + payload
        return self._socket(socket.AF_INET6).sendto(datagram, (address, 0)) == len(datagram)

    def _send4(self, address: ipaddress.IPv4Address, endpoint: str, port: int, payload: bytes) -> bool:
        source = source_towards(endpoint)
        if sys.platform == "win32" or source is None:
            return False
        datagram = with_checksum(source, str(address), _header(self._port, port, payload) + payload)
        # Named, so that it leaves with the address that is in the checksum, whatever changes meanwhile (ip(7)).
        leave_by = struct.pack("=i4s4x", 0, socket.inet_aton(source))
        told = [(socket.IPPROTO_IP, _IP_PKTINFO, leave_by)]
        return self._socket(socket.AF_INET).sendmsg([datagram], told, 0, (str(address), 0)) == len(datagram)

    def _socket(self, family: int) -> socket.socket:
        for raw in self._sockets:
            if raw.family == family:
                return raw
        raise OSError("this system has no such family")

    def _read(self, family: int, packet: bytes, source: tuple[str, int, int, int]) -> tuple[str, bytes] | None:
        """The sender's endpoint and the payload; None for what the filter should have kept away."""
        if family == socket.AF_INET:
            # The kernel gives the IP header too, in IPv4 only.
            packet = packet[(packet[0] & 15) * 4 :]
        if len(packet) < _UDP_HEADER:
            return None
        from_port, to_port, length = struct.unpack_from("!HHH", packet)
        payload = packet[_UDP_HEADER:length]
        is_ours = to_port == self._port and from_port and payload.startswith(self._magic)
        if not is_ours or not _UDP_HEADER <= length <= len(packet) or len(payload) > _LONGEST:
            return None
        return _endpoint(source, from_port), payload


def filter_ipv4(port: int, magic: bytes) -> tuple[_Instruction, ...]:
    """Passes a packet with its IP header: UDP to `port` that begins with `magic`, whole and not too long."""
    return (
        (_LOAD_HALF, 0, 0, 6),
        (_IF_BITS, 9, 0, _FRAGMENT),
        (_LOAD_HEADER_LENGTH, 0, 0, 0),
        (_LOAD_HALF_BEHIND, 0, 0, 2),
        (_IF_EQUAL, 0, 6, port),
        (_LOAD_WORD_BEHIND, 0, 0, _UDP_HEADER),
        (_IF_EQUAL, 0, 4, int.from_bytes(magic)),
        (_LOAD_LENGTH, 0, 0, 0),
        (_SUBTRACT_HEADER, 0, 0, 0),
        (_IF_GREATER, 1, 0, _UDP_HEADER + _LONGEST),
        (_RETURN, 0, 0, _READ),
        (_RETURN, 0, 0, 0),
    )


def filter_ipv6(port: int, magic: bytes) -> tuple[_Instruction, ...]:
    """The same for a packet that begins with its UDP header, as raw sockets of IPv6 see it."""
    return (
        (_LOAD_HALF, 0, 0, 2),
        (_IF_EQUAL, 0, 5, port),
        (_LOAD_WORD, 0, 0, _UDP_HEADER),
        (_IF_EQUAL, 0, 3, int.from_bytes(magic)),
        (_LOAD_LENGTH, 0, 0, 0),
        (_IF_GREATER, 1, 0, _UDP_HEADER + _LONGEST),
        (_RETURN, 0, 0, _READ),
        (_RETURN, 0, 0, 0),
    )


def with_checksum(source: str, destination: str, datagram: bytes) -> bytes:
    """The UDP datagram with the checksum of IPv4 (RFC 768): over a header of addresses, protocol and length, too."""
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    covered = ends + struct.pack("!HH", socket.IPPROTO_UDP, len(datagram)) + datagram
    covered += bytes(len(covered) % 2)
    # Carries come back in at the other end, which is what the remainder does (RFC 1071).
    rest = sum(struct.unpack(f"!{len(covered) // 2}H", covered)) % 0xFFFF
    # 0 would mean that there is none; both are zero in this arithmetic.
    checksum = 0xFFFF - rest
    return datagram[:_CHECKSUM_AT] + struct.pack("!H", checksum) + datagram[_UDP_HEADER:]


def _header(from_port: int, to_port: int, payload: bytes) -> bytes:
    return struct.pack("!HHHH", from_port, to_port, _UDP_HEADER + len(payload), 0)


def _attach(raw: socket.socket, program: Iterable[_Instruction]) -> None:
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    held = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog: how many instructions, and where they are; the kernel copies them.
    raw.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(code) // 8, ctypes.addressof(held)))


def _drain(raw: socket.socket) -> None:
    """Drop what came before the filter was there."""
    with suppress(BlockingIOError):
        while True:
            raw.recv(1)


def _split(endpoint: str) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]:
    address, _, port = endpoint.rpartition(":")
    if not 0 < int(port) <= 0xFFFF:
        raise ValueError("no port")
    return ipaddress.ip_address(address.strip("[]")), int(port)


def _endpoint(source: tuple[str, int, int, int], port: int) -> str:
    address = ipaddress.ip_address(source[0].partition("%")[0])
    if address.version == 4:
        return f"{address}:{port}"
    scope = f"%{socket.if_indextoname(source[3])}" if address.is_link_local else ""
    return f"[{address}{scope}]:{port}"


_: type[ProbesProtocol] = LinuxProbes
