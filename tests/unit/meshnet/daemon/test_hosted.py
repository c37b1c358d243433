"""Who routes through this device, since when, and how much."""

from __future__ import annotations

from pathlib import Path

from meshnet.core.records import STOCK
from meshnet.core.term import term_of
from meshnet.daemon.hosted import Hosted
from meshnet.daemon.model import Model
from meshnet_platform.api import PeerSight
from support.daemons import model_of
from support.meshes import NOW
from support.situations import Household


class Scene:
    """A laptop that hosts the nas."""

    def __init__(self, directory: Path) -> None:
        self.home = Household()
        self.model: Model = model_of(directory, self.home)
        self.now = float(NOW)
        self.model.clock = lambda: self.now
        self.model.choose(self.home.nas.id, ("routing",), allowed=True)
        self.hosted = Hosted(self.model)
        self.route(self.home.laptop.id)

    def route(self, host: str | None) -> None:
        self.model.mesh.accept(self.home.mesh.device(self.home.nas, route=host))

    def sight(self, rx: int, tx: int, handshake: int = NOW) -> None:
        key = self.model.mesh.devices[self.home.nas.id].wireguard
        self.model.sights = {key: PeerSight(key, None, handshake, rx, tx)}

    def counted(self) -> tuple[int, int]:
        (client,) = self.hosted.look()
        return client.rx_bytes, client.tx_bytes


def test_what_went_through_before_does_not_count_and_what_goes_since_does(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    assert scene.counted() == (0, 0)
    scene.sight(5000, 9000)
    assert scene.counted() == (0, 0)
    scene.sight(5100, 9500)
    assert scene.counted() == (100, 500)
    scene.model.sights = {}
    assert scene.counted() == (100, 500)


def test_a_tunnel_that_counts_from_nothing_again_takes_nothing_back(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    for rx, tx in ((1000, 1000), (1500, 1700), (20, 30), (25, 40)):
        scene.sight(rx, tx)
        scene.hosted.look()
    assert scene.counted() == (525, 740)


def test_who_comes_back_begins_anew(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.sight(1000, 1000)
    scene.hosted.look()
    scene.sight(2000, 2000)
    assert [client.since for client in scene.hosted.look()] == [NOW]
    scene.route(None)
    assert scene.hosted.look() == []
    scene.now += 60
    scene.route(scene.home.laptop.id)
    (client,) = scene.hosted.look()
    assert (client.since, client.rx_bytes) == (NOW + 60, 0)


def test_who_is_not_permitted_or_stopped_for_now_is_no_client(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.model.stopped[scene.home.nas.id] = term_of(60, NOW, 0.0)
    assert scene.hosted.look() == []
    assert scene.model.granted(scene.home.nas.id).routing
    scene.model.stopped.clear()
    assert len(scene.hosted.look()) == 1
    scene.model.choose(scene.home.nas.id, ("routing",), allowed=False)
    assert scene.hosted.look() == []


def test_an_app_is_a_client_while_it_speaks_to_this_device(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.model.mesh.accept(scene.home.mesh.device(scene.home.nas, platform=STOCK))
    assert scene.hosted.look() == []
    scene.sight(1, 1)
    assert len(scene.hosted.look()) == 1
    scene.sight(1, 1, handshake=NOW - 3600)
    assert scene.hosted.look() == []


def test_a_device_that_is_in_no_mesh_hosts_nobody(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.model.leave()
    assert scene.hosted.look() == []
