"""The programs that decide whom a Linux system asks for names, as distributions ship them, on a machine of the lab.

They are the real ones of Debian, unpacked by `./dev` and laid over the machine's own /usr and /etc. Each is told of one
name server by the cable `eth0`, as a DHCP client would tell it. Law: all of it happens inside a machine.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lab.bus import start_bus
from lab.net import Machine, Process, wait_until

BUILD = Path(__file__).parents[2] / "build"
STUB = "/run/systemd/resolve/stub-resolv.conf"
BEHIND = "/run/systemd/resolve/resolv.conf"

_LAY_OVER = """
mkdir -p /run/over
mount -t tmpfs tmpfs /run/over
mkdir -p /run/over/usr/lib /run/over/usr/sbin
for tree in "$@"; do
    cp -a "$tree/usr" /run/over
    for folder in lib sbin; do
        if [ -d "$tree/$folder" ]; then cp -a "$tree/$folder/." "/run/over/usr/$folder"; fi
    done
    if [ -d "$tree/etc" ]; then cp -a "$tree/etc/." /etc; fi
done
mount -t overlay -o "lowerdir=/run/over/usr:/usr" overlay /usr
"""
_NETWORK_MANAGER = """[main]
plugins=keyfile
dns=default
rc-manager={rc_manager}
[connectivity]
enabled=false
"""
_CONNECTION = """[connection]
id=cable
type=ethernet
interface-name=eth0
[ipv4]
method=manual
address1={address}
gateway={gateway}
dns={server};
dns-search={domain};
[ipv6]
method=disabled
"""


def lay_over(machine: Machine, *packages: str) -> None:
    """Have these unpacked packages on the machine; skips the test where `./dev` could not unpack them."""
    trees = [BUILD / f"lab-{package}" for package in packages]
    missing = [tree.name for tree in trees if not (tree / "complete").exists()]
    if missing:
        pytest.skip(f"not unpacked in build/: {', '.join(missing)}; `./dev test` does that, where there is apt")
    machine.run("sh", "-ec", _LAY_OVER, "sh", *map(str, trees))


def link(machine: Machine, target: str) -> None:
    """Make resolv.conf a symbolic link."""
    file = machine.file("/etc/resolv.conf")
    file.unlink(missing_ok=True)
    file.symlink_to(target)


class Resolved:
    """systemd-resolved, which knows the network of `eth0`; resolv.conf leads to its stub."""

    def __init__(self, machine: Machine, server: str, domain: str) -> None:
        lay_over(machine, "resolved", "nss-resolve")
        tried = machine.run("/usr/lib/systemd/systemd-resolved", "--version", check=False)
        if tried.returncode != 0:
            pytest.skip(f"there is no systemd-resolved to run: {tried.stderr.strip()}")
        start_bus(machine)
        user = "systemd-resolve:x:991:"
        for file, line in (("/etc/passwd", f"{user}991::/:/usr/sbin/nologin\n"), ("/etc/group", f"{user}\n")):
            path = machine.file(file)
            others = (kept for kept in path.read_text().splitlines(True) if not kept.startswith("systemd-resolve:"))
            path.write_text("".join(others) + line)
        machine.run("install", "-d", "-o", "991", "-g", "991", "/run/systemd/resolve", "/etc/systemd")
        machine.file("/etc/systemd/resolved.conf").write_text("[Resolve]\nFallbackDNS=\nDNSOverTLS=no\n")
        self.machine = machine
        link(machine, STUB)
        self.process = self.start()
        machine.run("resolvectl", "dns", "eth0", server)
        machine.run("resolvectl", "domain", "eth0", domain)

    def start(self) -> Process:
        """Start it, as systemd does after it died; returns once it answers on the bus."""
        self.process = self.machine.spawn("/usr/lib/systemd/systemd-resolved")
        wait_until(lambda: self.machine.run("resolvectl", "dns", check=False).returncode == 0, "systemd-resolved")
        return self.process

    def kill(self) -> None:
        """End it at once."""
        self.process.signal(9)
        self.process.wait()

    def settings(self) -> str:
        """All that it was told, for every interface."""
        kinds = ("dns", "domain", "default-route", "llmnr", "mdns", "dnssec", "dnsovertls")
        told = "".join(self.machine.run("resolvectl", kind).stdout for kind in kinds)
        # Interfaces are numbered, and one that was made anew has another number.
        return re.sub(r"Link \d+", "Link", told)


def use_openresolv(machine: Machine, server: str, domain: str) -> None:
    """resolvconf(8) of openresolv."""
    lay_over(machine, "openresolv")
    machine.file("/etc/resolv.conf").unlink()
    tell_resolvconf(machine, server, domain)


def use_debian_resolvconf(machine: Machine, server: str, domain: str) -> None:
    """resolvconf(8) of Debian: resolv.conf is a link to what it writes."""
    lay_over(machine, "resolvconf")
    machine.run("mkdir", "-p", "/run/resolvconf/interface")
    machine.run("resolvconf", "--enable-updates")
    link(machine, "../run/resolvconf/resolv.conf")
    tell_resolvconf(machine, server, domain)


def tell_resolvconf(machine: Machine, server: str, domain: str) -> None:
    """What a DHCP client would tell it."""
    machine.run("resolvconf", "-a", "eth0.dhclient", input=f"nameserver {server}\nsearch {domain}\n")


def use_network_manager(machine: Machine, server: str, domain: str, rc_manager: str) -> None:
    """NetworkManager, which has brought `eth0` up."""
    lay_over(machine, "networkmanager")
    tried = machine.run("/usr/sbin/NetworkManager", "--version", check=False)
    if tried.returncode != 0:
        pytest.skip(f"there is no NetworkManager to run: {tried.stderr.strip()}")
    start_bus(machine)
    # Where it may write to /sys it waits for udev to tell it of interfaces, and there is none.
    machine.run("mount", "-o", "remount,bind,ro", "/sys")
    address = machine.run("sh", "-c", "ip -4 -o addr show dev eth0 | awk '{print $4}'").stdout.strip()
    gateway = address.rpartition(".")[0] + ".1"
    machine.run("mkdir", "-p", "/etc/NetworkManager/system-connections", "/var/lib/NetworkManager")
    machine.run("mount", "-t", "tmpfs", "tmpfs", "/var/lib/NetworkManager")
    machine.file("/etc/NetworkManager/NetworkManager.conf").write_text(_NETWORK_MANAGER.format(rc_manager=rc_manager))
    connection = machine.file("/etc/NetworkManager/system-connections/cable.nmconnection")
    connection.write_text(_CONNECTION.format(address=address, gateway=gateway, server=server, domain=domain))
    connection.chmod(0o600)
    if rc_manager == "symlink":
        link(machine, "../run/NetworkManager/resolv.conf")
    machine.spawn("/usr/sbin/NetworkManager", "--no-daemon")
    up = ("nmcli", "connection", "up", "cable")
    wait_until(lambda: machine.run(*up, check=False).returncode == 0, "the connection", tick=0.2)
    own = machine.file("/run/NetworkManager/resolv.conf")
    wait_until(lambda: own.exists() and server in own.read_text(), "NetworkManager")
