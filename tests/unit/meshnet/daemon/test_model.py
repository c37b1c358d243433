"""What the daemon knows, and what it says of this device."""

from __future__ import annotations

from pathlib import Path

from meshnet.core.settings import changed
from meshnet.core.trust import Ledger
from meshnet.daemon.link import Link as DaemonLink
from meshnet.daemon.model import Model
from meshnet.daemon.store import MeshMap, Store
from meshnet.errors import Blocked
from meshnet_platform.api import Facts, Gateway, Link
from support.daemons import model_of
from support.meshes import NOW
from support.situations import Household


def test_what_the_coordinator_calls_an_address_and_is_none_is_passed_over(tmp_path: Path) -> None:
    model = model_of(tmp_path, Household())
    for junk in ("", "not an address", "300.1.2.3", "81.2.69.10:1"):
        model.see_address(junk)
    assert model.state.seen_addresses == []
    model.see_address("81.2.69.10")
    assert model.own_record(1).candidates == (f"81.2.69.10:{model.state.listen_port}",)


def test_an_address_that_the_person_named_comes_first(tmp_path: Path) -> None:
    model = model_of(tmp_path, Household())
    model.see_address("81.2.69.10")
    model.state.settings = type(model.state.settings)(endpoint="5.6.7.8:4500")
    assert model.own_record(1).candidates == ("5.6.7.8:4500", f"81.2.69.10:{model.state.listen_port}")


def test_a_host_names_the_address_its_peers_leave_by_until_its_line_is_another(tmp_path: Path) -> None:
    model = model_of(tmp_path, Household())
    line = Facts(links=(Link("eth0", ("192.168.1.20/24",)),), gateways=(Gateway("eth0", "192.168.1.1", 4),))
    model.facts = line
    assert model.own_record(1).public == ()
    model.see_address("81.2.69.10")
    assert model.own_record(1).public == ("81.2.69.10",)
    model.facts = Facts(links=line.links, gateways=(Gateway("eth0", "192.168.1.254", 4),))
    DaemonLink(model, None, _nothing).moved()
    assert model.own_record(1).public == ()


async def _nothing() -> None: ...


def test_a_device_that_routes_on_leaves_it_to_its_host_to_name_an_address(tmp_path: Path) -> None:
    home = Household()
    model = model_of(tmp_path, home)
    model.facts = Facts(links=(Link("eth0", ("192.168.1.20/24",)),), gateways=(Gateway("eth0", "192.168.1.1", 4),))
    model.see_address("81.2.69.10")
    model.state.route = home.nas.id
    assert model.own_record(1).public == ()
    assert model.whereabouts.public == ("81.2.69.10",)


def test_a_device_whose_records_are_lost_says_nothing(tmp_path: Path) -> None:
    model = model_of(tmp_path, Household())
    model.ledger = Ledger(model.mesh.mesh_key)
    assert not model.announce()
    assert model.state.outbox == []


class CountingStore(Store):
    """Counts how often all records are written."""

    written = 0

    def save_map(self, mesh_map: MeshMap) -> None:
        self.written += 1
        super().save_map(mesh_map)


def test_all_that_one_setting_makes_a_device_say_is_written_once_and_found_again(tmp_path: Path) -> None:
    home = Household()
    model = model_of(tmp_path, home)
    model.announce()
    counting = model.store = CountingStore(tmp_path)
    model.state.settings = changed(model.state.settings, "own-devices", "routing")
    assert model.announce()
    assert counting.written == 1
    again = Model(Store(tmp_path), "fake")
    said = [again.mesh.grants[home.laptop.id, peer.id].routing for peer in (home.nas, home.phone)]
    assert said == [True, True]
    assert again.state.outbox == model.state.outbox


def test_leaving_changes_the_keys_and_forgets_what_was_permitted(tmp_path: Path) -> None:
    home = Household()
    model = model_of(tmp_path, home)
    model.choose(home.nas.id, ("routing",), True)
    before = (model.me, model.wireguard_private)
    model.leave()
    assert model.me != before[0]
    assert model.wireguard_private != before[1]
    assert model.state.choices == {}
    assert model.state.joined is None


VPN = Facts(
    links=(Link("eth0", ("192.168.1.10/24",)), Link("wg0", ("10.66.0.2/32",), kind="wireguard")),
    gateways=(Gateway("wg0", None, 4), Gateway("eth0", "192.168.1.1", 4), Gateway("eth0", "fe80::1", 6)),
)
LINE = Facts(links=VPN.links[:1], gateways=VPN.gateways[1:])


def hosting(tmp_path: Path) -> tuple[Household, Model]:
    """A laptop that permits the nas to route."""
    home = Household()
    model = model_of(tmp_path, home)
    model.choose(home.nas.id, ("routing",), True)
    return home, model


def test_a_host_on_a_vpn_says_so_and_that_it_carries_less(tmp_path: Path) -> None:
    _, model = hosting(tmp_path)
    model.facts = VPN
    model.settle_exit()
    said = model.own_record(2)
    assert (said.exit, said.mtu, said.ipv6, said.can_host) == ("vpn", 1340, False, True)


def test_a_host_whose_vpn_dropped_says_so_and_still_does_after_a_restart(tmp_path: Path) -> None:
    home, model = hosting(tmp_path)
    model.facts = VPN
    model.settle_exit()
    model.facts = LINE
    model.settle_exit()
    again = Model(model.store, "fake", clock=lambda: NOW)
    again.facts = LINE
    for one in (model, again):
        said = one.own_record(2)
        assert (said.exit, said.can_host) == ("lost", False)
        assert "host-vpn-lost tell" in (said.cannot_host or ""), "what to do stands in it"
    again.facts = VPN
    assert again.own_record(3).can_host
    assert home.ledger.is_member(model.me)


def test_peers_are_told_once_before_they_are_moved_to_the_line(tmp_path: Path) -> None:
    _, model = hosting(tmp_path)
    model.facts = VPN
    model.settle_exit()
    model.state.settings = changed(model.state.settings, "host-vpn-lost", "tell")
    model.facts = LINE
    model.settle_exit()
    assert model.must_tell_of_line
    assert model.own_record(2).exit == "line"
    assert model.exit == "lost", "until they know, they leave nowhere"
    model.forget_vpn()
    assert model.exit == "line"
    assert not model.must_tell_of_line


def test_where_the_world_reaches_this_device_is_known_for_both_families_and_after_a_restart(tmp_path: Path) -> None:
    _, model = hosting(tmp_path)
    for address in ("81.2.69.9", "2a02:8010:6a00:1::10", "81.2.69.10"):
        model.see_address(address)
    again = Model(model.store, "fake", clock=lambda: NOW)
    assert again.own_public == ("81.2.69.10", "2a02:8010:6a00:1::10")
    again.state.settings = changed(again.state.settings, "endpoint", "62.24.131.7:51820")
    assert "62.24.131.7" in again.own_public


def test_local_networks_with_public_addresses_are_announced(tmp_path: Path) -> None:
    _, model = hosting(tmp_path)
    links = (Link("eth0", ("192.168.1.10/24", "88.198.50.2/24", "2003:8:20:1::2/64")),)
    model.facts = Facts(links=links, gateways=LINE.gateways)
    assert model.own_record(2).lan == ("2003:8:20:1::/64", "88.198.50.0/24")


def test_a_vpn_that_nobody_routed_through_is_not_missed(tmp_path: Path) -> None:
    home, model = hosting(tmp_path)
    model.choose(home.nas.id, ("routing",), False)
    model.facts = VPN
    model.settle_exit()
    model.facts = LINE
    assert model.own_record(2).exit == "line"


def test_a_host_whose_own_route_is_blocked_says_why_it_carries_nobody(tmp_path: Path) -> None:
    _, model = hosting(tmp_path)
    model.stuck = Blocked.ROUTING_REVOKED
    said = model.own_record(2)
    assert not said.can_host
    assert said.cannot_host == "Its own route is blocked: the host no longer allows routing."
    model.gives_way = True
    assert model.own_record(3).can_host


def test_a_routed_host_announces_what_its_own_host_carries(tmp_path: Path) -> None:
    home, model = hosting(tmp_path)
    model.facts = LINE
    model.state.route = home.nas.id
    assert model.own_record(2).ipv6 is model.mesh.devices[home.nas.id].ipv6 is False
    model.gives_way = True
    assert model.own_record(3).ipv6
