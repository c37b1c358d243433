"""The mesh model."""

from __future__ import annotations

from unit.meshnet.gui.fake_daemon import device, joined

from meshnet.gui.models.mesh import Mesh, Snapshot
from meshnet.protocol.local import Permissions, Status, Update

HOME, NAS = device("home-pc", 2), device("nas", 3)


def mesh_with(*devices: object) -> tuple[Mesh, list[Snapshot]]:
    mesh, seen = Mesh(), list[Snapshot]()
    mesh.begin(joined())
    mesh.update(Update(joined(), (HOME, NAS)))
    mesh.changed.connect(seen.append)
    return mesh, seen


def test_updates_bring_new_devices_change_known_ones_and_take_away_those_that_are_gone() -> None:
    mesh, _ = mesh_with()
    changed = device("home-pc", 2, online=False)
    mesh.update(Update(joined("routing"), (changed, device("vps", 4)), gone=(NAS.id,)))
    assert mesh.now.status.state == "routing"
    assert [view.name for view in mesh.now.devices.values()] == ["home-pc", "vps"]
    assert mesh.now.devices[HOME.id] == changed


def test_what_changes_nothing_is_not_told() -> None:
    mesh, seen = mesh_with()
    mesh.update(Update(joined(), (HOME,)))
    assert seen == []


def test_devices_from_before_a_lost_connection_are_forgotten() -> None:
    mesh, seen = mesh_with()
    mesh.lose("The daemon has stopped", "Start it.")
    assert (mesh.now.connected, mesh.now.trouble, mesh.now.devices) == (False, "The daemon has stopped", {})
    assert mesh.now.status == Status("not-joined")
    mesh.begin(joined())
    assert (mesh.now.connected, mesh.now.devices) == (True, {})
    assert len(seen) == 2


def test_a_tick_shows_at_once_and_becomes_the_grant_when_the_daemon_agrees() -> None:
    mesh, _ = mesh_with()
    mesh.ask(HOME.id, "routing", True)
    assert mesh.now.asked == {(HOME.id, "routing"): True}
    mesh.answer(HOME.id, "routing", True)
    assert mesh.now.asked == {}
    assert mesh.now.devices[HOME.id].grants == Permissions(incoming=True, routing=True)


def test_a_refused_tick_leaves_everything_as_it_was() -> None:
    mesh, _ = mesh_with()
    before = mesh.now
    mesh.ask(HOME.id, "routing", True)
    mesh.answer(HOME.id, "routing", None)
    assert mesh.now == before


def test_an_answer_about_a_device_that_is_gone_is_harmless() -> None:
    mesh, _ = mesh_with()
    mesh.ask(HOME.id, "lan", True)
    mesh.update(Update(joined(), gone=(HOME.id,)))
    mesh.answer(HOME.id, "lan", True)
    assert (mesh.now.asked, list(mesh.now.devices)) == ({}, [NAS.id])
