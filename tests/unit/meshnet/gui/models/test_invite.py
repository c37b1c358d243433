"""What adding a device offers."""

from __future__ import annotations

import msgspec
from unit.meshnet.gui.fake_daemon import LAPTOP, device, joined

from meshnet.gui.models import invite
from meshnet.gui.models.mesh import Snapshot
from meshnet.protocol.local import Capability, Invitation, PhoneAdded

HOME, NAS = device("home-pc", 2), device("Attic", 3)
PHONE = device("phone", 4, can_host=False)
ADA = device("ada-pc", 5, group="external")
MESH = Snapshot(connected=True, status=joined(), devices={one.id: one for one in (HOME, NAS, PHONE, ADA)})
ADDED = PhoneAdded("p" * 26, "phone", "100.64.0.9", "fd00::9", "nas", "H", "192.0.2.1:1", "100.64.0.2")


def without(*capabilities: Capability) -> Snapshot:
    kept = tuple(one for one in Capability if one not in capabilities)
    return Snapshot(connected=True, status=joined(capabilities=kept), devices=MESH.devices)


def test_a_phone_can_use_this_device_and_the_hosts_of_its_mesh() -> None:
    assert invite.hosts(MESH) == ((LAPTOP.id, "laptop (this device)"), (NAS.id, "Attic"), (HOME.id, "home-pc"))


def test_a_device_that_cannot_host_is_not_offered() -> None:
    own = msgspec.structs.replace(LAPTOP, can_host=False)
    alone = Snapshot(connected=True, status=joined(device=own), devices={PHONE.id: PHONE})
    assert invite.hosts(alone) == ()
    assert not invite.can_add_phone(alone)


def test_phones_are_offered_where_the_daemon_can_add_them() -> None:
    assert invite.can_add_phone(MESH)
    assert not invite.can_add_phone(without(Capability.PHONE))
    assert not invite.can_add_phone(Snapshot())


def test_the_expiries_are_an_hour_a_day_and_a_week() -> None:
    assert [seconds for seconds, _ in invite.expiries()] == [3600, 86_400, 604_800]
    assert invite.expiries()[invite.USUAL_EXPIRY][1] == "1 day"


def test_a_link_says_until_when_it_holds() -> None:
    assert invite.until(Invitation("meshnet://join/x", "2030-05-01T12:00:00Z")).startswith(
        "The link lets one device in, "
    )
    assert invite.until(Invitation("meshnet://join/x", "")) == "The link lets one device in."


def test_what_is_left_to_do_names_the_host_that_must_allow_it() -> None:
    assert invite.phone_next(ADDED).startswith("nas must allow phone to route")
    assert "may route through this device" in invite.phone_next(msgspec.structs.replace(ADDED, is_own_host=True))
