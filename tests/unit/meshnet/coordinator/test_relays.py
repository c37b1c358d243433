"""The relay's ports under a clock and sightings that the test sets."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from meshnet.coordinator import relays
from meshnet.coordinator.files import StateDirectory
from meshnet.coordinator.lasting import NAME, LastingPorts
from meshnet.coordinator.machine import Place
from meshnet.coordinator.relays import BUSY_SECONDS, IDLE_SECONDS, Relays
from meshnet.coordinator.roster import Roster
from meshnet.core.records import STOCK
from meshnet.errors import MeshnetError
from meshnet_platform.api import PlatformError
from meshnet_platform.fake import FakeRelay
from support.coordinators import becomes

PLACES = (Place("203.0.113.80", "10.0.0.80"), Place("2001:db8::80", "2001:db8::80"))
PORTS = ("203.0.113.80:20000", "203.0.113.80:20001")
NONE = (None, None)


class Scene:
    """Devices a, b, c and d of one mesh, seen at an IPv4 address each; x of another."""

    def __init__(
        self,
        places: tuple[Place, ...] = PLACES,
        ports: range = range(20000, 20004),
        lasting: LastingPorts | None = None,
    ) -> None:
        self.now = 1000.0
        self.relay = FakeRelay()
        self.roster = Roster()
        self.seen: dict[str, tuple[str, ...]] = {}
        for number, device in enumerate("abcdx"):
            self.roster.put("other" if device == "x" else "home", device, f"key of {device}")
            self.see(device, f"192.0.2.{number + 1}:1")
        self.own = frozenset({"10.0.0.80", "192.168.9.1"})
        self.relays = Relays(
            self.relay, places, ports, self.roster, self._seen, lambda: self.own, lambda: self.now, lasting
        )

    def see(self, device: str, *endpoints: str) -> None:
        self.seen[device] = endpoints

    def _seen(self, device: str) -> tuple[str, ...]:
        return self.seen.get(device, ())

    async def moved(self, device: str, *endpoints: str) -> None:
        self.see(device, *endpoints)
        self.relays.changed(device)
        await self.relays.follow()


Scenario = Callable[[Scene, Relays], Awaitable[None]]


def play(scenario: Scenario, scene: Scene | None = None) -> None:
    async def run() -> None:
        found = scene or Scene()
        await found.relays.start()
        await scenario(found, found.relays)
        await found.relays.stop()

    asyncio.run(run())


def test_both_orders_give_the_same_ports() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        assert await found.endpoints("a", "b") == PORTS
        assert await found.endpoints("b", "a") == PORTS[::-1]
        assert scene.relay.owners == {20000: ("192.0.2.1", "192.0.2.2")}

    play(scenario)


def test_devices_of_different_meshes_and_strangers_have_no_ports() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        for other in ("x", "nobody"):
            scene.see(other, "192.0.2.9:1")
            assert await found.endpoints("a", other) == NONE
        assert await found.endpoints("a", "b") == PORTS

    play(scenario)


def test_both_must_be_seen_before_there_are_ports() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        scene.see("b")
        assert await found.endpoints("a", "b") == NONE
        scene.see("b", "", "192.0.2.2:1")
        assert await found.endpoints("a", "b") == PORTS

    play(scenario)


def test_who_is_not_seen_for_a_while_keeps_the_ports() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        await found.endpoints("a", "b")
        await scene.moved("b")
        assert await found.endpoints("a", "b") == PORTS
        assert scene.relay.bindings == [20000]

    play(scenario)


def test_the_family_is_the_same_for_both_and_ipv4_where_there_is_a_choice() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        scene.see("a", "[2001:db8::1]:1", "192.0.2.1:1")
        scene.see("b", "[2001:db8::2]:1", "192.0.2.2:1")
        assert await found.endpoints("a", "b") == PORTS
        scene.see("c", "[2001:db8::3]:1", "")
        assert await found.endpoints("a", "c") == ("[2001:db8::80]:20002", "[2001:db8::80]:20003")
        assert scene.relay.owners[20002] == ("2001:db8::1", "2001:db8::3")
        assert await found.endpoints("c", "d") == NONE

    play(scenario)


def test_a_family_that_the_relay_does_not_have_is_not_used() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        scene.see("a", "[2001:db8::1]:1")
        scene.see("b", "[2001:db8::2]:1")
        assert await found.endpoints("a", "b") == NONE
        assert await found.endpoints("c", "d") == PORTS

    play(scenario, Scene(PLACES[:1]))


@pytest.mark.parametrize("address", ["10.0.0.80", "192.168.9.1", "203.0.113.80", "127.0.0.1"])
def test_a_device_on_the_relays_own_machine_has_no_ports(address: str) -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        assert await found.endpoints("a", "b") == PORTS
        await scene.moved("b", f"{address}:1")
        assert await found.endpoints("a", "b") == NONE
        assert scene.relay.owners == {}

    play(scenario)


def test_a_device_that_moves_is_bound_anew_with_each_partner_and_once() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        await found.endpoints("a", "b")
        await found.endpoints("c", "a")
        await scene.moved("a", "192.0.2.77:1")
        await scene.moved("a", "192.0.2.77:1")
        assert scene.relay.owners == {20000: ("192.0.2.77", "192.0.2.2"), 20002: ("192.0.2.77", "192.0.2.3")}
        assert sorted(scene.relay.bindings) == [20000, 20000, 20002, 20002]

    play(scenario)


def test_a_device_whose_nat_began_anew_may_come_by_another_port_at_once() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        await found.endpoints("a", "b")
        scene.relay.bindings.clear()
        await scene.moved("a", "192.0.2.1:4000")
        assert scene.relay.bindings == [20000]
        assert scene.relay.owners == {20000: ("192.0.2.1", "192.0.2.2")}

    play(scenario)


def test_an_offer_after_a_move_finds_the_ports_bound_to_the_new_address() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        await found.endpoints("a", "b")
        scene.see("b", "192.0.2.66:1")
        assert await found.endpoints("a", "b") == PORTS
        assert scene.relay.owners == {20000: ("192.0.2.1", "192.0.2.66")}

    play(scenario)


def test_a_device_that_changes_to_another_family_takes_its_ports_with_it() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        scene.see("a", "192.0.2.1:1", "[2001:db8::1]:1")
        await found.endpoints("a", "b")
        await scene.moved("b", "[2001:db8::2]:1")
        assert scene.relay.owners == {20000: ("2001:db8::1", "2001:db8::2")}
        await scene.moved("a", "192.0.2.1:1")
        assert scene.relay.owners == {}

    play(scenario)


def test_a_removal_takes_the_ports_back() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        await found.endpoints("a", "b")
        await found.endpoints("c", "d")
        scene.roster.remove("b")
        await found.follow()
        assert scene.relay.owners == {20002: ("192.0.2.3", "192.0.2.4")}
        assert await found.endpoints("a", "b") == NONE

    play(scenario)


def test_a_pair_without_use_or_offers_for_an_hour_is_taken_back() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        await found.endpoints("a", "b")
        await found.endpoints("c", "d")
        scene.now += IDLE_SECONDS - 1
        scene.relay.in_use = {20002}
        await found.sweep()
        assert set(scene.relay.owners) == {20000, 20002}
        scene.relay.in_use = set()
        scene.now += 1
        await found.sweep()
        assert set(scene.relay.owners) == {20002}
        scene.now += IDLE_SECONDS
        await found.endpoints("c", "d")
        await found.sweep()
        assert set(scene.relay.owners) == {20002}

    play(scenario)


def test_when_all_ports_are_taken_the_pair_unused_longest_goes_and_never_one_in_use() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        await found.endpoints("a", "b")
        await found.endpoints("a", "c")
        assert await found.endpoints("a", "d") == NONE
        scene.now += BUSY_SECONDS
        scene.relay.in_use = {20000}
        await found.sweep()
        assert await found.endpoints("a", "d") == ("203.0.113.80:20002", "203.0.113.80:20003")
        assert scene.relay.owners == {20000: ("192.0.2.1", "192.0.2.2"), 20002: ("192.0.2.1", "192.0.2.4")}
        assert await found.endpoints("a", "c") == NONE

    play(scenario)


def test_a_pair_that_cannot_be_bound_has_no_ports_and_blocks_none() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        scene.relay.failure = PlatformError("no")
        for other in "bcd":
            assert await found.endpoints("a", other) == NONE
        scene.relay.failure = None
        assert await found.endpoints("a", "b") != NONE

    play(scenario)


def test_a_relay_that_lost_all_is_told_again() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        await found.endpoints("a", "b")
        scene.relay.failure = PlatformError("the table is gone")
        with pytest.raises(PlatformError):
            await found.sweep()
        scene.relay.failure = None
        scene.relay.stop()
        await found.sweep()
        assert scene.relay.addresses == ("10.0.0.80", "2001:db8::80")
        assert scene.relay.owners == {20000: ("192.0.2.1", "192.0.2.2")}

    play(scenario)


def test_a_relay_that_was_never_begun_is_not_stopped() -> None:
    async def run() -> None:
        scene = Scene()
        scene.relay.start(("10.0.0.80",), range(20000, 20002))
        await scene.relays.stop()
        assert scene.relay.addresses == ("10.0.0.80",)

    asyncio.run(run())


def test_a_relay_that_is_slow_keeps_no_offer_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "_PATIENCE_SECONDS", 0.05)

    async def scenario(scene: Scene, found: Relays) -> None:
        with _stuck(scene.relay, monkeypatch):
            assert await found.endpoints("a", "b") == NONE
        monkeypatch.setattr(relays, "_PATIENCE_SECONDS", 30.0)
        assert await found.endpoints("a", "b") == PORTS
        assert scene.relay.owners == {20000: ("192.0.2.1", "192.0.2.2")}

    play(scenario)


@contextlib.contextmanager
def _stuck(relay: FakeRelay, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    free, real = threading.Event(), relay.bind

    def bind(port: int, address: str, partner: str) -> None:
        free.wait(30)
        real(port, address, partner)

    with monkeypatch.context() as patched:
        patched.setattr(relay, "bind", bind)
        yield
        free.set()


def test_what_changes_is_followed_by_itself() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        running = asyncio.ensure_future(found.run())
        await found.endpoints("a", "b")
        scene.see("a", "192.0.2.44:1")
        found.changed("a")
        await becomes(lambda: scene.relay.owners[20000][0] == "192.0.2.44")
        running.cancel()

    play(scenario)


def test_a_thousand_pairs_are_bound_once_each() -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        for number in range(1000):
            device = f"device {number}"
            scene.roster.put("home", device, f"key {number}")
            scene.see(device, f"198.51.100.{number % 250}:{number + 1}")
            await found.endpoints("a", device)
        await scene.moved("device 7", "198.51.100.251:1")
        assert len(scene.relay.owners) == 1000
        assert len(scene.relay.bindings) == 1001

    play(scenario, Scene(ports=range(20000, 30000)))


# --- lasting ports --------------------------------------------------------------------------------------------------

LASTING = "203.0.113.80:20001"


def kept_in(directory: Path, ports: range = range(20000, 20040), places: tuple[Place, ...] = PLACES) -> Scene:
    """A scene whose lasting ports outlive it; p is a phone."""
    scene = Scene(places, ports, LastingPorts(StateDirectory(directory)))
    scene.roster.put("home", "p", "key of p", STOCK)
    return scene


def test_a_phone_has_ports_before_anybody_sees_it_and_they_are_bound_when_it_comes(tmp_path: Path) -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        assert await found.keep("p", "a") == LASTING
        assert await found.keep("p", "a") == LASTING
        assert (found.kept("a", "p"), found.kept("p", "a")) == ("203.0.113.80:20000", LASTING)
        assert (found.kept("a", "b"), scene.relay.owners) == (None, {})
        await scene.moved("p", "198.51.100.9:1")
        assert scene.relay.owners == {20000: ("192.0.2.1", "198.51.100.9")}
        await scene.moved("p")
        await scene.moved("a", "192.0.2.77:1")
        assert scene.relay.owners == {20000: ("192.0.2.1", "198.51.100.9")}
        await scene.moved("p", "198.51.100.10:1")
        assert scene.relay.owners == {20000: ("192.0.2.77", "198.51.100.10")}

    play(scenario, kept_in(tmp_path))


def test_lasting_ports_outlive_silence_want_and_a_relay_that_lost_all(tmp_path: Path) -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        assert await found.keep("p", "a") == LASTING
        await scene.moved("p", "198.51.100.9:1")
        await scene.moved("p")
        scene.now += 100 * IDLE_SECONDS
        await found.sweep()
        for device in "bcd":
            await found.endpoints("a", device)
        scene.relay.failure = PlatformError("the table is gone")
        with pytest.raises(PlatformError):
            await found.sweep()
        scene.relay.failure = None
        scene.relay.stop()
        await found.sweep()
        assert scene.relay.owners[20000] == ("192.0.2.1", "198.51.100.9")

    play(scenario, kept_in(tmp_path, range(20000, 20004)))


def test_lasting_ports_are_the_same_after_a_restart_and_bound_to_where_the_two_were(tmp_path: Path) -> None:
    async def first(scene: Scene, found: Relays) -> None:
        await found.endpoints("a", "b")
        assert await found.keep("p", "a") == "203.0.113.80:20003"
        await scene.moved("p", "198.51.100.9:1")

    async def second(scene: Scene, found: Relays) -> None:
        assert scene.relay.owners == {20002: ("192.0.2.1", "198.51.100.9")}
        assert found.kept("a", "p") == "203.0.113.80:20002"
        assert await found.endpoints("a", "b") == PORTS
        assert await found.keep("p", "a") == "203.0.113.80:20003"

    play(first, kept_in(tmp_path))
    again = kept_in(tmp_path)
    again.see("p")
    play(second, again)


def test_lasting_ports_go_with_either_of_the_two_and_do_not_come_back(tmp_path: Path) -> None:
    async def first(scene: Scene, found: Relays) -> None:
        scene.roster.put("home", "q", "key of q", STOCK)
        await found.keep("p", "a")
        await found.keep("q", "b")
        await scene.moved("p", "198.51.100.9:1")
        assert scene.relay.owners
        for gone in ("p", "b"):
            scene.roster.remove(gone)
        await found.follow()
        assert (scene.relay.owners, found.kept("a", "p"), found.kept("b", "q")) == ({}, None, None)

    async def second(_: Scene, found: Relays) -> None:
        assert (found.kept("a", "p"), found.kept("b", "q")) == (None, None)

    play(first, kept_in(tmp_path))
    play(second, kept_in(tmp_path))


@pytest.mark.parametrize(
    "again",
    [
        lambda path: kept_in(path, range(20100, 20140)),
        lambda path: kept_in(path, places=(Place("203.0.113.81", "10.0.0.81"),)),
    ],
    ids=["other ports", "another address"],
)
def test_lasting_ports_that_there_are_no_more_are_said_and_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, again: Callable[[Path], Scene]
) -> None:
    async def first(scene: Scene, found: Relays) -> None:
        await found.keep("p", "a")

    async def second(scene: Scene, found: Relays) -> None:
        assert found.kept("a", "p") is None
        assert await found.keep("p", "a") is not None

    play(first, kept_in(tmp_path))
    play(second, again(tmp_path))
    assert "lasting ports 20000 and 20001 are not there any more" in caplog.text


def test_a_host_at_the_relays_own_machine_and_devices_of_others_have_no_lasting_ports(tmp_path: Path) -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        scene.see("b", "192.168.9.1:1")
        for host in ("b", "x", "nobody"):
            assert await found.keep("p", host) is None
        assert await found.keep("p", "a") == LASTING

    play(scenario, kept_in(tmp_path))


def test_a_host_that_is_seen_by_ipv6_alone_is_found_by_that(tmp_path: Path) -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        scene.see("a", "[2001:db8::1]:1")
        assert await found.keep("p", "a") == "[2001:db8::80]:20001"
        await scene.moved("p", "198.51.100.9:1")
        assert scene.relay.owners == {}
        await scene.moved("p", "[2001:db8::9]:1")
        assert scene.relay.owners == {20000: ("2001:db8::1", "2001:db8::9")}

    play(scenario, kept_in(tmp_path))


def test_half_of_the_ports_are_for_pairs_that_come_and_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        assert await found.keep("p", "a") is not None
        assert await found.keep("p", "b") is None
        assert await found.endpoints("a", "b") != NONE

    play(scenario, kept_in(tmp_path, range(20000, 20004)))
    (tmp_path / NAME).unlink()
    monkeypatch.setattr(relays, "LASTING_EACH", 1)
    play(scenario, kept_in(tmp_path))


def test_ports_that_cannot_be_kept_are_not_given_out(tmp_path: Path) -> None:
    async def scenario(scene: Scene, found: Relays) -> None:
        (tmp_path / NAME).mkdir()
        with pytest.raises(MeshnetError, match="cannot be written"):
            await found.keep("p", "a")
        assert found.kept("a", "p") is None
        (tmp_path / NAME).rmdir()
        assert await found.keep("p", "a") is not None
        (tmp_path / NAME).unlink()
        (tmp_path / NAME).mkdir()
        assert await found.keep("p", "a") == found.kept("p", "a") is not None, "but those that were are not lost"

    play(scenario, kept_in(tmp_path, range(20000, 20004)))
