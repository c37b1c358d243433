"""Meshes of deterministic keys and the signed records of their devices, for tests on both sides of the coordinator.

mesh = FakeMesh("home", coordinator)         laptop = FakeDevice("laptop")
mesh.founding()  mesh.invite(secret)         mesh.membership(laptop, "100.64.0.7", secret)
mesh.device(laptop, name="Laptop")           mesh.grants(laptop, phone, routing=True)
mesh.removal(phone)                          mesh.found(laptop, "100.64.0.1")   the three records of a create
"""

from __future__ import annotations

import hashlib
from collections import Counter

from meshnet.core.identity import SigningKey, address6, mesh_network6, wireguard_public
from meshnet.core.links import invite_key
from meshnet.core.records import (
    Body,
    Confirmation,
    Device,
    Grants,
    Invite,
    Membership,
    Mesh,
    Removal,
    Signed,
    sign,
    text_of,
)

NOW = 1_800_000_000
"""A moment, in Unix time, at which the tests play unless they say otherwise."""


def seed(words: str) -> bytes:
    """32 bytes that are always the same for the same words."""
    return hashlib.sha256(words.encode()).digest()


def key(words: str) -> SigningKey:
    """A key pair that is always the same for the same words."""
    return SigningKey(seed(words))


COORDINATOR = key("coordinator")


class FakeDevice:
    """A device: its keys, and how often it has spoken."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.key = key(f"device {name}")
        self.id = self.key.id
        self.wireguard = wireguard_public(seed(f"wireguard {name}"))
        self.seq: Counter[str] = Counter()

    def next_seq(self, subject: str) -> int:
        """One more than last time."""
        self.seq[subject] += 1
        return self.seq[subject]


class FakeMesh:
    """A person's mesh at a coordinator (the public key), and what its key signs."""

    def __init__(
        self, name: str = "home", coordinator: str = COORDINATOR.public, network4: str = "100.64.0.0/10"
    ) -> None:
        self.key = key(f"mesh {name}")
        self.id = self.key.id
        self.coordinator = coordinator
        self.network4 = network4
        self.network6 = mesh_network6(coordinator)

    def founding(self) -> Signed:
        """The founding record."""
        body = Mesh(
            mesh=self.id,
            key=self.key.public,
            coordinator=self.coordinator,
            network4=self.network4,
            network6=self.network6,
        )
        return signed(body, self.key)

    def invite(self, secret: bytes, expires: int = NOW + 86_400) -> Signed:
        """An invite that the holder of the secret may use."""
        return signed(Invite(mesh=self.id, key=invite_key(secret).public, kind="own", expires=expires), self.key)

    def membership(self, device: FakeDevice, address4: str, secret: bytes | None = None, joined: int = NOW) -> Signed:
        """The device belongs to the mesh, by the invite of this secret, or by the mesh key itself."""
        inviter = self.key if secret is None else invite_key(secret)
        body = Membership(
            mesh=self.id,
            device=device.key.public,
            invite=inviter.public,
            address4=address4,
            address6=address6(self.network6, device.key.public),
            joined=joined,
        )
        return signed(body, device.key, inviter)

    def device(
        self,
        device: FakeDevice,
        name: str | None = None,
        *,
        candidates: tuple[str, ...] = (),
        can_host: bool = False,
        route: str | None = None,
        exit_now: str = "line",
        platform: str = "linux",
    ) -> Signed:
        """What the device says of itself, newer than last time."""
        body = Device(
            mesh=self.id,
            device=device.id,
            seq=device.next_seq("device"),
            name=device.name if name is None else name,
            platform=platform,
            wireguard=device.wireguard,
            candidates=candidates,
            can_host=can_host,
            route=route,
            exit=exit_now,
        )
        return signed(body, device.key)

    def grants(
        self, device: FakeDevice, peer: FakeDevice, *, incoming: bool = True, routing: bool = False, lan: bool = False
    ) -> Signed:
        """What the device permits the peer, newer than last time."""
        seq = device.next_seq(peer.id)
        body = Grants(
            mesh=self.id, device=device.id, peer=peer.id, seq=seq, incoming=incoming, routing=routing, lan=lan
        )
        return signed(body, device.key)

    def confirmation(self, device: FakeDevice) -> Signed:
        """The person stands by the device."""
        return signed(Confirmation(mesh=self.id, device=device.id), self.key)

    def removal(self, device: FakeDevice, *, by_itself: bool = False) -> Signed:
        """The device is out."""
        return signed(Removal(mesh=self.id, device=device.id), device.key if by_itself else self.key)

    def found(self, device: FakeDevice, address4: str) -> tuple[Signed, Signed, Signed]:
        """The records by which the device founds the mesh."""
        return self.founding(), self.membership(device, address4), self.device(device)

    def join(self, device: FakeDevice, address4: str, secret: bytes) -> tuple[Signed, Signed]:
        """The records by which the device joins."""
        return self.membership(device, address4, secret), self.device(device)


def signed(body: Body, *keys: SigningKey) -> Signed:
    """A record of this body."""
    return sign(text_of(body), *keys)
