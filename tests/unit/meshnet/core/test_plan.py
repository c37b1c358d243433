"""What is decided for whole situations, written down (syrupy), and what must hold in every situation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from meshnet.core.grants import Choice, Permission, permitted
from meshnet.core.plan import ALL, KEEPALIVE, Situation, Wish, choose_endpoint, plan
from meshnet.core.records import Device
from meshnet.core.settings import Settings
from meshnet.core.special import NOT_PUBLIC, ON_LINK_ONLY, network_of
from meshnet_platform.api import Control, Facts, Gateway, Link, Peer, PeerSight
from support.ledgers import body
from support.meshes import NOW, FakeDevice, FakeMesh
from support.situations import HOME, SECRET, Household

PPP = Facts(links=(Link("ppp0", ("203.0.113.9/32",)),), gateways=(Gateway("ppp0", None, 4),), resolvers=("9.9.9.9",))


def _removed(home: Household) -> Situation:
    home.ledger.accept(home.mesh.removal(home.phone))
    return home.situation()


SITUATIONS: dict[str, Callable[[Household], Situation]] = {
    "idle": lambda home: home.situation(),
    "a host": lambda home: home.situation(
        choices={home.nas.id: Choice(routing=True, lan=True), home.phone.id: Choice(routing=True, incoming=False)},
        resolver_port=5300,
    ),
    "a host behind a line without a gateway": lambda home: home.situation(
        choices={home.nas.id: Choice(routing=True, lan=True)}, facts=PPP
    ),
    "a host for all own devices, one of them not confirmed": lambda home: home.situation(
        settings=Settings(own_devices=("routing",))
    ),
    "a host that cannot": lambda home: home.situation(choices={home.nas.id: Choice(routing=True)}, can_host=False),
    "a host that is routed itself": lambda home: home.situation(
        choices={home.phone.id: Choice(routing=True)}, wish=Wish(home.nas.id, True)
    ),
    "routed": lambda home: home.situation(wish=Wish(home.nas.id, True), control=(Control("203.0.113.5", 8443),)),
    "blocked": lambda home: home.situation(wish=Wish(home.nas.id, False)),
    "blocked, the host was removed": lambda home: replace(_removed(home), wish=Wish(home.phone.id, True)),
    "routed, the local network stays": lambda home: home.situation(
        wish=Wish(home.nas.id, True), settings=Settings(local_network=True)
    ),
    "routed without the kill switch": lambda home: home.situation(
        wish=Wish(home.nas.id, True), settings=Settings(kill_switch=False)
    ),
    "a device was removed": _removed,
}


def shown(value: object) -> object:
    """A plan as plain data, without what is as it is by default."""
    if is_dataclass(value):
        return {entry.name: shown(getattr(value, entry.name)) for entry in fields(value) if entry.repr}
    if isinstance(value, tuple):
        return [shown(item) for item in value]
    return value


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_plan_of_each_situation(name: str, snapshot: SnapshotAssertion) -> None:
    found = plan(SITUATIONS[name](Household()))
    hosting = found.hosting
    if hosting is not None:
        # The ranges that are never public stand in test_special; here only what the facts add to them.
        added = tuple(prefix for prefix in hosting.denied if prefix not in map(str, NOT_PUBLIC))
        assert len(added) == len(hosting.denied) - len(NOT_PUBLIC)
        found = replace(found, hosting=replace(hosting, denied=added))
    assert shown(found) == snapshot


@pytest.mark.parametrize(
    ("dns", "resolvers"), [("host", ("100.64.0.2",)), ("system", ()), ("2620:fe::fe", ("2620:fe::fe",))]
)
def test_who_answers_names_while_routed(dns: str, resolvers: tuple[str, ...]) -> None:
    home = Household()
    for passing in (True, False):
        found = plan(home.situation(wish=Wish(home.nas.id, passing), settings=Settings(dns=dns)))
        assert found.resolvers == resolvers
    assert plan(home.situation(settings=Settings(dns=dns))).resolvers == ()


@pytest.mark.parametrize(
    ("kill_switch", "guarded", "at_boot"), [(True, True, False), (False, False, False), ("always", True, True)]
)
def test_the_kill_switch_says_from_when_on_it_is_closed(
    kill_switch: bool | Literal["always"], guarded: bool, at_boot: bool
) -> None:
    home = Household()
    route = plan(home.situation(wish=Wish(home.nas.id, True), settings=Settings(kill_switch=kill_switch))).route
    assert route is not None
    assert (route.guarded, route.at_boot) == (guarded, at_boot)


def test_without_the_local_network_nothing_is_reached_directly() -> None:
    home = Household()
    route = plan(home.situation(wish=Wish(home.nas.id, True))).route
    assert route is not None
    assert route.local == ()


CAFE = Facts(links=(Link("wlan0", ("192.168.50.20/24", "fe80::20/64")),), resolvers=("192.168.50.1", "9.9.9.9"))


@pytest.mark.parametrize(
    ("dns", "asked"),
    [
        ("host", ()),
        ("system", ("192.168.50.1",)),
        ("192.168.50.53", ("192.168.50.53",)),
        ("192.168.1.53", ()),
        ("9.9.9.9", ()),
    ],
)
def test_name_servers_of_the_local_network_are_asked_by_choice_only(dns: str, asked: tuple[str, ...]) -> None:
    home = Household()
    for is_near in (True, False):
        chosen = Settings(local_network=is_near, dns=dns)
        route = plan(home.situation(wish=Wish(home.nas.id, True), settings=chosen, facts=CAFE)).route
        assert route is not None
        assert route.local_resolvers == (asked if is_near else ())


@pytest.mark.parametrize(
    "claimed", ["8.8.8.20/24", "0.0.0.1/0", "10.0.0.5/1", "2a01:4f8::5/64", "64:ff9b::5/96", "2002:808:808::1/48"]
)
def test_a_public_range_is_not_local_because_dhcp_says_so(claimed: str) -> None:
    home = Household()
    hostile = Facts(links=(Link("wlan0", (claimed,)),))
    local = Settings(local_network=True)
    route = plan(home.situation(wish=Wish(home.nas.id, True), settings=local, facts=hostile)).route
    assert route is not None
    assert route.local == tuple(sorted(map(str, ON_LINK_ONLY)))


def test_a_session_that_lives_is_not_sent_elsewhere_on_a_candidates_word() -> None:
    home = Household()
    device = home.ledger.devices[home.nas.id]
    seen = PeerSight(device.wireguard, "192.0.2.9:1", NOW - 10, 0, 0)
    assert choose_endpoint(device, seen, 0, NOW) is None
    assert choose_endpoint(device, replace(seen, last_handshake=NOW - 200), 0, NOW) == device.candidates[0]
    set_back = NOW - 10 * 365 * 86400
    assert choose_endpoint(device, seen, 0, set_back) == device.candidates[0], "a handshake of the future is an old one"
    assert [choose_endpoint(device, None, turn, NOW) for turn in range(3)] == [
        device.candidates[0],
        device.candidates[1],
        device.candidates[0],
    ]


def test_a_peer_with_nothing_granted_either_way_is_met_on_demand() -> None:
    home = Household()
    keepalives = {peer.public_key: peer.keepalive for peer in _peers(home.situation())}
    assert keepalives == {home.nas.wireguard: KEEPALIVE, home.phone.wireguard: KEEPALIVE, home.guest.wireguard: 0}
    home.ledger.accept(home.mesh.grants(home.guest, home.laptop))
    assert {peer.keepalive for peer in _peers(home.situation())} == {KEEPALIVE}


def _peers(situation: Situation) -> tuple[Peer, ...]:
    tunnel = plan(situation).tunnel
    assert tunnel is not None
    return tunnel.peers


# --- in every situation ---------------------------------------------------------------------------------------------

WORDS = ("nas", "phone", "guest", "fourth")


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    home = Household()
    devices = {"nas": home.nas, "phone": home.phone, "guest": home.guest, "fourth": FakeDevice("fourth")}
    _grow(draw, home.mesh, home, devices)
    ids = st.sampled_from([device.id for device in devices.values()])
    maybe = st.sampled_from((None, True, False))
    choices = draw(st.dictionaries(ids, st.builds(Choice, maybe, maybe, maybe)))
    return home.situation(
        choices=choices,
        settings=draw(
            st.builds(
                Settings,
                kill_switch=st.sampled_from((True, False, "always")),
                local_network=st.booleans(),
                dns=st.sampled_from(("host", "system", "9.9.9.9")),
                own_devices=st.sampled_from(((), ("routing",), ("routing", "lan"))),
            )
        ),
        facts=draw(st.sampled_from((HOME, PPP, Facts()))),
        wish=draw(st.none() | st.builds(Wish, ids | st.just("a" * 26), st.booleans())),
        turns=draw(st.dictionaries(ids, st.integers(0, 5))),
        can_host=draw(st.booleans()),
        resolver_port=draw(st.sampled_from((None, 5300))),
    )


def _grow(draw: st.DrawFn, mesh: FakeMesh, home: Household, devices: dict[str, FakeDevice]) -> None:
    if draw(st.booleans()):
        home.ledger.accept(mesh.membership(devices["fourth"], "100.64.0.5"))
        if draw(st.booleans()):
            home.ledger.accept(mesh.device(devices["fourth"]))
    for word in draw(st.lists(st.sampled_from(WORDS[:3]), max_size=2, unique=True)):
        home.ledger.accept(mesh.removal(devices[word]))


@settings(max_examples=40, deadline=None)
@given(situations())
def test_whatever_the_situation_nobody_gets_what_is_not_granted(situation: Situation) -> None:
    found = plan(situation)
    tunnel = found.tunnel
    assert tunnel is not None
    ledger = situation.ledger

    def who(address: str) -> str:
        return next(d for d, m in ledger.members.items() if address in (m.address4, m.address6))

    def may(address: str) -> Permission:
        return permitted(ledger, situation.choices, situation.settings, who(address))

    configured = {prefix.partition("/")[0] for peer in tunnel.peers for prefix in peer.allowed}
    assert set(found.incoming) <= configured
    assert all(may(address).incoming for address in found.incoming)
    hosting = found.hosting
    if hosting is not None:
        assert situation.can_host
        assert set(hosting.routing) <= configured
        assert set(hosting.lan) <= set(hosting.routing)
        assert all(may(address).routing for address in hosting.routing)
        assert all(may(address).lan for address in hosting.lan)
        assert set(map(str, NOT_PUBLIC)) <= set(hosting.denied)
        assert hosting.lan or hosting.lan_prefixes == hosting.lan_interfaces == ()
        mesh = ledger.mesh
        assert mesh is not None
        for prefix in map(network_of, hosting.lan_prefixes):
            assert not prefix.overlaps(network_of(mesh.network4))
            assert not prefix.overlaps(network_of(mesh.network6))


@settings(max_examples=40, deadline=None)
@given(situations())
def test_whatever_the_situation_a_prefix_belongs_to_one_peer_and_all_traffic_to_the_host(situation: Situation) -> None:
    found = plan(situation)
    tunnel = found.tunnel
    assert tunnel is not None
    allowed = [prefix for peer in tunnel.peers for prefix in peer.allowed]
    assert len(allowed) == len(set(allowed))
    carrying = [peer.public_key for peer in tunnel.peers if set(peer.allowed) & set(ALL)]
    host = situation.ledger.devices.get(situation.wish.host) if situation.wish else None
    is_there = host is not None and situation.ledger.is_member(host.device)
    assert carrying == ([host.wireguard] if host is not None and is_there else [])
    assert (found.route is None) == (situation.wish is None)
    if found.route is not None and situation.wish is not None:
        assert found.route.passing == (situation.wish.passing and is_there)
    members = {prefix.partition("/")[0] for prefix in tunnel.unreachable}
    assert not members & {prefix.partition("/")[0] for prefix in allowed}


@settings(max_examples=30, deadline=None)
@given(situations())
def test_whatever_the_situation_the_plan_is_the_same_twice_and_shows_no_secret(situation: Situation) -> None:
    found = plan(situation)
    assert plan(situation) == found
    assert found.tunnel is not None
    assert found.tunnel.private_key == SECRET
    assert SECRET not in repr(found)
    assert SECRET not in repr(situation)
    assert situation.me not in {who.device for who in situation.ledger.active() if who.wireguard in repr(found)}


def test_the_mtu_is_the_hosts_where_that_is_less() -> None:
    home = Household()
    record = body(home.mesh.device(home.nas))
    assert isinstance(record, Device)
    home.ledger.devices[home.nas.id] = msgspec.structs.replace(record, mtu=1280)
    tunnel = plan(home.situation(wish=Wish(home.nas.id, True))).tunnel
    assert tunnel is not None
    assert tunnel.mtu == 1280


def test_an_address_of_a_member_that_is_no_peer_goes_nowhere() -> None:
    home = Household()
    silent = FakeDevice("silent")
    home.ledger.accept(home.mesh.membership(silent, "100.64.0.9"))
    tunnel = plan(home.situation(wish=Wish(home.nas.id, True))).tunnel
    assert tunnel is not None
    assert "100.64.0.9/32" in tunnel.unreachable


def test_the_address_that_the_world_sees_is_denied_to_peers() -> None:
    home = Household()
    hosting = plan(home.situation(choices={home.nas.id: Choice(routing=True)}, own_public=("81.2.69.10",))).hosting
    assert hosting is not None
    assert "81.2.69.10/32" in hosting.denied
