"""Names through a host: who is answered, by whom, and what of the home network is shown to whom.

The home computer asks a name server on its own network that knows names of all kinds; the laptop in the café asks the
home computer, over the mesh.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import dns.reversename
import pytest

from lab.household import Household
from lab.net import Machine, wait_until
from lab.services import NameServer, Observer
from lab.world import WHOAMI, World

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

SEARCH = "office.example.net"
"""The domain that home's network hands out."""
BIG = "big.farfield.net"
"""A public name with more text than a datagram holds."""

# Asks many questions at once and prints what came back, in their order; null where nothing did within the time.
ASK = """
import concurrent.futures, json, sys
import dns.exception, dns.flags, dns.message, dns.query, dns.rcode

def ask(question):
    name, kind, transport = question
    query = dns.message.make_query(name, kind)
    send = dns.query.tcp if transport == "tcp" else dns.query.udp
    try:
        answer = send(query, address, timeout=patience, port=port)
    except (OSError, EOFError, dns.exception.Timeout):
        return None
    texts = sorted(record.to_text() for rrset in answer.answer for record in rrset)
    return dns.rcode.to_text(answer.rcode()), bool(answer.flags & dns.flags.TC), texts

address, port, patience, questions = json.loads(sys.argv[1])
with concurrent.futures.ThreadPoolExecutor(64) as threads:
    print(json.dumps(list(threads.map(ask, questions))))
"""


class Answer(NamedTuple):
    """What came back."""

    rcode: str
    is_cut: bool
    records: tuple[str, ...]


class Question(NamedTuple):
    """What is asked."""

    name: str
    type: str = "A"
    transport: str = "udp"


class Names:
    """A household whose home computer asks a name server in its own network, by this resolv.conf or the present one."""

    def __init__(self, world: World, resolv: str | None) -> None:
        self.world = world
        self.local = NameServer(world.nas, _zone(world), forward=world.resolver4)
        self.local.await_ready()
        if resolv is not None:
            world.home.file("/etc/resolv.conf").write_text(resolv)
        self.household = Household(world)
        self.host4 = self.household.status(world.home)["device"]["address4"]
        self.host6 = self.household.status(world.home)["device"]["address6"]
        wait_until(lambda: self.ask(WHOAMI), "the first answer")

    def ask(self, *words: str) -> Answer | None:
        """What the laptop is told about one name."""
        return self.ask_all([Question(*words)])[0]

    def ask_all(
        self,
        questions: Iterable[Question],
        at: str | None = None,
        by: Machine | None = None,
        port: int = 53,
        patience: float = 6.0,
    ) -> list[Answer | None]:
        """What a machine (the laptop) is told about names at an address (home's in the mesh)."""
        words = json.dumps([at or self.host4, port, patience, list(questions)])
        told = json.loads((by or self.world.laptop).python(ASK, words, timeout=60))
        return [Answer(one[0], one[1], tuple(one[2])) if one else None for one in told]

    def grant(self, verb: str, what: str) -> None:
        """`allow` or `deny` the laptop something at home."""
        self.world.meshnet(self.world.home, verb, "laptop", what)


def _zone(world: World) -> dict[str, dict[str, list[str]]]:
    def back(address: str) -> str:
        return dns.reversename.from_address(address).to_text(omit_final_dot=True)

    return {
        "nas.home.lan": {"A": [world.nas4], "AAAA": [world.nas6]},
        "nas": {"A": [world.nas4]},
        "printer.local": {"A": [world.nas4]},
        f"files.{SEARCH}": {"A": [world.nas4], "TXT": ['"what the office stores"']},
        "b._dns-sd._udp.farfield.net": {"PTR": ["home.lan."]},
        back(world.nas4): {"PTR": ["nas.home.lan."]},
        back(world.nas6): {"PTR": ["nas.home.lan."]},
        "rebind.farfield.net": {"A": [world.nas4], "AAAA": [world.nas6]},
        "router.farfield.net": {"A": ["192.168.1.1"]},
        "hint.farfield.net": {"HTTPS": [f"1 . ipv4hint={world.nas4}"]},
        "hairpin.farfield.net": {"A": [world.home_public4]},
        "container.farfield.net": {"A": ["172.17.0.2"]},
        "loopback.farfield.net": {"A": ["127.0.0.1"]},
        "metadata.farfield.net": {"A": ["169.254.169.254"]},
        "translated.farfield.net": {"AAAA": ["64:ff9b::c0a8:114"]},
        BIG: {"TXT": [f'"{number:03} {"x" * 200}"' for number in range(20)]},
    }


LOCAL = [
    Question("nas.home.lan"),
    Question("NAS.Home.LAN", "AAAA"),
    Question("nas"),
    Question("printer.local"),
    Question(f"files.{SEARCH}"),
    Question(f"files.{SEARCH}", "TXT"),
    Question("b._dns-sd._udp.farfield.net", "PTR"),
    Question(dns.reversename.from_address(World.nas4).to_text(), "PTR"),
    Question(dns.reversename.from_address(World.nas6).to_text(), "PTR"),
]
INTO_THE_LAN = [
    Question("rebind.farfield.net"),
    Question("rebind.farfield.net", "AAAA"),
    Question("router.farfield.net"),
    Question("hint.farfield.net", "HTTPS"),
]
NOWHERE = [
    Question("hairpin.farfield.net"),
    Question("container.farfield.net"),
    Question("loopback.farfield.net"),
    Question("metadata.farfield.net"),
    Question("translated.farfield.net", "AAAA"),
]


def over_both(questions: list[Question]) -> list[Question]:
    return [question._replace(transport=transport) for transport in ("udp", "tcp") for question in questions]


def rcodes(answers: list[Answer | None]) -> list[str | None]:
    return [answer.rcode if answer else None for answer in answers]


@pytest.fixture
def names(world: World) -> Names:
    return Names(world, f"search {SEARCH}\nnameserver {world.nas4}\n")


def test_without_lan_no_name_and_no_address_of_the_home_network_is_told(names: Names) -> None:
    asked = over_both([*LOCAL, *INTO_THE_LAN, *NOWHERE])
    at_home = names.ask_all(asked, at=names.world.nas4, by=names.world.home)
    assert all(answer and answer.records for answer in at_home), "the name server knows them all"
    before = len(names.local.queries())
    answers = names.ask_all(asked)
    assert rcodes(answers) == ["REFUSED"] * len(asked)
    assert all(answer is None or not answer.records for answer in answers)
    local = {question.name.lower().rstrip(".") for question in LOCAL}
    assert local.isdisjoint(query.name for query in names.local.queries()[before:]), "they are not even asked for"
    public = names.ask_all(over_both([Question(WHOAMI), Question(WHOAMI, "AAAA")]), at=names.host6)
    assert [answer.records for answer in public if answer] == [(names.world.web4,), (names.world.web6,)] * 2


def test_with_lan_the_home_network_is_told_and_nothing_beyond_it(names: Names) -> None:
    asked = over_both([*LOCAL, *INTO_THE_LAN])
    names.grant("allow", "lan")
    answers = names.ask_all(asked)
    assert rcodes(answers) == ["NOERROR"] * len(asked)
    assert all(answer and answer.records for answer in answers)
    assert rcodes(names.ask_all(over_both(NOWHERE))) == ["REFUSED"] * 2 * len(NOWHERE)
    names.grant("deny", "lan")
    assert rcodes(names.ask_all(asked)) == ["REFUSED"] * len(asked)


def test_a_routed_laptops_own_programs_find_the_home_network_by_name_with_lan_only(names: Names) -> None:
    world, fetch = names.world, ("curl", "--silent", "--fail", "--max-time", "3", "http://nas.home.lan/ip")
    names.household.route()
    seen_in_the_cafe = len(world.cafe_names.queries())
    assert world.public_address(world.laptop, by_name=True) == world.home_public4
    assert world.laptop.run(*fetch, check=False).returncode != 0
    names.grant("allow", "lan")
    assert world.laptop.run(*fetch).stdout
    assert len(world.cafe_names.queries()) == seen_in_the_cafe
    assert {query.client for query in names.local.queries(WHOAMI)} == {world.home4}


def test_nobody_but_routed_peers_is_answered(names: Names) -> None:
    world, asked = names.world, over_both([Question(WHOAMI)])
    own = (names.host4, names.host6)
    for at in own:
        assert rcodes(names.ask_all(asked, at)) == ["NOERROR", "NOERROR"]
    port = forwarder_port(world.home, names.host4)
    names.grant("deny", "incoming")
    for at in own:
        assert rcodes(names.ask_all(asked, at)) == ["NOERROR", "NOERROR"]
        assert rcodes(names.ask_all(asked, at, port=port, patience=1)) == [None, None], "its own port is nobody's"
    world.nas.ip(f"route add {names.host4} via {world.home4}", f"route add {names.host6} via {world.home6}")
    with Observer(world.home, "eth0", "port 53 or port " + str(port)) as wire:
        for at in (*own, world.home4, world.home6):
            for number in (53, port):
                assert rcodes(names.ask_all(asked, at, world.nas, number, 0.5)) == [None, None]
    arrived = {(packet.dst, packet.dport) for packet in wire.packets() if packet.src in (world.nas4, world.nas6)}
    assert arrived >= {(at, number) for at in own for number in (53, port)}, "the questions did reach home"


def test_who_may_no_longer_route_is_answered_no_longer(names: Names) -> None:
    asked = over_both([Question(WHOAMI)])
    assert rcodes(names.ask_all(asked)) == ["NOERROR", "NOERROR"]
    names.grant("deny", "routing")
    for number in (53, forwarder_port(names.world.home, names.host4)):
        # Its connections to this device are still permitted, so here it is the forwarder that says nothing.
        assert rcodes(names.ask_all(asked, port=number, patience=1)) == [None, None]
    names.grant("allow", "routing")
    assert rcodes(names.ask_all(asked)) == ["NOERROR", "NOERROR"]


def forwarder_port(machine: Machine, address: str) -> int:
    """Where the daemon listens at its mesh address."""
    listening = machine.run("ss", "-Hlun", "src", address).stdout.split()
    return int(listening[3].rpartition(":")[2])


def test_long_answers_come_over_tcp(names: Names) -> None:
    short, long = names.ask_all([Question(BIG, "TXT"), Question(BIG, "TXT", "tcp")])
    assert short == ("NOERROR", True, ())
    assert long is not None
    assert len(long.records) == 20


def test_a_hundred_names_at_once_are_all_answered(names: Names) -> None:
    asked = [Question(f"{number}.farfield.net", "A", ("udp", "tcp")[number % 2]) for number in range(60)]
    assert rcodes(names.ask_all([*asked, *[Question(WHOAMI)] * 40])) == ["NXDOMAIN"] * 60 + ["NOERROR"] * 40


def test_a_dead_resolver_is_passed_over_before_programs_give_up(world: World) -> None:
    names = Names(world, f"nameserver 192.168.1.99\nnameserver {world.nas4}\n")
    for transport in ("udp", "tcp"):
        assert rcodes(names.ask_all([Question(WHOAMI, "A", transport)] * 5, patience=3)) == ["NOERROR"] * 5


def test_a_host_that_is_routed_asks_its_own_host_and_shows_no_names_of_its_network(names: Names) -> None:
    world = names.world
    names.household.start(world.server)
    names.household.bring_in(world.server, "rented", allow="routing,lan")
    names.grant("allow", "lan")
    local = over_both([Question("nas.home.lan"), Question("nas")])
    assert rcodes(names.ask_all(local)) == ["NOERROR"] * 4
    world.meshnet(world.home, "route", "rented")
    before = len(names.local.queries()), len(world.names.queries())
    assert rcodes(names.ask_all([Question(WHOAMI)])) == ["NOERROR"]
    assert rcodes(names.ask_all(local)) == ["REFUSED"] * 4
    assert names.local.queries()[before[0] :] == []
    asked = world.names.queries()[before[1] :]
    assert {(query.client, query.name) for query in asked} == {(world.server4, WHOAMI)}
    world.meshnet(world.home, "settings", "local-network", "on")
    assert rcodes(names.ask_all(local)) == ["NOERROR"] * 4
    assert len(names.local.queries()) > before[0]


# --- systemd-resolved -----------------------------------------------------------------------------------------------

RESOLVED = Path(__file__).parents[2] / "build/lab-resolved/lib/systemd/systemd-resolved"
"""The real one, where `./dev` could unpack it: it runs in the home computer, with that machine's own files."""
STUB = "/run/systemd/resolve/stub-resolv.conf"
BEHIND = "/run/systemd/resolve/resolv.conf"


def link_to_stub(machine: Machine) -> None:
    file = machine.file("/etc/resolv.conf")
    file.unlink()
    file.symlink_to(STUB)


def use_stand_in(world: World) -> None:
    """The files as systemd-resolved writes them, and at its address a name server that knows nothing."""
    directory = world.home.file(BEHIND).parent
    directory.mkdir(parents=True)
    world.home.file(BEHIND).write_text(f"nameserver {world.nas4}\nsearch {SEARCH}\n")
    world.home.file(STUB).write_text(f"nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch {SEARCH}\n")
    NameServer(world.home, {}).await_ready()
    link_to_stub(world.home)


def use_resolved(world: World) -> None:
    """The real systemd-resolved, told what a person would tell it."""
    try:
        subprocess.run([RESOLVED, "--version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"there is no systemd-resolved to run: {error}")
    home, user = world.home, "systemd-resolve:x:991:"
    for file, line in (("/etc/passwd", f"{user}991::/:/usr/sbin/nologin\n"), ("/etc/group", f"{user}\n")):
        path = home.file(file)
        others = (kept for kept in path.read_text().splitlines(True) if not kept.startswith("systemd-resolve:"))
        path.write_text("".join(others) + line)
    home.run("install", "-d", "-o", "991", "-g", "991", "/run/systemd/resolve", "/etc/systemd")
    settings = f"[Resolve]\nDNS={world.nas4}\nDomains={SEARCH}\nLLMNR=no\nMulticastDNS=no\n"
    home.file("/etc/systemd/resolved.conf").write_text(settings)
    home.spawn(str(RESOLVED))
    wait_until(home.file(STUB).exists, "stub")
    link_to_stub(home)


@pytest.mark.parametrize("use", [use_stand_in, use_resolved])
def test_behind_systemd_resolved_the_servers_that_it_asks_are_asked(world: World, use: Callable[[World], None]) -> None:
    use(world)
    names = Names(world, None)
    assert rcodes(names.ask_all(over_both([Question(WHOAMI)]))) == ["NOERROR", "NOERROR"]
    assert {query.client for query in names.local.queries(WHOAMI)} == {world.home4}
    files = over_both([Question(f"files.{SEARCH}", "TXT")])
    assert rcodes(names.ask_all(files)) == ["REFUSED", "REFUSED"]
    names.grant("allow", "lan")
    assert rcodes(names.ask_all(files)) == ["NOERROR", "NOERROR"]
