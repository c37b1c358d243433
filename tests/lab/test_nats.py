"""The lab's routers are what they say, told by plain datagrams; and so is what tells the way of a packet."""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from lab import nats
from lab.net import Lab, Machine, Router, wait_until
from lab.pcap import Packet
from lab.places import CARRIER4, Kind, Place, Places, carriers

pytestmark = pytest.mark.lab

_CLONE_NEWNET = 0x40000000
_INNER = 41414

Endpoint = tuple[str, int]


class Udp:
    """A UDP socket in a machine; it stays there when the thread that made it has ended (setns(2), socket(7))."""

    def __init__(self, machine: Machine, address: str = "", port: int = 0) -> None:
        self._made: list[socket.socket] = []
        maker = threading.Thread(target=self._make, args=(machine.pid, address, port))
        maker.start()
        maker.join()
        (self._socket,) = self._made
        self._socket.settimeout(10)

    def _make(self, pid: int, address: str, port: int) -> None:
        namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(namespace, _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        finally:
            os.close(namespace)
        made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((address, port))
        self._made.append(made)

    def send(self, to: Endpoint, text: bytes = b"hello") -> None:
        self._socket.sendto(text, to)

    def receive(self) -> tuple[bytes, Endpoint]:
        text, sender = self._socket.recvfrom(100)
        return text, sender[:2]

    def asks(self, other: Udp, to: Endpoint) -> Endpoint:
        """Send a datagram to another one, which is there under `to`; the endpoint from which it comes there."""
        self.send(to)
        return other.receive()[1]

    def close(self) -> None:
        self._socket.close()


class Servers(NamedTuple):
    """Whom a device talks to: two ports of one address, and another address."""

    first: Udp
    other_port: Udp
    other_address: Udp


class Internet(NamedTuple):
    places: Places
    servers: Servers
    first: Endpoint
    other_port: Endpoint
    other_address: Endpoint
