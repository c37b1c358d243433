"""The mesh model."""

from __future__ import annotations

from unit.meshnet.gui.fake_daemon import device, joined

from meshnet.errors import Code
from meshnet.gui.models.mesh import Mesh, Snapshot
from meshnet.protocol.local import Capability, Permissions, Status, Update

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
    mesh.lose("The daemon has stopped.", "Start it.", Code.DAEMON_UNREACHABLE)
    assert (mesh.now.connected, mesh.now.trouble, mesh.now.devices) == (False, "The daemon has stopped", {})
    assert mesh.now.status == Status("not-joined")
    assert mesh.now.code is Code.DAEMON_UNREACHABLE
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


def test_settings_are_gathered_and_forgotten_with_the_connection() -> None:
    mesh, _ = mesh_with()
    mesh.set_settings({"own-devices": "routing", "dns": "host"})
    mesh.set_settings({"dns": "system"})
    assert dict(mesh.now.settings) == {"own-devices": "routing", "dns": "system"}
    assert mesh.now.own_devices == "routing"
    mesh.lose("Gone.", "", Code.DAEMON_UNREACHABLE)
    assert not mesh.now.settings


def test_only_what_the_daemon_says_it_can_do_can_be_done() -> None:
    mesh, _ = mesh_with()
    mesh.begin(joined(capabilities=("pause",)))
    assert mesh.now.can(Capability.PAUSE)
    assert not mesh.now.can(Capability.HOST)
    mesh.lose("Gone.", "", Code.DAEMON_UNREACHABLE)
    assert not mesh.now.can(Capability.PAUSE)


def test_what_the_person_likes_best_stays_while_the_daemon_is_away() -> None:
    mesh, _ = mesh_with()
    mesh.prefer(frozenset({HOME.id}), (HOME.id,))
    mesh.lose("Gone.", "", Code.DAEMON_UNREACHABLE)
    mesh.begin(joined())
    assert (mesh.now.favourites, mesh.now.recent) == (frozenset({HOME.id}), (HOME.id,))
