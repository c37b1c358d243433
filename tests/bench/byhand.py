"""The same ways laid by hand, as somebody who knows the tools would: the references of the measurements."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lab.net import Machine, wait_until
from lab.world import World

INTERFACE = "meshnet0"
MARK = "0x20d53"
"""The mark that the daemon gives its WireGuard: what bears it goes beside the tunnel."""

_TABLE = 51820
"""Number of the table of the way by hand, and the mark of what goes beside it."""

_ON = """set -e
wg set {interface} peer {key} allowed-ips {own},0.0.0.0/0,::/0
for family in -4 -6; do
    ip $family -batch - <<END
route add unreachable default metric 20000 table 4242
route add default dev {interface} metric 100 table 4242
rule add priority 5400 not fwmark {mark} lookup 4242
END
done
nft -f - <<END
table inet byhand {{
    chain output {{
        type filter hook output priority filter; policy accept;
        oifname {{ "lo", "{interface}" }} accept
        meta mark {mark} accept
        ip6 hoplimit 255 icmpv6 type {{ nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert }} accept
        reject with icmpx admin-prohibited
    }}
    chain forward {{
        type filter hook forward priority filter; policy accept;
        oifname "{interface}" accept
        reject with icmpx admin-prohibited
    }}
}}
END
echo "nameserver {resolver}" >/etc/resolv.conf
"""
_OFF = """set -e
echo "nameserver {before}" >/etc/resolv.conf
for family in -4 -6; do
    ip $family -batch - <<END
rule del priority 5400
route flush table 4242
END
done
wg set {interface} peer {key} allowed-ips {own}
nft delete table inet byhand
"""

_OVER = """set -e
wg set {interface} peer {key} allowed-ips {own},0.0.0.0/0,::/0
echo "nameserver {resolver}" >/etc/resolv.conf
"""
"""WireGuard moves a prefix to the peer that is given it last, without a moment in which nobody has it."""


class Switch:
    """The scripts that turn a route on and off, on a tunnel that stands already, and change its host."""

    def __init__(self, world: World, interface: str = INTERFACE, host: str = "", other: str = "") -> None:
        """`host` and `other` are mesh addresses (IPv4) of peers; without one it is the first peer."""
        laptop = world.laptop
        self._laptop, self._interface = laptop, interface
        self._before = laptop.run("cat", "/etc/resolv.conf").stdout.split()[1]
        self.on = self._script(laptop, "on.sh", self._filled(_ON, host))
        self.off = self._script(laptop, "off.sh", self._filled(_OFF, other or host))
        self.over = self._script(laptop, "over.sh", self._filled(_OVER, other))
        self.back = self._script(laptop, "back.sh", self._filled(_OVER, host))

    def _filled(self, script: str, host: str) -> str:
        key, addresses = self._peer(host)
        return script.format(
            interface=self._interface,
            mark=MARK,
            key=key,
            own=",".join(addresses),
            resolver=next(one for one in addresses if ":" not in one).removesuffix("/32"),
            before=self._before,
        )

    def _peer(self, host: str) -> tuple[str, list[str]]:
        """Key and addresses of a peer."""
        lines = self._laptop.run("wg", "show", self._interface, "allowed-ips").stdout.splitlines()
        peers = [line.split() for line in lines]
        # A beacon is a peer with no address.
        words = next(words for words in peers if (f"{host}/32" in words if host else words[1:] != ["(none)"]))
        return words[0], words[1:]

    @staticmethod
    def _script(machine: Machine, name: str, text: str) -> list[str]:
        path: Path = machine.directory / name
        path.write_text(text)
        return ["sh", str(path)]


@dataclass(frozen=True, slots=True)
class Stop:
    """A host of a chain: where the one before it finds its WireGuard."""

    machine: Machine
    address: str
    port: int


class Tunnels:
    """Ways through hosts with nothing of the product in them: keys, addresses, masquerades, no guard and no rules.

    Every machine has one interface, with a peer for the one before it and a peer for the one behind it; what leads its
    traffic into that is a single rule.
    """

    def __init__(self, laptop: Machine, hosts: tuple[Stop, ...]) -> None:
        self.implementation = "the kernel's WireGuard"
        self._machines = (laptop, *(host.machine for host in hosts))
        for machine in self._machines:
            self._interface(machine)
        keys = [self._keys(machine) for machine in self._machines]
        for number, (machine, (private, _)) in enumerate(zip(self._machines, keys, strict=True)):
            port = hosts[number - 1].port if number else 0
            self._set(machine, private, "listen-port", str(port), "fwmark", str(_TABLE))
            self._bring_up(machine, _address(number))
            if number:
                self._peer(machine, keys[number - 1][1], "allowed-ips", f"{_address(number - 1)}/32")
                self._host(machine)
            if number < len(hosts):
                behind = hosts[number]
                way = ("endpoint", f"{behind.address}:{behind.port}", "allowed-ips", "0.0.0.0/0")
                self._peer(machine, keys[number + 1][1], *way)
                machine.ip(f"route add default dev wg0 table {_TABLE}")
        self._hops = 0

    def lead(self, hops: int) -> None:
        """Have the laptop's traffic pass this many hosts."""
        rule = f"not fwmark {_TABLE} lookup {_TABLE}"
        for machine in self._machines[self._hops : hops]:
            machine.ip(f"rule add {rule}")
        for machine in self._machines[hops : self._hops]:
            machine.ip(f"rule del {rule}")
        self._hops = hops

    def _interface(self, machine: Machine) -> None:
        if machine.run("ip", "link", "add", "wg0", "type", "wireguard", check=False).returncode == 0:
            return
        self.implementation = "wireguard-go"
        # In a session of its own, as the daemon starts it: Linux shares out processors by session
        # (sched(7), autogroup), and on a busy machine that alone changes the throughput by a quarter.
        words = ("setsid", "wireguard-go", "-f", "wg0")
        machine.spawn(*words, env={"WG_PROCESS_FOREGROUND": "1", "LOG_LEVEL": "error"})
        wait_until(lambda: machine.run("wg", "show", "wg0", check=False).returncode == 0, "wg0")

    @staticmethod
    def _keys(machine: Machine) -> tuple[str, str]:
        private = machine.run("wg", "genkey").stdout
        return private, machine.run("wg", "pubkey", input=private).stdout.strip()

    @staticmethod
    def _set(machine: Machine, private: str, *words: str) -> None:
        machine.run("wg", "set", "wg0", "private-key", "/dev/stdin", *words, input=private)

    @staticmethod
    def _peer(machine: Machine, key: str, *words: str) -> None:
        machine.run("wg", "set", "wg0", "peer", key, *words)

    @staticmethod
    def _bring_up(machine: Machine, address: str) -> None:
        machine.ip(f"addr add {address}/24 dev wg0", "link set wg0 mtu 1420 up")

    @staticmethod
    def _host(machine: Machine) -> None:
        machine.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        rule = "type nat hook postrouting priority srcnat; ip saddr 10.66.0.0/24 masquerade"
        machine.run("nft", "-f", "-", input=f"table ip byhand {{ chain postrouting {{ {rule}; }}; }}\n")


def _address(number: int) -> str:
    return f"10.66.0.{number + 1}"
