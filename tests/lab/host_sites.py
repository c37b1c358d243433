"""Places with a host whose policy is looked at by packets: plans made by hand, networks as the planner finds them."""

from __future__ import annotations

import dataclasses

from lab.net import Lab, Machine
from lab.services import WebServer
from lab.test_backend import Device
from meshnet.core.lan import denied, local_networks
from meshnet.core.special import network_of
from meshnet_platform.api import Hosting, Route, SystemPlan

PORT = 21820
MESH = (network_of("100.64.0.0/24"), network_of("fd00::/64"))
HAIRPIN = "46.0.0.2"
WEB = ("93.184.215.14", "2606:2800:21f::14")
COMPANY = "50.0.0.7"
SPECIAL = (
    *("10.1.2.3", "100.99.0.1", "168.63.129.16", "172.31.0.1", "192.168.100.1", "198.18.0.1", "203.0.113.9"),
    *("62.24.131.1", "62.24.131.77", HAIRPIN, "2a02:8010:6a00:2::20", "fd00:ec2::254", "64:ff9b::a01:203"),
    *("2002:a01:203::1", "2001:20::1", "4000::1", "2a03:b0c0:1::77"),
)
"""What the host's gateway would pass on: private, shared and special ranges, metadata, neighbours, other networks."""
AT_HOME = ("192.168.1.20", "2a02:8010:6a00:1::20", "192.168.2.20")
INSIDE = ("172.18.0.2", "192.168.1.1", "2a02:8010:6a00:1::1", "62.24.131.7", "172.18.0.1")

_REACH = """
import selectors, socket, sys, time
waiting = selectors.DefaultSelector()
for address in sys.argv[1:]:
    link = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    link.setblocking(False)
    try:
        link.connect((address, 80))
    except BlockingIOError:
        waiting.register(link, selectors.EVENT_WRITE, address)
    except OSError:
        pass
end = time.monotonic() + 4
while waiting.get_map() and time.monotonic() < end:
    for key, _ in waiting.select(end - time.monotonic()):
        waiting.unregister(key.fileobj)
        if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
            print(key.data)
"""


class Site:
    """A client, the internet, and a host with two local networks and a container."""

    def __init__(self, lab: Lab) -> None:
        self.net = net = lab.router("net")
        client, host = lab.machine("client"), lab.machine("host")
        homes = [lab.machine(name) for name in ("nas", "printer", "container")]
        self.nas = homes[0]
        everywhere = [*WEB, COMPANY, *SPECIAL]
        net.ip(*(f"addr add {one}/{128 if ':' in one else 32} dev lo{' nodad' * (':' in one)}" for one in everywhere))
        services = [WebServer(machine) for machine in (net, host, *homes)]
        gateways = ("62.24.131.1", "2a03:b0c0:1::1")
        lab.wire(
            net.port("to-client", "81.2.69.1/24", "2a01:1::1/64"),
            client.port("wan", "81.2.69.10/24", "2a01:1::10/64", gateways=("81.2.69.1", "2a01:1::1")),
        )
        lab.wire(
            net.port("to-host", "62.24.131.1/32", "2a03:b0c0:1::1/64"),
            host.port("wan", "62.24.131.7/24", "2a03:b0c0:1::7/64", gateways=gateways),
        )
        net.ip("route add 62.24.131.7/32 dev to-host")
        # Neighbours of the host are the lab's one router, which answers in their place.
        net.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/to-host/proxy_arp")
        lab.wire(
            homes[0].port("lan", "192.168.1.20/24", "2a02:8010:6a00:1::20/64", gateways=("192.168.1.1",)),
            host.port("lan", "192.168.1.1/24", "2a02:8010:6a00:1::1/64"),
        )
        homes[0].ip("route add ::/0 via 2a02:8010:6a00:1::1")
        lab.wire(homes[1].port("lan", "192.168.2.20/24"), host.port("lan2", "192.168.2.1/24"))
        homes[1].ip("route add 0.0.0.0/0 via 192.168.2.1")
        self._add_container(lab, host, homes[2])
        for service in services:
            service.await_ready()
        self.client = Device(client, 2, f"81.2.69.10:{PORT}")
        self.host = Device(host, 1, f"62.24.131.7:{PORT}")

    def _add_container(self, lab: Lab, host: Machine, container: Machine) -> None:
        lab.wire(container.port("eth0", "172.18.0.2/24", gateways=("172.18.0.1",)), host.port("veth1"))
        host.ip(
            "link add docker0 type bridge", "link set veth1 master docker0", "addr add 172.18.0.1/24 dev docker0",
            "link set docker0 up",
        )  # fmt: skip

    def hosting(self, *, lan: bool = False) -> Hosting:
        """For the client."""
        return hosting(self.host, self.client, lan=lan, own_public=(HAIRPIN,))

    def host_plan(self, hosting: Hosting) -> SystemPlan:
        return SystemPlan(self.host.tunnel(self.client.as_peer()), hosting=hosting)

    def serve(self, hosting: Hosting) -> None:
        self.host.apply(self.host_plan(hosting))

    def route(self) -> None:
        tunnel = dataclasses.replace(self.client.tunnel(self.host.as_peer(everything=True)), listen_port=PORT + 1)
        self.client.apply(SystemPlan(tunnel, route=Route(passing=True)))

    def reached(self, *targets: str) -> set[str]:
        """Those of the targets whose web server the client can connect to."""
        return reached(self.client.machine, *targets)


class Chain:
    """A client, a host that is itself routed, and the host of that one; both hosts have a local network."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        net = lab.router("net")
        net.ip(f"addr add {WEB[0]}/32 dev lo")
        services = [WebServer(net)]
        self.devices: list[Device] = []
        for number, name in enumerate(("client", "middle", "last"), 1):
            machine, nas = lab.machine(name), lab.machine(f"nas-{name}")
            port = machine.port("wan", f"81.2.{number}.2/24", gateways=(f"81.2.{number}.1",))
            lab.wire(net.port(f"to-{name}", f"81.2.{number}.1/24"), port)
            lab.wire(
                nas.port("lan", f"192.168.{number}.20/24", gateways=(f"192.168.{number}.1",)),
                machine.port("lan", f"192.168.{number}.1/24"),
            )
            services.append(WebServer(nas))
            self.devices.append(Device(machine, number, f"81.2.{number}.2:{PORT}"))
        for service in services:
            service.await_ready()

    def serve(self, *, middle_lan: bool) -> None:
        client, middle, last = self.devices
        last.apply(SystemPlan(last.tunnel(middle.as_peer()), hosting=hosting(last, middle, lan=True)))
        tunnel = middle.tunnel(client.as_peer(), last.as_peer(everything=True))
        routed = dataclasses.replace(hosting(middle, client, lan=middle_lan), through_tunnel=True)
        middle.apply(SystemPlan(tunnel, hosting=routed, route=Route(passing=True)))
        client.apply(SystemPlan(client.tunnel(middle.as_peer(everything=True)), route=Route(passing=True)))


def hosting(host: Device, client: Device, *, lan: bool, own_public: tuple[str, ...] = ()) -> Hosting:
    """As the planner makes it of what the backend says of this host."""
    facts = host.facts()
    networks = local_networks(facts, MESH)
    return Hosting(
        client.addresses,
        lan=client.addresses if lan else (),
        lan_prefixes=networks.prefixes if lan else (),
        lan_interfaces=networks.interfaces if lan else (),
        denied=denied(facts, own_public),
        gateways=facts.gateways,
    )


def reached(machine: Machine, *targets: str) -> set[str]:
    """Those of the targets whose web server the machine can connect to."""
    return set(machine.python(_REACH, *targets).split())


KNOCK = """
import socket, sys
for address in sys.argv[1:]:
    link = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        link.sendto(b"knock", (address, 7000))
    except OSError:
        pass
"""
