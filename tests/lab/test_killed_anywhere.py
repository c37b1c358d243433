"""Killed at any step of `apply` and `restore`, a backend leaves nothing that the next one does not put right.

What is compared is the whole system: addresses, routes, rules, firewall, every network setting, files, processes.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from lab.kill_driver import Passage
from lab.net import Lab, Machine
from meshnet_platform.api import Control, Gateway, Hosting, Peer, Route, SystemPlan, Tunnel

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1800)]

_DRIVER = str(Path(__file__).with_name("kill_driver.py"))
DRIVERS = {"PYTHONPATH": str(Path(__file__).parents[1])}
"""The environment in which a driver finds the others."""


def _private(number: int) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def _peer(number: int, *, everything: bool) -> Peer:
    public = base64.b64encode(_private(number).public_key().public_bytes_raw()).decode()
    allowed = (f"100.64.0.{number}/32", f"fd00::{number}/128", *(("0.0.0.0/0", "::/0") if everything else ()))
    return Peer(public, allowed, f"198.51.100.1:{20000 + number}")


def _tunnel(host: int | None) -> Tunnel:
    """A tunnel with two peers, one of which may be the way out."""
    private = base64.b64encode(_private(1).private_bytes_raw()).decode()
    peers = tuple(_peer(number, everything=number == host) for number in (2, 3))
    own = ("100.64.0.1/32", "fd00::1/128")
    return Tunnel("meshnet0", private, 21820, own, peers=peers, unreachable=("100.64.0.0/24", "fd00::/64"))


def routed(host: int, *, passing: bool = True, hosting: Hosting | None = None) -> SystemPlan:
    route = Route(passing, control=(Control("198.51.100.1", 8443),), uplinks=("wan",))
    return SystemPlan(_tunnel(host), ("100.64.0.3",), hosting, route, (f"100.64.0.{host}",))


_HOSTING = Hosting(
    routing=("100.64.0.3", "fd00::3"),
    lan=("100.64.0.3", "fd00::3"),
    lan_prefixes=("192.168.1.0/24",),
    lan_interfaces=("lan",),
    denied=("10.0.0.0/8", "192.168.0.0/16", "198.51.100.0/24", "fc00::/7"),
    gateways=(Gateway("wan", "198.51.100.1", 4), Gateway("wan", "2001:db8:1::1", 6)),
)
MEMBER = SystemPlan(_tunnel(None), ("100.64.0.2", "100.64.0.3"))
HOST = SystemPlan(_tunnel(None), ("100.64.0.3",), _HOSTING)
CLOSED = SystemPlan(route=Route(passing=False))
PASSAGES = (
    Passage("a route begins", None, routed(2)),
    Passage("a route begins for a member", MEMBER, routed(2)),
    Passage("hosting with lan begins", None, HOST),
    Passage("another host", routed(2), routed(3)),
    Passage("blocked", routed(2), routed(2, passing=False)),
    Passage("flows again", routed(2, passing=False), routed(2)),
    Passage("closed without a mesh", routed(2), CLOSED),
    Passage("back to no route", routed(2), MEMBER),
    Passage("a routed host stops routing", routed(2, hosting=_HOSTING), HOST),
    Passage("hosting ends", HOST, MEMBER),
    Passage("a route is undone", routed(2), None),
    Passage("hosting is undone", HOST, None),
)


def client(lab: Lab) -> Machine:
    """A client whose gateway is known for good: what it sends leaves at once."""
    machine, net = lab.machine("client"), lab.router("net")
    gateways = "198.51.100.1", "2001:db8:1::1"
    lab.wire(
        net.port("to-client", "198.51.100.1/24", "2001:db8:1::1/64"),
        machine.port("wan", "198.51.100.2/24", "2001:db8:1::2/64", gateways=gateways),
    )
    lab.wire(machine.port("lan", "192.168.1.1/24"), net.port("other", "192.168.1.2/24"))
    hardware = net.run("cat", "/sys/class/net/to-client/address").stdout.strip()
    machine.ip(*(f"neigh replace {one} lladdr {hardware} nud permanent dev wan" for one in gateways))
    machine.resolve_with(gateways[0])
    return machine


def die(machine: Machine, passages: list[Passage], timeout: float) -> list[str]:
    """The cases that went wrong."""
    state, plans = machine.directory / "state", machine.directory / "plans.json"
    state.mkdir()
    plans.write_bytes(msgspec.json.encode(passages))
    process = machine.spawn(sys.executable, _DRIVER, str(state), str(plans))
    process.wait_for_line("done", timeout, exact=True)
    cases = [json.loads(line) for line in process.out.read_text().splitlines()[:-1]]
    assert {case["passage"] for case in cases} == {passage.name for passage in passages}
    return [
        f"{case['passage']}, {case['at']} ({case['step']}), {case['fate']}: {problem}"
        for case in cases
        for problem in case["problems"]
    ]


def test_at_a_sample_of_steps(lab: Lab) -> None:
    every = 20
    sample = [
        msgspec.structs.replace(passage, every=every, offset=number * 5) for number, passage in enumerate(PASSAGES)
    ]
    assert die(client(lab), sample, 400) == []


@pytest.mark.long
def test_at_every_step(lab: Lab) -> None:
    assert die(client(lab), list(PASSAGES), 1700) == []
