"""What front ends are shown of the way and of what the daemon can do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from meshnet.core.records import sign, text_of
from meshnet.daemon import views
from meshnet.daemon.hosted import Hosted
from meshnet.daemon.model import Model
from meshnet.daemon.paths import Paths
from meshnet.protocol import local
from meshnet_platform.api import PeerSight
from support.meshes import FakeDevice
from support.routes import HERE, Bench

HOME4, HOME6 = "81.2.69.10", "2a02:8010:6a00:1::10"


async def _nothing(*_: object) -> None:
    return None


def shown(bench: Bench, model: Model | None = None) -> local.Status:
    model = model or bench.model
    paths = Paths(model, lambda *_: None, _nothing, _nothing, _nothing)
    return views.status(model, bench.routing, paths, Hosted(model))


def routed(tmp_path: Path) -> Bench:
    """The laptop routes through the nas."""
    bench = Bench(tmp_path)
    bench.answering(*HERE)
    asyncio.run(bench.routing.start(bench.nas))
    return bench


def announce(
    bench: Bench,
    host: FakeDevice,
    *public: str,
    ipv6: bool = True,
    route: str | None = None,
    candidates: tuple[str, ...] = (),
) -> None:
    """The host says this of itself, newer than last time."""
    said = bench.model.mesh.devices[host.id]
    body = replace(said, seq=host.next_seq("device"), public=public, ipv6=ipv6, route=route, candidates=candidates)
    bench.model.mesh.accept(sign(text_of(body), host.key))


def test_the_address_that_the_world_sees_is_the_last_hosts(tmp_path: Path) -> None:
    bench = routed(tmp_path)
    announce(bench, bench.home.nas, HOME4, HOME6)
    route = shown(bench).route
    assert route is not None
    assert route.public == (HOME4, HOME6)
    announce(bench, bench.home.nas, route=bench.phone.device, ipv6=False)
    announce(bench, bench.home.phone, "5.6.7.8", "2a01:4f8::2")
    route = shown(bench).route
    assert route is not None
    assert [hop.name for hop in route.hops] == ["nas", "phone"]
    assert route.public == ("5.6.7.8",), "the first host lets no IPv6 further"


def test_of_a_host_that_is_not_known_no_address_is_shown(tmp_path: Path) -> None:
    bench = routed(tmp_path)
    announce(bench, bench.home.nas, HOME4, route="z" * 26)
    route = shown(bench).route
    assert route is not None
    assert route.hops[1] == local.Hop("?", None, online=False)
    assert route.public == ()


def test_candidates_are_not_taken_for_the_address_that_the_world_sees(tmp_path: Path) -> None:
    bench = routed(tmp_path)
    announce(bench, bench.home.nas, candidates=(f"{HOME4}:51820",))
    route = shown(bench).route
    assert route is not None
    assert route.public == ()


@pytest.mark.parametrize("platform", ["macos", "windows"])
def test_where_the_network_cannot_be_changed_nothing_is_offered_that_does_not_work(
    tmp_path: Path, platform: str
) -> None:
    bench = Bench(tmp_path)
    bench.model.platform = platform
    assert shown(bench).capabilities == (local.Capability.PHONE,)


def test_the_route_counts_what_goes_through_its_host_alone(tmp_path: Path) -> None:
    bench = routed(tmp_path)
    key = bench.model.mesh.devices[bench.nas.device].wireguard
    other = bench.model.mesh.devices[bench.phone.device].wireguard
    bench.model.sights = {
        key: PeerSight(key, None, 0, rx_bytes=700, tx_bytes=30),
        other: PeerSight(other, None, 0, rx_bytes=5, tx_bytes=9),
    }
    status = shown(bench)
    assert status.route is not None
    assert (status.route.rx_bytes, status.route.tx_bytes) == (700, 30)
    assert (status.rx_bytes, status.tx_bytes) == (705, 39)
