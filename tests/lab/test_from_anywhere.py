"""Devices behind every kind of NAT meet: directly wherever the two NATs allow it, through the relay otherwise.

The way is told from packets on the wires, never from what the product says; what it says must be the same.
"""

from __future__ import annotations

import itertools

import pytest

from lab.net import Lab, Machine, wait_until
from lab.places import Kind, Places, Way
from lab.world import COORDINATOR

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

_OPEN: tuple[Kind, ...] = ("public", "full-cone", "upnp")
_ONE_PORT: tuple[Kind, ...] = ("port-restricted", "double", "carrier", "firewall")
"""They leave by one port for all destinations, and let in only who was sent to, by that port."""


def expected(one: Kind, two: Kind) -> Way:
    """What the habits of the two NATs allow (RFC 4787, sections 4 and 5)."""
    if "symmetric" not in (one, two):
        # Customers of one carrier whose router leads nothing back to where it came from.
        return "relay" if one == two == "carrier" else "direct"
    other = two if one == "symmetric" else one
    return "direct" if other in (*_OPEN, "address-restricted") else "relay"


def said_way(places: Places, one: Machine, two: Machine) -> str:
    """What `meshnet devices` says of the path."""
    devices = {device["name"]: device for device in places.meshnet(one, "devices")["devices"]}
    return str(devices[two.name]["path"])


def check(places: Places, one: Machine, two: Machine, way: Way) -> None:
    """The pair settles on this way, by the wires and by its own word, seen from both ends."""
    wait_until(lambda: said_way(places, one, two) == said_way(places, two, one) == way, f"{way} said by both", 30, 0.2)
    assert places.way_of(one, two) == way


@pytest.fixture(scope="module")
def mesh(shared_lab: Lab) -> tuple[Places, dict[Kind, Machine]]:
    places = Places(shared_lab)
    kinds: tuple[Kind, ...] = ("public", "port-restricted", "symmetric", "full-cone", "double", "carrier", "upnp")
    devices = {kind: places.place(kind, number).device for number, kind in enumerate(kinds, 1)}
    places.start_mesh(*devices.values())
    return places, devices


_SHORT: tuple[tuple[Kind, Kind], ...] = (
    ("public", "port-restricted"),
    ("public", "symmetric"),
    ("port-restricted", "double"),
    ("port-restricted", "carrier"),
    ("port-restricted", "symmetric"),
    ("symmetric", "full-cone"),
    ("symmetric", "carrier"),
    ("symmetric", "upnp"),
)


@pytest.mark.parametrize(("one", "two"), _SHORT)
def test_each_pair_takes_the_best_way_there_is(mesh: tuple[Places, dict[Kind, Machine]], one: Kind, two: Kind) -> None:
    places, devices = mesh
    check(places, devices[one], devices[two], expected(one, two))


def test_a_direct_way_that_is_cut_gives_place_to_the_relay_and_comes_back(
    mesh: tuple[Places, dict[Kind, Machine]],
) -> None:
    places, devices = mesh
    laptop, host = devices["port-restricted"], devices["double"]
    places.meshnet(laptop, "route", host.name)
    check(places, laptop, host, "direct")
    for one_way in (False, True):
        places.cut(host, laptop, one_way=one_way)
        wait_until(lambda: said_way(places, laptop, host) == "relay", "the relay", 10, 0.1)
        assert places.meshnet(laptop, "status")["state"] == "routing"
        check(places, laptop, host, "relay")
        places.mend()
        check(places, laptop, host, "direct")
    status = places.meshnet(laptop, "status")
    assert (status["state"], status["route"]["path"]) == ("routing", "direct")
    assert status["route"]["rtt_ms"] is not None
    places.meshnet(laptop, "route", "--off")


@pytest.fixture
def internet(lab: Lab) -> Places:
    return Places(lab)


def test_two_in_one_network_meet_there(internet: Places) -> None:
    home = internet.place("port-restricted", 1, devices=2)
    internet.start_mesh(*home.devices)
    wait_until(lambda: said_way(internet, *home.devices) == "direct", "a direct path", 30, 0.2)
    assert internet.way_of(*home.devices) == "lan"


def test_ipv6_is_a_way_where_both_have_it_and_none_where_one_has_nothing_else(internet: Places) -> None:
    only, other = internet.place("ipv6-only", 1).device, internet.place("ipv6-only", 2).device
    ipv4 = internet.place("port-restricted", 3).device
    internet.start_mesh(only, other, ipv4, public_host=COORDINATOR)
    check(internet, only, other, "direct")
    assert said_way(internet, only, ipv4) == "none"


# Not "remapping": whose probe arrives first there decides whether a port is spoiled, and so whether the two meet.
_ALL: tuple[Kind, ...] = (*_OPEN, *_ONE_PORT, "address-restricted", "symmetric")


@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_pair_of_all_kinds(internet: Places) -> None:
    kinds = [*_ALL, "symmetric", "carrier", "port-restricted"]
    devices = [internet.place(kind, number).device for number, kind in enumerate(kinds, 1)]
    internet.start_mesh(*devices)
    for (one, device), (two, peer) in itertools.combinations(zip(kinds, devices, strict=True), 2):
        check(internet, device, peer, expected(one, two))
