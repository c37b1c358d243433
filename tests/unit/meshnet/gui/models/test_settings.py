"""The settings as the window shows them."""

from __future__ import annotations

import pytest
from unit.meshnet.gui.fake_daemon import device, joined

from meshnet.core.settings import Settings, changed, shown
from meshnet.gui.models import settings as model
from meshnet.gui.models.mesh import Snapshot
from meshnet.protocol.local import DeviceView, Permissions


def mesh(fallback: str, *devices: DeviceView) -> Snapshot:
    return Snapshot(
        connected=True, status=joined(), devices={one.id: one for one in devices}, settings={"fallback": fallback}
    )


def test_every_value_that_can_be_chosen_is_one_that_the_daemon_takes() -> None:
    for key, options in (("kill-switch", model.kill_switch()), ("host-vpn-lost", model.host_vpn_lost())):
        for option in options:
            assert shown(changed(Settings(), key, option.value))[key] == option.value
            assert option.name
            assert option.meaning
    assert [option.value for option in model.dns()] == [*model.DNS_WORDS, ""]


@pytest.mark.parametrize(
    ("text", "is_right"), [("9.9.9.9", True), ("2620:fe::fe", True), ("9.9.9", False), ("", False), ("host", False)]
)
def test_the_address_of_a_name_server_is_checked(text: str, is_right: bool) -> None:
    assert (model.dns_problem(text) == "") is is_right


@pytest.mark.parametrize(
    ("text", "is_right"),
    [("203.0.113.7", True), ("203.0.113.7:51820", True), ("", True), ("127.0.0.1", False), ("home.example", False)],
)
def test_the_address_for_others_is_checked(text: str, is_right: bool) -> None:
    assert (model.endpoint_problem(text) == "") is is_right


def test_fallback_hosts_are_known_by_name_or_id_and_wanted_by_id() -> None:
    nas, pc = device("nas", 3), device("pc,1", 4)
    there = model.backups(mesh(f"nas,{pc.id},gone", nas, pc))
    assert [backup.name for backup in there] == ["nas", "pc,1", "gone"]
    assert model.fallback_value(there) == f"{nas.id},{pc.id},gone"
    assert model.backups(mesh("none", nas)) == ()
    assert model.fallback_value(()) == "none"


def test_a_name_that_two_devices_have_stays_as_it_was_given() -> None:
    (backup,) = model.backups(mesh("nas", device("nas", 3), device("nas", 4)))
    assert backup.word == "nas"


def test_hosts_that_permit_it_and_are_not_taken_may_be_added() -> None:
    nas, pc, phone, shy = (
        device("nas", 3),
        device("pc", 4),
        device("phone", 5, can_host=False),
        device("shy", 6, granted=Permissions()),
    )
    now = mesh("nas", nas, pc, phone, shy)
    assert [backup.name for backup in model.possible_backups(now, model.backups(now))] == ["pc"]
