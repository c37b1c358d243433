"""The Linux backend with real packets: plans made by hand, in machines of the lab."""

from __future__ import annotations

import base64
import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from lab.net import Lab, Machine, Process, wait_until, why_not
from lab.services import WebServer
from meshnet_platform.api import (
    Control,
    Facts,
    Gateway,
    Hosting,
    Observation,
    Peer,
    Route,
    SystemPlan,
    Tunnel,
)

pytestmark = [pytest.mark.lab, pytest.mark.skipif(why_not() is not None, reason=str(why_not()))]

_DRIVER = str(Path(__file__).with_name("backend_driver.py"))
_PORT = 21820
_MESH4 = "100.64.0.0/24"
_WEB = {4: "http://192.0.2.80/ip", 6: "http://[2001:db8:80::80]/ip"}
_HOST_PUBLIC = {4: "203.0.113.2", 6: "2001:db8:2::2"}
_CLIENT_PUBLIC = {4: "198.51.100.2", 6: "2001:db8:1::2"}


class Device:
    """A machine with a backend, its keys and its mesh addresses."""

    def __init__(self, machine: Machine, number: int, endpoint: str) -> None:
        self.machine = machine
        self.address4 = f"100.64.0.{number}"
        self.address6 = f"fd00::{number}"
        self.endpoint = endpoint
        private = X25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        self.private = base64.b64encode(private.private_bytes_raw()).decode()
        self.public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
        self._state = machine.directory / "state"
        self._state.mkdir()

    @property
    def addresses(self) -> tuple[str, str]:
        return self.address4, self.address6

    def tunnel(self, *peers: Peer) -> Tunnel:
        own = (f"{self.address4}/32", f"{self.address6}/128")
        return Tunnel("meshnet0", self.private, _PORT, own, peers=peers, unreachable=(_MESH4, "fd00::/64"))

    def as_peer(self, *, everything: bool = False) -> Peer:
        allowed = (f"{self.address4}/32", f"{self.address6}/128", *(("0.0.0.0/0", "::/0") if everything else ()))
        return Peer(self.public, allowed, self.endpoint)

    def drive(self, verb: str, plan: SystemPlan | None = None) -> str:
        text = msgspec.json.encode(plan).decode() if plan else ""
        return self.machine.run(sys.executable, _DRIVER, str(self._state), verb, input=text).stdout

    def stay(self, plan: SystemPlan) -> Process:
        file = self.machine.directory / "plan.json"
        file.write_bytes(msgspec.json.encode(plan))
        process = self.machine.spawn(sys.executable, _DRIVER, str(self._state), "stay", str(file))
        process.wait_for_line("ready", exact=True)
        return process

    def apply(self, plan: SystemPlan) -> None:
        self.drive("apply", plan)

    def facts(self) -> Facts:
        return msgspec.json.decode(self.drive("facts"), type=Facts)

    def snapshot(self) -> dict[str, str]:
        """Everything that a plan may change."""
        commands = {
            "addresses": "ip -o addr",
            "routes": "ip -4 route show table all; ip -6 route show table all",
            "rules": "ip -4 rule; ip -6 rule",
            "firewall": "nft list ruleset",
            "settings": "sysctl -a --pattern 'forward|accept_ra$|src_valid_mark|accept_redirects|rp_filter'",
            "resolvers": "ls -l /etc/resolv.conf | cut -c1-10; cat /etc/resolv.conf",
            "sockets": "ls /run/wireguard 2>/dev/null",
            "processes": "pgrep -r R,S,D wireguard-go",
        }
        run = self.machine.run
        return {name: _steady(run("sh", "-c", command, check=False).stdout) for name, command in commands.items()}


def _steady(text: str) -> str:
    """Without lifetimes, which pass by themselves."""
    return "\n".join(line.split("valid_lft")[0] for line in text.splitlines())


@dataclasses.dataclass
class World:
    """A client and a host on the internet, and a machine in the host's LAN."""

    client: Device
    host: Device
    lan: Machine

    def fetch(self, family: int = 4, *, url: str = "") -> str:
        words = ("curl", f"-{family}", "-s", "-S", "--noproxy", "*", "-m", "4", url or _WEB[family])
        return self.client.machine.run(*words).stdout.strip()

    def fails(self, family: int = 4, *, url: str = "") -> float:
        """Seconds until a fetch fails."""
        words = ("curl", f"-{family}", "-s", "-m", "3", "-o", "/dev/null", "-w", "%{time_total}", url or _WEB[family])
        done = self.client.machine.run(*words, check=False)
        assert done.returncode != 0
        return float(done.stdout)

    def client_plan(self, route: Route | None, *, resolvers: tuple[str, ...] = ()) -> SystemPlan:
        peer = self.host.as_peer(everything=route is not None)
        return SystemPlan(self.client.tunnel(peer), route=route, resolvers=resolvers)

    def host_plan(self, *, hosting: Hosting | None, incoming: tuple[str, ...] = ()) -> SystemPlan:
        return SystemPlan(self.host.tunnel(self.client.as_peer()), incoming=incoming, hosting=hosting)

    def hosting(self) -> Hosting:
        gateways = (Gateway("wan", "203.0.113.1", 4), Gateway("wan", "2001:db8:2::1", 6))
        denied = ("10.0.0.0/8", "192.168.0.0/16", "100.64.0.0/10", "203.0.113.0/24", "fc00::/7", "fe80::/10")
        return Hosting(self.client.addresses, denied=denied, gateways=gateways)

    def route_through_host(self) -> None:
        self.host.apply(self.host_plan(hosting=self.hosting()))
        self.client.apply(self.client_plan(Route(passing=True)))


@pytest.fixture
def world() -> Iterator[World]:
    with Lab() as lab:
        net = lab.router("net")
        client, host, lan = lab.machine("client"), lab.machine("host"), lab.machine("nas")
        net.run("ip", "addr", "add", "192.0.2.80/32", "dev", "lo")
        net.run("ip", "addr", "add", "2001:db8:80::80/128", "dev", "lo")
        web, nas = WebServer(net), WebServer(lan)
        lab.wire(
            net.port("to-client", "198.51.100.1/24", "2001:db8:1::1/64"),
            client.port("wan", "198.51.100.2/24", "2001:db8:1::2/64", gateways=("198.51.100.1", "2001:db8:1::1")),
        )
        lab.wire(
            net.port("to-host", "203.0.113.1/24", "2001:db8:2::1/64"),
            host.port("wan", "203.0.113.2/24", "2001:db8:2::2/64", gateways=("203.0.113.1", "2001:db8:2::1")),
        )
        lab.wire(
            lan.port("lan", "192.168.1.20/24", gateways=("192.168.1.1",)),
            host.port("lan", "192.168.1.1/24"),
        )
        web.await_ready()
        nas.await_ready()
        yield World(Device(client, 2, f"198.51.100.2:{_PORT}"), Device(host, 1, f"203.0.113.2:{_PORT}"), lan)


def test_traffic_leaves_with_the_address_of_the_host_and_restore_leaves_no_trace(world: World) -> None:
    before = world.client.snapshot(), world.host.snapshot()
    assert world.fetch(4) == _CLIENT_PUBLIC[4]
    assert world.fetch(6) == _CLIENT_PUBLIC[6]
    world.route_through_host()
    assert world.fetch(4) == _HOST_PUBLIC[4]
    assert world.fetch(6) == _HOST_PUBLIC[6]
    world.client.drive("restore")
    world.host.drive("restore")
    assert (world.client.snapshot(), world.host.snapshot()) == before
    assert world.fetch(4) == _CLIENT_PUBLIC[4]


def test_a_revoked_peer_is_cut_off_at_once_and_a_new_grant_lets_it_back(world: World) -> None:
    world.route_through_host()
    assert world.fetch(4) == _HOST_PUBLIC[4]
    world.host.apply(world.host_plan(hosting=dataclasses.replace(world.hosting(), routing=())))
    world.fails(4)
    world.fails(6)
    world.host.apply(world.host_plan(hosting=world.hosting()))
    assert world.fetch(4) == _HOST_PUBLIC[4]


def test_what_is_blocked_fails_at_once(world: World) -> None:
    world.host.apply(world.host_plan(hosting=None))
    world.client.apply(world.client_plan(Route(passing=False)))
    assert world.fails(4) < 0.5
    assert world.fails(6) < 0.5
    # A host that has no IPv6 must not make the client wait for it either.
    world.route_through_host()
    world.client.apply(world.client_plan(Route(passing=True, ipv6=False)))
    assert world.fetch(4) == _HOST_PUBLIC[4]
    assert world.fails(6) < 0.5


def test_blocked_traffic_cannot_leave_by_another_route_or_behind_a_flushed_table(world: World) -> None:
    world.host.apply(world.host_plan(hosting=None))
    world.client.apply(world.client_plan(Route(passing=False)))
    # What a hostile DHCP server may push (option 121).
    world.client.machine.run("ip", "route", "add", "192.0.2.80/32", "via", "198.51.100.1", "dev", "wan")
    assert world.fails(4) < 0.5
    world.client.machine.run("nft", "flush", "ruleset")
    assert world.fails(4) < 0.5
    world.client.apply(world.client_plan(Route(passing=False)))
    world.client.machine.run("ip", "rule", "del", "priority", "5300")
    assert world.fails(4) < 0.5


def test_without_the_kill_switch_traffic_is_routed_and_nothing_is_rejected(
    world: World,
) -> None:
    world.host.apply(world.host_plan(hosting=world.hosting()))
    world.client.apply(world.client_plan(Route(passing=True, guarded=False)))
    assert world.fetch(4) == _HOST_PUBLIC[4]
    assert "reject" not in world.client.machine.run("nft", "list", "table", "inet", "meshnet").stdout


def test_the_lan_of_the_host_is_closed_until_granted(world: World) -> None:
    nas = "http://192.168.1.20/ip"
    world.route_through_host()
    world.fails(4, url=nas)
    # Neither the host's own addresses: they are no mesh addresses.
    assert world.client.machine.run("ping", "-c1", "-W1", "192.168.1.1", check=False).returncode != 0
    granted = dataclasses.replace(
        world.hosting(), lan=world.client.addresses, lan_prefixes=("192.168.1.0/24",), lan_interfaces=("lan",)
    )
    world.host.apply(world.host_plan(hosting=granted))
    assert world.fetch(4, url=nas) == "192.168.1.1"
    world.host.apply(world.host_plan(hosting=world.hosting()))
    world.fails(4, url=nas)


def test_a_machine_of_the_lan_cannot_use_the_host_as_a_router(world: World) -> None:
    """Forwarding is on because of us; that must not turn this device into everybody's router."""
    world.route_through_host()
    direct = ("curl", "-s", "-m", "2", _WEB[4])
    assert world.lan.run(*direct, check=False).returncode != 0


def test_incoming_connections_need_the_grant(world: World) -> None:
    ping = ("ping", "-c1", "-W1", world.host.address4)
    ping6 = ("ping", "-c1", "-W1", world.host.address6)
    world.client.apply(world.client_plan(None))
    world.host.apply(world.host_plan(hosting=None))
    assert world.client.machine.run(*ping, check=False).returncode != 0
    world.host.apply(world.host_plan(hosting=None, incoming=world.client.addresses))
    world.client.machine.run(*ping)
    world.client.machine.run(*ping6)
    # The other way needs a grant of its own, and a mesh address of nobody is unreachable.
    assert world.host.machine.run("ping", "-c1", "-W1", world.client.address4, check=False).returncode != 0
    assert world.client.machine.run("ping", "-c1", "-W1", "100.64.0.77", check=False).returncode != 0


def test_who_connects_from_outside_is_still_answered_while_all_else_is_routed(world: World) -> None:
    """A person at work over SSH must not be locked out by turning a route on."""
    server = WebServer(world.client.machine, 8080)
    server.await_ready()
    world.client.machine.run(
        "sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter; echo 1 > /proc/sys/net/ipv4/conf/wan/rp_filter"
    )
    world.route_through_host()
    ask = ("curl", "-s", "-S", "-m", "3", "http://198.51.100.2:8080/ip")
    assert world.host.machine.run(*ask).stdout.strip() == "203.0.113.2"
    assert world.fetch(4) == _HOST_PUBLIC[4]
    ask6 = ("curl", "-s", "-S", "-m", "3", "http://[2001:db8:1::2]:8080/ip")
    assert world.host.machine.run(*ask6).stdout.strip() == "2001:db8:2::2"


def test_a_marked_connection_of_root_reaches_the_coordinator_and_nothing_else_does(world: World) -> None:
    world.host.apply(world.host_plan(hosting=None))
    control = (Control("192.0.2.80", 80),)
    world.client.apply(world.client_plan(Route(passing=False, control=control)))
    script = """
import socket, sys
with socket.socket() as link:
    link.settimeout(3)
    link.setsockopt(socket.SOL_SOCKET, 36, int(sys.argv[1]))
    link.connect(("192.0.2.80", int(sys.argv[2])))
print("connected")
"""
    assert world.client.machine.python(script, str(0x20D53), "80") == "connected\n"
    for mark, port in (("0", "80"), (str(0x20D53), "81")):
        with pytest.raises(Exception, match="Error"):
            world.client.machine.python(script, mark, port)


def test_names_are_asked_at_the_plan_and_the_file_comes_back(world: World) -> None:
    machine = world.client.machine
    machine.resolve_with("198.51.100.1")
    before = machine.file("/etc/resolv.conf").read_text()
    world.host.apply(world.host_plan(hosting=world.hosting()))
    world.client.apply(world.client_plan(Route(passing=True), resolvers=(world.host.address4,)))
    assert f"nameserver {world.host.address4}" in machine.run("cat", "/etc/resolv.conf").stdout
    assert world.client.facts().resolvers == ("198.51.100.1",)
    world.client.apply(world.client_plan(None))
    assert machine.run("cat", "/etc/resolv.conf").stdout == before


def test_port_53_of_a_routed_peer_reaches_the_forwarder_and_its_own_port_does_not(world: World) -> None:
    server = WebServer(world.host.machine, 5300)
    server.await_ready()
    world.host.apply(world.host_plan(hosting=dataclasses.replace(world.hosting(), resolver_port=5300)))
    world.client.apply(world.client_plan(Route(passing=True)))
    assert world.fetch(4, url=f"http://{world.host.address4}:53/ip") == world.client.address4
    assert world.fetch(6, url=f"http://[{world.host.address6}]:53/ip") == world.client.address6
    world.fails(4, url=f"http://{world.host.address4}:5300/ip")


def test_a_tunnel_whose_process_dies_comes_back_and_is_told(world: World) -> None:
    world.host.apply(world.host_plan(hosting=world.hosting()))
    watching = world.client.stay(world.client_plan(Route(passing=True)))
    assert world.fetch(4) == _HOST_PUBLIC[4]
    world.client.machine.run("sh", "-c", "kill -9 $(pgrep -x wireguard-go)")
    watching.wait_for_line("died and was started again")
    wait_until(lambda: world.client.machine.run("curl", "-s", "-m", "6", _WEB[4], check=False).stdout, "answer")
    assert world.fetch(4) == _HOST_PUBLIC[4]
    assert watching.stop() == 0


def test_a_killed_daemon_leaves_traffic_routed_and_the_next_one_adopts_the_tunnel(world: World) -> None:
    world.host.apply(world.host_plan(hosting=world.hosting()))
    plan = world.client_plan(Route(passing=True))
    daemon = world.client.stay(plan)
    before = world.client.machine.run("pgrep", "-r", "R,S,D", "wireguard-go").stdout
    daemon.kill()
    assert world.fetch(4) == _HOST_PUBLIC[4]
    world.client.apply(plan)
    assert world.fetch(4) == _HOST_PUBLIC[4]
    assert world.client.machine.run("pgrep", "-r", "R,S,D", "wireguard-go").stdout == before


def test_restore_needs_no_journal_for_what_bears_our_name(world: World) -> None:
    before = world.client.snapshot()
    world.host.apply(world.host_plan(hosting=None))
    world.client.apply(world.client_plan(Route(passing=False)))
    (world.client.machine.directory / "state" / "system-journal.json").unlink()
    world.client.drive("restore")
    after = world.client.snapshot()
    assert {**after, "settings": ""} == {**before, "settings": ""}


def test_what_is_behind_a_routed_device_goes_the_same_way_or_nowhere(world: World) -> None:
    """Containers and hotspot clients: here, the machine of the LAN behind a host that is itself routed."""
    router = world.host
    router.machine.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    world.client.apply(
        SystemPlan(
            world.client.tunnel(router.as_peer()),
            hosting=Hosting(router.addresses, gateways=(Gateway("wan", "198.51.100.1", 4),)),
        )
    )
    plan = SystemPlan(router.tunnel(world.client.as_peer(everything=True)), route=Route(passing=True))
    router.apply(plan)
    ask = ("curl", "-s", "-S", "-m", "3", _WEB[4])
    assert world.lan.run(*ask).stdout.strip() == _CLIENT_PUBLIC[4]
    router.apply(dataclasses.replace(plan, route=Route(passing=False)))
    assert world.lan.run(*ask, check=False).returncode != 0


def test_facts_name_the_ways_out_and_leave_our_tunnel_away(world: World) -> None:
    world.route_through_host()
    facts = world.client.facts()
    assert [link.name for link in facts.links] == ["lo", "wan"]
    assert set(facts.gateways) == {Gateway("wan", "198.51.100.1", 4), Gateway("wan", "2001:db8:1::1", 6)}


def test_the_tunnel_tells_of_its_peers(world: World) -> None:
    world.route_through_host()
    world.fetch(4)
    seen = msgspec.json.decode(world.client.drive("observe"), type=Observation)
    # A fresh process has no plan of its own, and so nothing to tell of.
    assert seen == Observation()
    assert json.loads(world.client.drive("problems")) == []


class Chain:
    """A client, a host that is itself routed, and the host of that one."""

    def __init__(self, lab: Lab) -> None:
        net = lab.router("net")
        names = ("client", "middle", "exit")
        self.devices = [Device(lab.machine(name), n, f"198.51.{n}.2:{_PORT}") for n, name in enumerate(names, 1)]
        net.run("ip", "addr", "add", "192.0.2.80/32", "dev", "lo")
        web = WebServer(net)
        for number, device in enumerate(self.devices, 1):
            port = device.machine.port("wan", f"198.51.{number}.2/24", gateways=(f"198.51.{number}.1",))
            lab.wire(net.port(f"to-{device.machine.name}", f"198.51.{number}.1/24"), port)
        web.await_ready()

    def hosting(self, device: Device, number: int, *, through_tunnel: bool) -> Hosting:
        gateway = Gateway("wan", f"198.51.{number}.1", 4)
        return Hosting(device.addresses, denied=("100.64.0.0/10",), gateways=(gateway,), through_tunnel=through_tunnel)

    def middle_plan(self, *, passing: bool) -> SystemPlan:
        client, middle, last = self.devices
        return SystemPlan(
            middle.tunnel(client.as_peer(), last.as_peer(everything=True)),
            hosting=self.hosting(client, 2, through_tunnel=True),
            route=Route(passing=passing),
        )


@pytest.fixture
def chain() -> Iterator[Chain]:
    with Lab() as lab:
        yield Chain(lab)


def test_a_host_that_is_routed_itself_passes_its_clients_on_and_never_beside_the_tunnel(chain: Chain) -> None:
    client, middle, last = chain.devices
    last.apply(SystemPlan(last.tunnel(middle.as_peer()), hosting=chain.hosting(middle, 3, through_tunnel=False)))
    middle.apply(chain.middle_plan(passing=True))
    client.apply(SystemPlan(client.tunnel(middle.as_peer(everything=True)), route=Route(passing=True)))
    ask = ("curl", "-s", "-S", "-m", "4", _WEB[4])
    assert client.machine.run(*ask).stdout.strip() == "198.51.3.2"
    assert middle.machine.run(*ask).stdout.strip() == "198.51.3.2"
    # From peer to peer there is no way through a third.
    assert client.machine.run("ping", "-c1", "-W1", last.address4, check=False).returncode != 0
    middle.apply(chain.middle_plan(passing=False))
    assert client.machine.run(*ask, check=False).returncode != 0


_PRINTING = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
    link.bind(("198.51.100.2", 7000))
    link.sendto(b"print", ("198.51.100.1", 9100))
    link.settimeout(2)
    print("ready", flush=True)
    try:
        print(link.recv(100).decode(), flush=True)
    except TimeoutError:
        print("nothing", flush=True)
"""
_FORGING = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as link:
    link.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"meshnet0")
    source, target = socket.inet_aton("198.51.100.1"), socket.inet_aton("198.51.100.2")
    udp = (9100).to_bytes(2) + (7000).to_bytes(2) + (14).to_bytes(2) + bytes(2) + b"forged"
    head = bytes([0x45, 0]) + (20 + len(udp)).to_bytes(2) + bytes([0, 1, 0, 0, 64, 17, 0, 0])
    link.sendto(head + source + target + udp, ("198.51.100.2", 0))
"""


def test_a_host_cannot_forge_an_answer_to_a_flow_that_never_entered_the_tunnel(world: World) -> None:
    """A program talks to a printer in its own network; the host answers in the printer's name."""
    client, host = world.client.machine, world.host.machine
    world.host.apply(world.host_plan(hosting=world.hosting()))
    world.client.apply(world.client_plan(Route(passing=True, local=("198.51.100.0/24",))))
    world.fetch(4)
    host.run("nft", "flush", "ruleset")
    host.run("wg", "set", "meshnet0", "peer", world.client.public, "allowed-ips", "198.51.100.2/32")

    def heard() -> str:
        program = client.spawn(sys.executable, "-c", _PRINTING)
        program.wait_for_line("ready", exact=True)
        host.python(_FORGING)
        program.wait(5)
        return list(program.lines())[-1]

    assert heard() == "nothing"
    # The attack itself works: without the firewall the program is fooled.
    client.run("nft", "flush", "ruleset")
    assert heard() == "forged"
