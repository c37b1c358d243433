"""Other firewalls, as people run them, on a machine of the lab.

ufw and firewalld are the real programs of Debian, unpacked by `./dev` and laid over the machine's own /usr and /etc:
installed in the usual way they would be started, and change the firewall of the computer that runs the tests. Docker
and a hand-made firewall are the rules that they would have made. Law: all of it happens inside a machine.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lab.bus import start_bus
from lab.net import Machine, wait_until

UNPACKED = Path(__file__).parents[2] / "build" / "lab-firewalls"
"""Where `./dev` unpacks them."""

# /var/log and /run would else be those of the computer, or not as the programs expect them.
_LAY_OVER = """
mkdir -p /run/over
mount -t tmpfs tmpfs /run/over
cp -a "$1/usr" /run/over/usr
cp -a "$1/lib/." /run/over/usr/lib
mount -t overlay -o "lowerdir=/run/over/usr:/usr" overlay /usr
cp -a "$1/etc/." /etc
mount -t tmpfs tmpfs /var/log
"""
_UFW = """
cp /usr/share/ufw/iptables/*.rules /usr/share/ufw/ufw.conf /etc/ufw
ufw --force enable
"""
# What Docker writes when it turns forwarding on itself: its bridge, a published port, and a policy for all the rest.
_DOCKER = """
*filter
:FORWARD DROP [0:0]
:DOCKER-USER - [0:0]
:DOCKER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A DOCKER-USER -j RETURN
-A DOCKER ! -i docker0 -o docker0 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
"""
# What an administrator writes after reading a few pages.
_IPTABLES = """
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p {icmp} -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
"""
# The workstation of the nftables wiki, without forwarding.
_NFTABLES = """
table inet filter {
    set blocked { type ipv4_addr; elements = { 45.9.148.3 } }
    chain input {
        type filter hook input priority filter; policy drop;
        iif lo accept
        ip saddr @blocked drop
        ct state vmap { established : accept, related : accept, invalid : drop }
        icmpv6 type { nd-neighbor-solicit, nd-router-advert, nd-neighbor-advert } accept
        meta l4proto { icmp, icmpv6 } accept
        tcp dport { 22, 443 } accept
    }
    chain forward { type filter hook forward priority filter; policy drop; ct state established,related accept; }
}
"""


def why_not() -> str | None:
    """Why ufw and firewalld cannot be had here; None where they can."""
    if (UNPACKED / "complete").exists():
        return None
    return "ufw and firewalld are not unpacked in build/lab-firewalls: `./dev test` does that, where there is apt"


def _iptables(machine: Machine, variant: str = "nft") -> None:
    for tool, icmp in (("iptables", "icmp"), ("ip6tables", "ipv6-icmp")):
        machine.run(f"{tool}-{variant}-restore", input=_IPTABLES.format(icmp=icmp))


def _lay_over(machine: Machine) -> None:
    machine.run("sh", "-ec", _LAY_OVER, "sh", str(UNPACKED))


def _nftables(machine: Machine) -> None:
    machine.run("nft", "-f", "-", input=_NFTABLES)


def _docker(machine: Machine) -> None:
    machine.run("iptables-nft-restore", "--noflush", input=_DOCKER)


def _ufw(machine: Machine) -> None:
    _lay_over(machine)
    machine.run("sh", "-ec", _UFW, timeout=60)


def _firewalld(machine: Machine) -> None:
    _lay_over(machine)
    start_bus(machine)
    machine.spawn("/usr/bin/python3", "/usr/sbin/firewalld", "--nofork", "--nopid", name="firewalld")
    wait_until(lambda: machine.run("firewall-cmd", "--state", check=False).returncode == 0, "firewalld", 60, 0.3)


START: dict[str, Callable[[Machine], None]] = {
    "nftables": _nftables,
    "iptables": _iptables,
    "iptables-legacy": lambda machine: _iptables(machine, "legacy"),
    "docker": _docker,
    "ufw": _ufw,
    "firewalld": _firewalld,
}
"""Has a machine run the firewall of this name."""
