"""What keeps this Linux system from serving: missing tools, rights and devices, other firewalls; each with its cure.

It only reads. What other firewalls are found to do is judged in `foreign`, and put into words in `coexistence`.
"""

from __future__ import annotations

import ipaddress
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from meshnet_platform.api import Facts, PlatformError, Problem, Tunnel
from meshnet_platform.linux import foreign_iptables, foreign_nft, marks
from meshnet_platform.linux.coexistence import Place, find_obstacles
from meshnet_platform.linux.foreign import Table
from meshnet_platform.linux.nft_words import is_host
from meshnet_platform.linux.tunnel import USERSPACE
from meshnet_platform.runner import Runner

_PACKAGES = {"ip": "iproute2", "wg": "wireguard-tools", "nft": "nftables"}


def find_problems(
    runner: Runner,
    interface: str = marks.DEFAULT_INTERFACE,
    tunnel: Tunnel | None = None,
    facts: Facts | None = None,
    root: Path = Path("/"),
) -> tuple[Problem, ...]:
    """All that is wrong now; `tunnel` and `facts` as far as they are known, `root` where the system's files are."""
    links = facts or Facts()
    missing = (*_rights(), *_tools(runner), *_wireguard(runner, root))
    firewalls = _firewalls(runner, _place(interface, tunnel, links), root) if runner.find("nft") else ()
    return (*missing, *_forwarding(root), *firewalls, *_overlaps(links, tunnel))


def _rights() -> Iterator[Problem]:
    if not _is_root():
        yield _error("not-root", "The daemon does not run as root.", "Start it with `systemctl start meshnetd`.")


def _is_root() -> bool:
    if sys.platform == "win32":
        return True
    return os.geteuid() == 0


def _tools(runner: Runner) -> Iterator[Problem]:
    for tool, package in _PACKAGES.items():
        if runner.find(tool) is None:
            yield _error(
                f"tool-missing-{tool}",
                f"The tool `{tool}` is not installed.",
                f"Install {package} (on Debian: `apt install {package}`).",
            )


def _wireguard(runner: Runner, root: Path) -> Iterator[Problem]:
    if _kernel_has_wireguard(root):
        return
    if runner.find(USERSPACE) is None:
        yield _error(
            "wireguard-missing",
            "This kernel has no WireGuard, and wireguard-go is not installed.",
            "Install wireguard-go (on Debian: `apt install wireguard-go`), or a kernel with WireGuard.",
        )
    elif not (root / "dev/net/tun").exists():
        yield _error(
            "tun-missing",
            "There is no /dev/net/tun, which wireguard-go needs.",
            "Load the module with `modprobe tun`; in a container, pass the device in.",
        )


def _kernel_has_wireguard(root: Path) -> bool:
    if (root / "sys/module/wireguard").exists():
        return True
    modules = root / "lib/modules" / platform.release()
    if any(modules.glob("kernel/drivers/net/wireguard/wireguard.ko*")):
        return True
    built_in = modules / "modules.builtin"
    return built_in.is_file() and "/wireguard.ko" in built_in.read_text(errors="replace")


def _forwarding(root: Path) -> Iterator[Problem]:
    setting = root / "proc/sys/net/ipv4/ip_forward"
    try:
        is_on = setting.read_text().strip() != "0"
    except OSError:
        return
    if not is_on and not os.access(setting, os.W_OK):
        yield Problem(
            "forwarding-locked",
            "error",
            "Forwarding is off, and this system does not let it be turned on (/proc/sys/net is read-only), so no "
            "device can route through this one.",
            "In a container, start it with `--sysctl net.ipv4.ip_forward=1 --sysctl net.ipv6.conf.all.forwarding=1`.",
            stops_hosting=True,
        )


# --- other firewalls ------------------------------------------------------------------------------------------------


def _place(interface: str, tunnel: Tunnel | None, facts: Facts) -> Place:
    if tunnel is None:
        return Place(interface, facts.gateways)
    return Place(interface, facts.gateways, tunnel.listen_port, tunnel.addresses, _peers(tunnel))


def _peers(tunnel: Tunnel) -> tuple[str, ...]:
    """The peers' mesh addresses, with their lengths."""
    return tuple(prefix for peer in tunnel.peers for prefix in peer.allowed if is_host(prefix))


def _firewalls(runner: Runner, place: Place, root: Path) -> tuple[Problem, ...]:
    try:
        return tuple(find_obstacles(_foreign_tables(runner, root), place))
    except (PlatformError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        # A newer nft may print what this reader does not know: that must not keep the device from serving.
        words = error.message if isinstance(error, PlatformError) else "its form is not known"
        return (
            Problem(
                "firewall-unread",
                "warning",
                f"The rules of other firewalls could not be read ({words}), so they may drop what is routed.",
                "Look at `nft list ruleset`; every forward chain must accept what comes from and goes to "
                f"{place.interface}.",
            ),
        )


def _foreign_tables(runner: Runner, root: Path) -> Iterator[Table]:
    text = runner.run("nft", "-j", "list", "ruleset")
    extended = foreign_nft.families_with_extensions(text)
    saved = {family: _saved(runner, family, "nft") for family in extended}
    for table in foreign_nft.read_tables(text, marks.FIREWALL_TABLE):
        better = saved.get(table.family) if table.name == "filter" else None
        yield foreign_iptables.read_table(better, table.family, "iptables-nft") if better else table
    for family, names in (("ip", "ip_tables_names"), ("ip6", "ip6_tables_names")):
        if "filter" in _words(root / "proc/net" / names):
            yield foreign_iptables.read_table(_saved(runner, family, "legacy"), family, "iptables-legacy")


def _saved(runner: Runner, family: str, variant: str) -> str:
    """The rules as iptables itself tells them: nft knows only the names of its extensions."""
    name = "ip6tables" if family == "ip6" else "iptables"
    return runner.ask(f"{name}-{variant}-save", "-t", "filter") or runner.ask(f"{name}-save", "-t", "filter")


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


# --- addresses ------------------------------------------------------------------------------------------------------


def _overlaps(facts: Facts, tunnel: Tunnel | None) -> Iterator[Problem]:
    """Networks around this device that have addresses of the mesh in them: the mesh wins, for those addresses."""
    mesh = [ipaddress.ip_interface(prefix).ip for prefix in _peers(tunnel)] if tunnel else []
    for link in facts.links:
        for address in link.addresses:
            near = ipaddress.ip_network(address, strict=False)
            lost = [str(one) for one in mesh if one in near]
            if lost:
                yield Problem(
                    "addresses-overlap",
                    "warning",
                    f"The network {near} at {link.name} uses addresses of the mesh ({', '.join(lost[:3])}), so "
                    "machines with these addresses there cannot be reached.",
                    "Give that network another range, or create the mesh with another one.",
                )


def _error(identity: str, message: str, cure: str) -> Problem:
    return Problem(identity, "error", message, cure, stops_hosting=True, stops_routing=True)
