"""The make-believe daemon speaks as a real one would, and does on paper what it is asked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from meshnet.cli.client import Client
from meshnet.errors import Blocked, Code, MeshnetError
from meshnet.protocol import local
from meshnet.protocol.framing import LINE_MAX
from support.scenes import HOME_PC, SCENES, joined
from support.stage import Stage, playing

if sys.platform == "win32":
    pytest.skip("the daemon serves on Unix sockets only as yet", allow_module_level=True)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with playing("idle", str(tmp_path / "s")) as made:
        yield made


@pytest.fixture
def client(stage: Stage) -> Iterator[Client]:
    with Client(stage.path) as made:
        yield made


@pytest.mark.parametrize("name", SCENES)
def test_every_scene_can_be_told(name: str, tmp_path: Path) -> None:
    scene = SCENES[name]()
    with playing(name, str(tmp_path / "s")) as stage:
        if not scene.is_there or scene.refusal:
            with pytest.raises(MeshnetError) as refused, Client(stage.path) as client:
                client.status()
            assert refused.value.code is (scene.refusal.code if scene.refusal else Code.DAEMON_UNREACHABLE)
            return
        with Client(stage.path) as client:
            assert client.status().state == scene.status.state
            assert len(client.devices()) == len(scene.devices)
            assert len({device.id for device in scene.devices}) == len(scene.devices)


def test_there_is_a_scene_for_every_reason_why_a_route_is_blocked() -> None:
    blocked = [scene for name, scene in SCENES.items() if name.startswith("blocked")]
    assert {Blocked(scene().status.reason or "") for scene in blocked} == set(Blocked)


def test_no_line_is_longer_than_one_may_be(tmp_path: Path) -> None:
    with playing("thousand", str(tmp_path / "s")) as stage, Client(stage.path) as client:
        assert next(client.updates()).state == "routing"
        piece = stage.scene.devices[-64:]
        assert len(local.to_line(local.Update(stage.scene.status, piece))) < LINE_MAX


def test_it_routes_pauses_and_stops_on_paper(client: Client) -> None:
    routed = client.ask(local.StartRoute("home-pc"), local.Status)
    assert (routed.state, routed.route and routed.route.host_id) == ("routing", HOME_PC.id)
    paused = client.ask(local.PauseRoute(600), local.Status)
    assert (paused.state, paused.pause and paused.pause.host) == ("idle", "home-pc")
    assert client.ask(local.ResumeRoute(), local.Status).state == "routing"
    assert client.ask(local.StopRoute(), local.Status).route is None


def test_grants_and_settings_change_for_everybody(stage: Stage, client: Client) -> None:
    client.ask(local.Allow("work-pc", ("routing",)), local.Status)
    client.ask(local.SetSetting("dns", "system"), local.SettingValues)
    with Client(stage.path) as other:
        assert next(device for device in other.devices() if device.name == "work-pc").grants.routing
        assert other.ask(local.GetSettings(), local.SettingValues).values["dns"] == "system"


def test_who_watches_is_told_of_traffic_that_flows(tmp_path: Path) -> None:
    with playing("routed", str(tmp_path / "s")) as stage, Client(stage.path) as client:
        told = client.updates()
        before = next(told)
        stage.flow(5.0)
        after = next(status for status in told if status.rx_bytes != before.rx_bytes)
        assert after.rx_bytes > before.rx_bytes
        assert after.tx_bytes > before.tx_bytes


def test_what_clients_are_sent_grows_too(tmp_path: Path) -> None:
    stage = Stage(str(tmp_path / "s"), SCENES["hosting"]())
    before = stage.scene.status.hosting[0]
    stage.flow(5.0)
    assert stage.scene.status.hosting[0].tx_bytes > before.tx_bytes


def test_a_device_that_it_does_not_know_is_refused(client: Client) -> None:
    with pytest.raises(MeshnetError) as refused:
        client.ask(local.StartRoute("nobody"), local.Status)
    assert refused.value.code is Code.UNKNOWN_DEVICE


def test_a_status_can_be_changed_in_what_matters() -> None:
    assert joined(capabilities=()) == msgspec.structs.replace(joined(), capabilities=())
