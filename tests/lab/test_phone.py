"""A stock WireGuard app, with the printed configuration and nothing of ours, routes through a host behind a NAT."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lab.net import Lab, Machine, Process, Router, wait_until
from lab.places import RELAY_PORTS, Place, Places
from lab.world import WHOAMI

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

_USERSPACE = {"WG_QUICK_USERSPACE_IMPLEMENTATION": "wireguard-go", "LOG_LEVEL": "error"}
_PATIENCE = 75.0
"""Seconds: two keepalives, and a look of the beacons."""


class Internet(Places):
    """One whose coordinator can be stopped."""

    def start_coordinator(self, *args: str, public_host: str | None = None) -> Process:
        self.coordinator = super().start_coordinator(*args, public_host=public_host)
        return self.coordinator


@dataclass
class Phone:
    """A machine that only has WireGuard."""

    places: Places
    place: Place

    @property
    def machine(self) -> Machine:
        return self.place.device

    def scan(self, config: str) -> None:
        """Take the configuration in; `wg-quick` sets the name server by a tool that is not here."""
        server = next(line for line in config.splitlines() if line.startswith("DNS = "))
        file = self.machine.file("/run/phone.conf")
        file.write_text(config.replace(server + "\n", ""))
        file.chmod(0o600)
        self._quick("up")
        self.machine.resolve_with(server.removeprefix("DNS = "))

    def close(self) -> None:
        self._quick("down")
        self.machine.resolve_with(self.places.resolver4)

    def public(self, family: int = 4, *, by_name: bool = False) -> str | None:
        return self.places.public_address(self.machine, family, by_name=by_name)

    def _quick(self, verb: str) -> None:
        # The wireguard-go that it leaves behind would keep our pipe open.
        words = f"wg-quick {verb} /run/phone.conf >/run/wg-quick.log 2>&1 || {{ cat /run/wg-quick.log >&2; false; }}"
        self.machine.run("sh", "-c", words, env=_USERSPACE)


@dataclass
class Scene:
    """Two hosts behind NATs, the first of which has the mesh key, and a phone behind another."""

    places: Internet
    home: Place
    office: Place
    phone: Phone

    def add(self, name: str, via: Place) -> Any:
        return self.places.meshnet(self.home.device, "phone", "add", name, "--via", via.device.name)

    def remove(self, name: str) -> None:
        self.places.meshnet(self.home.device, "remove", name)

    def seen_by(self, host: Place, name: str) -> dict[str, Any]:
        self.places.meshnet(host.device, "status")
        found = {one["name"]: one for one in self.places.meshnet(host.device, "devices")["devices"]}
        return dict(found[name])


@pytest.fixture(scope="module")
def scene(shared_lab: Lab) -> Scene:
    places = Internet(shared_lab)
    home, office = places.place("port-restricted", 1), places.place("symmetric", 2)
    # It has IPv6 of its own, and the hosts have none: whatever of it gets out has leaked.
    phone = Phone(places, places.place("port-restricted", 3, ipv6=True))
    places.start_mesh(home.device, office.device, allow="")
    return Scene(places, home, office, phone)


@pytest.fixture
def added(scene: Scene) -> Iterator[Any]:
    """A phone that was added on its host itself, connected."""
    found = scene.add("phone", scene.home)
    scene.phone.scan(found["config"])
    yield found
    scene.phone.close()
    scene.remove("phone")


def test_a_phone_routes_through_a_host_behind_a_nat(scene: Scene) -> None:
    places, phone = scene.places, scene.phone
    assert phone.public() == phone.place.public4
    assert phone.public(6) is not None
    found = scene.add("phone", scene.home)
    address, port = found["endpoint"].split(":")
    assert (address, int(port) in RELAY_PORTS) == (places.server4, True)
    phone.scan(found["config"])
    wait_until(lambda: phone.public() == scene.home.public4, "the host's public address", _PATIENCE, 0.2)
    assert phone.public(by_name=True) == scene.home.public4
    assert phone.machine.run("getent", "ahostsv4", WHOAMI).stdout.split()[0] == places.web4
    assert phone.public(6) is None
    wait_until(lambda: scene.seen_by(scene.home, "phone")["path"] == "relay", "the path of the phone", 30, 0.2)
    shown = scene.seen_by(scene.home, "phone")
    assert (shown["online"], shown["platform"], shown["can_host"]) == (True, "wireguard", False)
    assert places.meshnet(scene.home.device, "status")["clients"] == ["phone"]
    scene.remove("phone")
    wait_until(lambda: phone.public() is None, "the end of its access", 10, 0.1)
    phone.close()
    assert phone.public() == phone.place.public4


def test_a_host_elsewhere_decides_itself_and_may_be_behind_a_symmetric_nat(scene: Scene) -> None:
    phone, office = scene.phone, scene.office
    found = scene.add("phone", office)
    phone.scan(found["config"])
    wait_until(lambda: scene.seen_by(office, "phone")["path"] == "relay", "a session", _PATIENCE, 0.2)
    assert phone.public() is None
    scene.places.meshnet(office.device, "allow", "phone", "routing")
    wait_until(lambda: phone.public() == office.public4, "the host's public address", 20, 0.2)
    scene.places.meshnet(office.device, "deny", "phone", "routing")
    assert phone.public() is None
    phone.close()
    scene.remove("phone")


@pytest.mark.long
def test_a_phone_whose_address_changes_comes_back_by_itself(scene: Scene, added: Any) -> None:
    phone, router = scene.phone, scene.phone.place.router
    assert router is not None
    wait_until(lambda: phone.public() == scene.home.public4, "the host's public address", _PATIENCE, 0.2)
    other = f"86.128.{phone.place.number}.77"
    _move(router, str(phone.place.public4), other)
    try:
        wait_until(lambda: phone.public() == scene.home.public4, "the host, from another address", _PATIENCE, 0.5)
    finally:
        _move(router, other, str(phone.place.public4))


@pytest.mark.long
def test_a_coordinator_that_was_restarted_has_the_port_as_before(scene: Scene, added: Any) -> None:
    places, phone = scene.places, scene.phone
    wait_until(lambda: phone.public() == scene.home.public4, "the host's public address", _PATIENCE, 0.2)
    coordinator = places.coordinator
    assert coordinator.stop() == 0
    assert phone.public() is None, "while the relay is gone"
    places.start_coordinator()
    # The phone does not notice, and the beacon knows nothing of it for up to two minutes.
    wait_until(lambda: phone.public() == scene.home.public4, "the host's public address", 30, 0.2)
    port = int(added["endpoint"].split(":")[1])
    assert str(port) in places.server.run("nft", "list", "set", "inet", "meshnet-relay", "ports").stdout


def _move(router: Router, old: str, new: str) -> None:
    """The router has another public address, and knows nothing of what went on at the old one."""
    gateway = new.rpartition(".")[0] + ".1"
    router.ip(f"addr del {old}/24 dev wan", f"addr add {new}/24 dev wan", f"route add 0.0.0.0/0 via {gateway}")
    router.run("conntrack", "-F")
