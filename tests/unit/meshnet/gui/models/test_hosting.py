"""This device and whom it hosts, as values."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from unit.meshnet.gui.fake_daemon import LAPTOP, joined

from meshnet.gui.models.hosting import Hosting, facts, hosting, name, sharing
from meshnet.gui.models.mesh import Snapshot
from meshnet.protocol.local import CoordinatorStatus, HostedClient, Status, StoppedClient

PHONE = HostedClient("p" * 26, "phone", "2026-01-01T00:00:00Z", rx_bytes=2_000_000, tx_bytes=3_000_000_000)
TABLET = StoppedClient("t" * 26, "tablet", "2026-01-01T00:10:00Z")


def snapshot(shared: str = "none", asked: dict[tuple[str, str], bool] | None = None, **changes: Any) -> Snapshot:
    return Snapshot(
        connected=True, status=joined(**changes), settings={"own-devices": shared} if shared else {}, asked=asked or {}
    )


def test_what_is_known_of_this_device_is_told_with_what_can_be_copied() -> None:
    told = {fact.key: fact for fact in facts(snapshot(public=("203.0.113.7", "2001:db8::7")))}
    assert told["address4"].copied == "100.64.0.1"
    assert told["public"].text == "203.0.113.7\n2001:db8::7"
    assert told["system"].text == "Linux"
    assert told["system"].copied == ""
    assert told["coordinator"].text == "Connected to https://mesh.example:8443"
    assert facts(Snapshot(connected=True, status=Status("not-joined"))) == ()


def test_what_is_not_known_keeps_its_place_without_a_text() -> None:
    known, unknown = facts(snapshot(public=("203.0.113.7",))), facts(snapshot(coordinator=None))
    assert [fact.key for fact in known] == [fact.key for fact in unknown]
    assert {fact.key for fact in unknown if not fact.text} == {"public", "coordinator"}


def test_a_coordinator_that_is_away_is_said_with_what_it_means() -> None:
    away = CoordinatorStatus("https://mesh.example", False)
    told = {fact.key: fact.text for fact in facts(snapshot(coordinator=away))}
    assert "does not answer" in told["coordinator"]
    assert "keep working" in told["coordinator"]


def test_hosting_is_shown_by_daemons_that_can_host_only() -> None:
    assert hosting(snapshot(capabilities=("route",))) == Hosting()
    assert hosting(Snapshot()) == Hosting()
    assert hosting(snapshot()).shown


def test_why_this_device_cannot_host_is_said() -> None:
    unable = msgspec.structs.replace(LAPTOP, can_host=False, cannot_host="`nft` is missing")
    told = hosting(snapshot(device=unable))
    assert not told.able
    assert told.verdict == "This device cannot route the traffic of others: “nft” is missing"
    assert hosting(snapshot()).able


@pytest.mark.parametrize(
    ("value", "routing", "lan"), [("none", False, False), ("routing", True, False), ("routing,lan", True, True)]
)
def test_what_all_own_devices_may_is_two_ticks(value: str, routing: bool, lan: bool) -> None:
    told = hosting(snapshot(value))
    assert (told.shares_routing, told.shares_lan) == (routing, lan)
    assert sharing(routing, lan) == value


def test_without_routing_there_is_no_local_network_and_without_the_setting_no_tick() -> None:
    assert sharing(False, True) == "none"
    assert not hosting(snapshot("")).can_share


def test_a_client_is_told_with_what_it_received_and_sent() -> None:
    (client,) = hosting(snapshot(hosting=(PHONE,), clients=("phone",))).clients
    assert client.name == "phone"
    assert "received 3.0\u00a0GB, sent 2.0\u00a0MB" in client.remark
    assert client.can_stop
    assert client.can_revoke


def test_a_client_cannot_be_stopped_by_a_daemon_that_cannot() -> None:
    (client,) = hosting(snapshot(hosting=(PHONE,), capabilities=("host",))).clients
    assert not client.can_stop
    assert client.can_revoke


def test_a_client_that_is_being_revoked_cannot_be_revoked_again() -> None:
    (client,) = hosting(snapshot(hosting=(PHONE,), asked={(PHONE.id, "routing"): False})).clients
    assert not client.can_revoke


def test_clients_of_which_only_the_names_are_known_are_named() -> None:
    (client,) = hosting(snapshot(clients=("phone",))).clients
    assert (client.name, client.remark, client.can_stop, client.can_revoke) == ("phone", "", False, False)


def test_those_who_were_stopped_come_after_those_who_route() -> None:
    one, other = hosting(snapshot(hosting=(PHONE,), stopped=(TABLET,))).clients
    assert not one.stopped
    assert other.stopped
    assert other.remark.startswith("stopped until ")


def test_while_nobody_routes_it_says_how_that_could_change() -> None:
    assert "Allow it here" in hosting(snapshot()).empty
    assert "Your devices may" in hosting(snapshot("routing")).empty


def test_outside_a_mesh_there_is_no_name() -> None:
    assert name(Status("not-joined")) == ""
    assert name(joined()) == "laptop"
