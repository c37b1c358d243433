"""Where others may be met: not at this device itself, nor where a peer or the coordinator has no business."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from meshnet.core.identity import wireguard_public
from meshnet.core.plan import Way, plan
from meshnet.daemon.model import Model
from meshnet.protocol.control import Beacon
from support.daemons import model_of
from support.situations import HOME, Household

COORDINATOR = "46.101.10.20"
KEY, OTHER_KEY = "A" * 42 + "E=", "B" * 42 + "E="


@pytest.fixture
def model(tmp_path: Path) -> Model:
    found = model_of(tmp_path, Household())
    found.facts = HOME
    found.joined.coordinator_addresses = [COORDINATOR, "192.168.1.5"]
    found.joined.coordinator_port = 8443
    found.whereabouts.name_beacons((Beacon(KEY, 8443), Beacon(OTHER_KEY, 8444)))
    return found


@pytest.mark.parametrize(
    "endpoint",
    [
        "192.168.1.20:21000",
        "192.168.1.20:22",
        "[2001:db8:7::20]:21000",
        "192.168.1.1:53",
        "192.168.1.255:9",
        "172.17.0.1:2375",
        "172.17.255.255:9",
        "10.9.0.1:9",
        "100.64.0.2:21000",
        f"{COORDINATOR}:8443",
        f"{COORDINATOR}:8444",
    ],
)
def test_nothing_is_sent_on_a_peers_word_to_this_device_its_routers_and_the_coordinator(
    model: Model, endpoint: str
) -> None:
    assert model.whereabouts.elsewhere(("81.2.69.160:51820", endpoint)) == ("81.2.69.160:51820",)


@pytest.mark.parametrize(
    "endpoint", ["192.168.1.21:21000", "10.0.0.5:51820", "[fd00::2]:51820", f"{COORDINATOR}:51820", "172.17.0.2:51820"]
)
def test_neighbours_and_a_peer_on_the_coordinators_machine_are_met(model: Model, endpoint: str) -> None:
    assert model.whereabouts.elsewhere((endpoint,)) == (endpoint,)


@pytest.mark.parametrize(
    "endpoint", [f"{COORDINATOR}:20000", "192.168.1.5:20001", "93.184.215.14:20000", "[2a03::1]:2"]
)
def test_a_relay_is_where_the_coordinator_is_known_to_be_or_public(model: Model, endpoint: str) -> None:
    assert model.whereabouts.may_be_relay(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "garbage",
        "mesh.example:20000",
        "46.101.10.20",
        f"{COORDINATOR}:0",
        f"{COORDINATOR}:70000",
        f"{COORDINATOR}:8443",
        "127.0.0.1:20000",
        "255.255.255.255:20000",
        "[::ffff:46.101.10.20]:20000",
        "[fe80::1]:20000",
        "192.168.1.21:20000",
        "192.168.1.1:20000",
        "100.64.0.2:20000",
        "10.0.0.5:20000",
        "224.0.0.251:5353",
    ],
)
def test_no_relay_is_in_a_network_of_this_devices_own(model: Model, endpoint: str) -> None:
    assert not model.whereabouts.may_be_relay(endpoint)


def test_a_beacon_has_a_key_and_a_port_of_its_own(model: Model) -> None:
    own, good = wireguard_public(model.state.wireguard_key), Beacon(KEY, 8443)
    for bad in (Beacon(own, 8444), Beacon(KEY, 8444), Beacon("none", 8444), Beacon(OTHER_KEY, 0)):
        model.whereabouts.name_beacons((good, bad))
        assert model.whereabouts.beacons == (good,)
    model.whereabouts.name_beacons((good, Beacon(OTHER_KEY, 8444), Beacon("C" * 42 + "E=", 8445)))
    assert model.whereabouts.beacons == (good, Beacon(OTHER_KEY, 8444))


def test_addresses_of_the_local_network_are_told_to_who_says_it_is_behind_the_same_public_address(model: Model) -> None:
    model.state.seen_addresses = ["81.2.69.160"]
    nas = next(device for device in model.mesh.active() if device.name == "nas")
    near = "192.168.1.20:21000"
    assert near in model.whereabouts.candidates_for(replace(nas, candidates=("81.2.69.160:51820",)))
    assert near not in model.whereabouts.candidates_for(replace(nas, candidates=("203.0.113.9:51820",)))
    assert near not in model.whereabouts.candidates_for(replace(nas, candidates=()))
    assert near not in model.whereabouts.candidates, "what the whole mesh reads"


def test_a_beacon_with_a_members_key_takes_nothing_from_the_member(model: Model) -> None:
    home = Household()
    nas = home.ledger.devices[home.nas.id]
    beacons = ((nas.wireguard, f"{COORDINATOR}:8443"), (KEY, f"{COORDINATOR}:8444"))
    made = plan(home.situation(beacons=beacons, ways={nas.device: Way("81.2.69.160:51820")})).tunnel
    assert made is not None
    of_nas = [peer for peer in made.peers if peer.public_key == nas.wireguard]
    assert [(peer.endpoint, bool(peer.allowed)) for peer in of_nas] == [("81.2.69.160:51820", True)]
    assert [peer.allowed for peer in made.peers if peer.public_key == KEY] == [()], "one of its own is there"
