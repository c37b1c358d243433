"""A household's devices as one of them sees them, for what is decided from ledgers, choices and facts.

The laptop founded the mesh; the nas and the phone were let in by it, the guest by an invite that nobody confirmed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from meshnet.core.plan import Situation
from meshnet.core.settings import Settings
from meshnet.core.trust import Ledger
from meshnet_platform.api import Facts, Gateway, Link
from support.ledgers import ledger_of
from support.meshes import NOW, FakeDevice, FakeMesh, seed

SECRET = "tunnel-secret-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
HOME = Facts(
    links=(
        Link("lo", ("127.0.0.1/8", "::1/128"), is_loopback=True),
        Link("eth0", ("192.168.1.20/24", "2001:db8:7::20/64", "fe80::20/64")),
        Link("docker0", ("172.17.0.1/16",), kind="bridge"),
        Link("eth9", ("10.9.0.1/24",), is_up=False),
    ),
    gateways=(Gateway("eth0", "192.168.1.1", 4), Gateway("eth0", "fe80::1", 6)),
    resolvers=("192.168.1.1",),
)


class Household:
    """The mesh and its devices."""

    def __init__(self) -> None:
        mesh = self.mesh = FakeMesh()
        self.laptop, self.nas = FakeDevice("laptop"), FakeDevice("nas")
        self.phone, self.guest = FakeDevice("phone"), FakeDevice("guest")
        self.ledger: Ledger = ledger_of(
            mesh,
            *mesh.found(self.laptop, "100.64.0.1"),
            mesh.membership(self.nas, "100.64.0.2"),
            mesh.device(self.nas, candidates=("81.2.69.160:51820", "[2a01:4f8::2]:51820"), can_host=True),
            mesh.membership(self.phone, "100.64.0.3"),
            mesh.device(self.phone),
            mesh.invite(seed("guests")),
            *mesh.join(self.guest, "100.64.0.4", seed("guests")),
        )

    def situation(self, **changes: Any) -> Situation:
        """The laptop's situation at home: nothing chosen, nothing wanted."""
        idle = Situation(
            me=self.laptop.id,
            ledger=self.ledger,
            choices={},
            settings=Settings(),
            facts=HOME,
            interface="meshnet0",
            private_key=SECRET,
            listen_port=21000,
            now=NOW,
        )
        return replace(idle, **changes)
