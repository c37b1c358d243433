"""A host as exposed as a real one: what may lie around a device that routes others' traffic.

Law: nothing here knows of the product.
"""

from __future__ import annotations

from collections.abc import Iterable

from lab.net import Lab, Machine, wait_until
from lab.services import WebServer
from lab.world import World


class Besieged(World):
    """The standard world with more around home.

    eth0       the LAN: also public and link-local addresses, a unique local prefix, clouds' metadata addresses
    (router)   another private network, another /64 of the delegated /56, metadata and carrier addresses behind it
    eth1       a second LAN, private and public, and networks behind its machine
    docker0    containers, private; `br-pub` containers with public addresses; a published port
    office0    another VPN of the host's, a WireGuard tunnel with private and public prefixes
    """

    home_lan = ("88.198.50.10/24", "169.254.7.1/16", "fd12:3456:789a:1::10/64")
    nas_lan = ("88.198.50.20/24", "169.254.7.7/16", "fd12:3456:789a:1::20/64")
    nas_clouds = ("169.254.169.254/32", "100.64.5.5/32", "fd00:ec2::254/128", "78.46.62.20/32", "2a01:4f8:62::20/128")
    cellar_more = ("168.63.129.16/32", "100.100.100.200/32")

    def __init__(self, lab: Lab) -> None:
        super().__init__(lab)
        self.cellar, self.annex, self.office = lab.machine("cellar"), lab.machine("annex"), lab.machine("office")
        self.container, self.boxed = lab.machine("container"), lab.machine("boxed")
        self.stranger = lab.machine("stranger")
        self.home_service = WebServer(self.home)
        self.uplink(self.stranger, "eth0", "185.220.101.5", "2a0b:f4c2:1::5")
        self.uplink(self.office, "eth0", "194.25.134.5", "2003:8:0:1::5")
        self._wire_lan()
        self._wire_behind_router()
        self._wire_annex()
        self._wire_containers()
        self._wire_office()
        self.home_service.await_ready()

    def _wire_lan(self) -> None:
        self.home.ip(*_addresses(self.home_lan, "eth0"))
        self.nas.ip(*_addresses(self.nas_lan + self.nas_clouds, "eth0"))
        on_link = (address.rpartition("/")[0] for address in self.nas_clouds[:3])
        self.home.ip(
            *(f"route add {address} dev eth0" for address in on_link),
            f"route add 78.46.62.0/24 via {self.nas4}",
            f"route add 2a01:4f8:62::/64 via {self.nas6}",
        )
        # The home's own address and a forwarded port, as they look from inside (hairpin).
        self.home_router.nft(f"""
            add rule ip nat prerouting iifname "lan" ip daddr {self.home_public4} udp dport 5000 dnat to {self.nas4}:7
            add rule ip nat prerouting iifname "lan" ip daddr {self.home_public4} tcp dport 5000 dnat to {self.nas4}:80
            add rule ip nat postrouting ip saddr {self.home_prefix4} oifname "lan" masquerade
            """)

    def _wire_behind_router(self) -> None:
        router = self.home_router.port("vlan", "10.20.0.1/24", "2a02:8010:6a00:2::1/64")
        ends = ("10.20.0.20/24", "2a02:8010:6a00:2::20/64")
        self.lab.wire(router, self.cellar.port("eth0", *ends, gateways=("10.20.0.1", "2a02:8010:6a00:2::1")))
        self.cellar.ip(*_addresses(self.cellar_more, "eth0"))
        self.home_router.ip(*(f"route add {address} via 10.20.0.20" for address in self.cellar_more))

    def _wire_annex(self) -> None:
        ours = self.home.port("eth1", "192.168.60.10/24", "141.76.60.10/24", "2001:638:60::10/64", "fd60::10/64")
        ends = ("192.168.60.20/24", "141.76.60.20/24", "2001:638:60::20/64", "fd60::20/64")
        self.lab.wire(ours, self.annex.port("eth0", *ends, gateways=("192.168.60.10", "2001:638:60::10")))
        self.annex.ip(*_addresses(("141.76.61.20/32", "10.61.0.20/32", "2001:638:61::20/128"), "eth0"))
        self.home.ip(
            "route add 141.76.61.0/24 via 192.168.60.20",
            "route add 10.61.0.0/24 via 192.168.60.20",
            "route add 2001:638:61::/64 via 2001:638:60::20",
        )

    def _wire_containers(self) -> None:
        self._bridge_at_home("docker0", self.container, ("172.17.0", "fd00:d0c:"))
        self._bridge_at_home("br-pub", self.boxed, ("185.199.50", "2a0e:b107:50:"))
        self.flush_firewall()

    def flush_firewall(self) -> None:
        """What a restart of a firewall program does: every table is gone but that of the containers' program."""
        self.home.run(
            "nft",
            "flush ruleset; add table ip docker;"
            "add chain ip docker published { type nat hook prerouting priority dstnat; };"
            "add rule ip docker published fib daddr type local udp dport 8080 dnat to 172.17.0.2:7;"
            "add rule ip docker published fib daddr type local tcp dport 8080 dnat to 172.17.0.2:80",
        )

    def _bridge_at_home(self, bridge: str, machine: Machine, prefixes: tuple[str, str]) -> None:
        prefix4, prefix6 = prefixes
        self.home.ip(
            f"link add {bridge} type bridge mcast_snooping 0",
            f"addr add {prefix4}.1/24 dev {bridge}",
            f"addr add {prefix6}:1/64 dev {bridge} nodad",
            f"link set {bridge} up",
        )
        ends = machine.port("eth0", f"{prefix4}.2/24", f"{prefix6}:2/64", gateways=(f"{prefix4}.1", f"{prefix6}:1"))
        self.lab.wire(self.home.port(f"v-{bridge}"), ends)
        self.home.ip(f"link set v-{bridge} master {bridge}")

    def _wire_office(self) -> None:
        """The host's other VPN: wireguard-go, as the host would run it where the kernel has none."""
        keys = {machine: _new_key(machine) for machine in (self.home, self.office)}
        routed = ("10.77.0.0/24", "50.0.1.0/24", "2600:50:1::/64")
        for machine, other, host in ((self.home, self.office, 1), (self.office, self.home, 5)):
            tunnel = machine.spawn("wireguard-go", "-f", "office0")
            wait_until(machine.file("/run/wireguard/office0.sock").exists, "tunnel of the office")
            assert tunnel.returncode is None
            port = "51999" if machine is self.office else "52000"
            # The office may send anything into its own end.
            allowed = ",".join(routed) if machine is self.home else "0.0.0.0/0,::/0"
            peer = f"peer {keys[other][1]} allowed-ips {allowed}"
            endpoint = "endpoint 194.25.134.5:51999 persistent-keepalive 20" if machine is self.home else ""
            secret = ("private-key", "/dev/stdin", "listen-port", port)
            machine.run("wg", "set", "office0", *secret, *f"{peer} {endpoint}".split(), input=keys[machine][0])
            ends = [f"10.77.0.{host}/32", f"50.0.1.{host}/32", f"2600:50:1::{host}/128"]
            machine.ip(*_addresses(ends, "office0"), "link set office0 mtu 1300 up")
            machine.ip(*(f"route add {prefix} dev office0" for prefix in routed))


def _addresses(addresses: Iterable[str], interface: str) -> list[str]:
    return [f"addr add {address} dev {interface}{' nodad' * (':' in address)}" for address in addresses]


def _new_key(machine: Machine) -> tuple[str, str]:
    private = machine.run("wg", "genkey").stdout
    return private, machine.run("wg", "pubkey", input=private).stdout.strip()
