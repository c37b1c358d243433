"""A VPN as one can buy it: a rented server that translates addresses, and a client that `wg-quick` sets up.

The client's machine then sends everything through the VPN, by rules and a table of wg-quick's own.
"""

from __future__ import annotations

import subprocess

from lab.net import Machine, wait_until
from lab.world import World

_SERVER = """
[Interface]
PrivateKey = {key}
ListenPort = 51000

[Peer]
PublicKey = {peer}
AllowedIPs = 10.66.0.2/32, fd66::2/128
"""
_CLIENT = """
[Interface]
PrivateKey = {key}
Address = 10.66.0.2/32{address6}

[Peer]
PublicKey = {peer}
Endpoint = {endpoint}:51000
AllowedIPs = 0.0.0.0/0{allowed6}
PersistentKeepalive = 5
"""
_USERSPACE = {"WG_QUICK_USERSPACE_IMPLEMENTATION": "wireguard-go", "LOG_LEVEL": "error"}


class Vpn:
    """The provider's server, and the account that one machine uses."""

    address4 = "185.65.135.20"
    address6 = "2a03:1b20:3:f011::20"

    def __init__(self, world: World) -> None:
        self._world = world
        self.server = world.lab.router("vpn")
        world.uplink(self.server, "wan", self.address4, self.address6)
        self._server_key, self._client_key = _key(), _key()
        self.server.spawn("wireguard-go", "-f", "wg0", env=_USERSPACE)
        self.server.file("/run/server.conf").write_text(
            _SERVER.format(key=self._server_key, peer=_public(self._client_key))
        )
        wait_until(self.server.file("/run/wireguard/wg0.sock").exists, "the socket of wireguard-go")
        self.server.run("wg", "setconf", "wg0", "/run/server.conf")
        self.server.ip(
            "link set wg0 up",
            "addr add 10.66.0.1/24 dev wg0",
            "addr add fd66::1/64 dev wg0 nodad",
        )
        self.server.nft(
            """
            table inet nat {
                chain postrouting {
                    type nat hook postrouting priority srcnat;
                    oifname "wan" masquerade
                }
            }
            """
        )

    def connect(self, machine: Machine, *, ipv6: bool = True) -> None:
        """`wg-quick up`."""
        text = _CLIENT.format(
            key=self._client_key,
            peer=_public(self._server_key),
            endpoint=self.address4,
            address6=", fd66::2/128" if ipv6 else "",
            allowed6=", ::/0" if ipv6 else "",
        )
        file = machine.file("/run/bought.conf")
        file.write_text(text)
        file.chmod(0o600)
        self._quick(machine, "up")

    def disconnect(self, machine: Machine) -> None:
        """`wg-quick down`."""
        self._quick(machine, "down")

    def drop(self, machine: Machine) -> None:
        """The interface is gone from one moment to the next, with its routes; wg-quick's rules stay."""
        machine.ip("link del bought")

    def reconnect(self, machine: Machine) -> None:
        """Set up anew after `drop`, with what was left of the old one cleared away."""
        for family in ("-4", "-6"):
            machine.run("ip", family, "rule", "del", "table", "51820")
            machine.run("ip", family, "rule", "del", "table", "main", "suppress_prefixlength", "0")
        machine.run("nft", "delete", "table", "ip", "wg-quick-bought")
        machine.run("nft", "delete", "table", "ip6", "wg-quick-bought")
        self.connect(machine)

    @staticmethod
    def _quick(machine: Machine, verb: str) -> None:
        # The wireguard-go that it leaves behind would keep our pipe open.
        words = f"wg-quick {verb} /run/bought.conf >/run/wg-quick.log 2>&1 || {{ cat /run/wg-quick.log >&2; false; }}"
        machine.run("sh", "-c", words, env=_USERSPACE)


def _key() -> str:
    return subprocess.run(["wg", "genkey"], capture_output=True, text=True, check=True).stdout.strip()


def _public(key: str) -> str:
    return subprocess.run(["wg", "pubkey"], input=key, capture_output=True, text=True, check=True).stdout.strip()
