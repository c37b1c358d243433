"""The kinds of routers that people sit behind, as rule sets for a `Router` of the lab.

What a NAT does to UDP is told by two habits (RFC 4787 4 and 5). Mapping: does one inner port get one outer port for all
destinations, or another one for each? Filtering: who may come in by that outer port? Law: a kind replaces the router's
rules as a whole, and touches nothing but that router; nothing here knows of the product.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from lab.net import Process, Router

UNPACKED = Path(__file__).parents[2] / "build" / "lab-miniupnpd"
"""Where `./dev` unpacks the router's service for port mappings."""

# Its own NAT table: it needs the family inet. It must translate before the table `nat` does, so that a device with a
# mapped port also leaves by that port. Permissions for IPv6 go into the router's one firewall: elsewhere, they would
# not help against its drop.
_UPNP_RULES = """
table inet miniupnpd {
    chain prerouting { type nat hook prerouting priority dstnat; jump mapped_in; }
    chain postrouting { type nat hook postrouting priority srcnat - 1; jump mapped_out; }
    chain mapped_in { }
    chain mapped_out { }
}
add chain inet firewall upnp
insert rule inet firewall forward jump upnp
"""
_UPNP_SETTINGS = """ext_ifname=wan
ext_ifname6=wan
listening_ip=lan
http_port=5000
enable_upnp={igd}
enable_natpmp={natpmp}
secure_mode=yes
min_lifetime=2
max_lifetime=86400
notify_interval=60
uuid=8f5ba3c2-57f0-4c35-a5a0-1d3a1c6b7f10
friendly_name=home router
upnp_table_name=firewall
upnp_nat_table_name=miniupnpd
upnp_forward_chain=upnp
upnp_nat_chain=mapped_in
upnp_nat_postrouting_chain=mapped_out
{permission} 1024-65535 0.0.0.0/0 1024-65535
deny 0-65535 0.0.0.0/0 0-65535
"""

# Linux maps each flow by itself. What makes it one mapping for all destinations is memory: the first flow of an inner
# port is masqueraded as Linux likes, and what became of it stands in `outer` for the flows to come, and in `inner` for
# what comes in. The names `ct original` and `ct reply` change sides with who began the flow.
_CONE = """
table ip nat
delete table ip nat
table ip nat {{
    map outer {{ type ipv4_addr . inet_service : inet_service; size 65535; flags dynamic,timeout; timeout {life}s; }}
    map inner {{ type inet_service : ipv4_addr . inet_service; size 65535; flags dynamic,timeout; timeout {life}s; }}
    set spoken {{ type inet_service . ipv4_addr; size 65535; flags dynamic,timeout; timeout {life}s; }}
    chain prerouting {{
        type nat hook prerouting priority dstnat;
        {inbound}
        {hairpin_in}
    }}
    chain postrouting {{
        type nat hook postrouting priority srcnat;
        oifname "wan" meta l4proto udp masquerade to :ip saddr . udp sport map @outer
        oifname "wan" masquerade{ports}
        {hairpin_out}
    }}
    chain remember {{
        type filter hook postrouting priority srcnat + 1;
        oifname "wan" meta l4proto udp ct direction original goto began_inside
        oifname "wan" meta l4proto udp ct direction reply goto began_outside
    }}
    chain began_inside {{
        meta l4proto udp update @outer {{ ct original ip saddr . ct original proto-src : udp sport }}
        meta l4proto udp update @inner {{ udp sport : ct original ip saddr . ct original proto-src }}
        update @spoken {{ udp sport . ip daddr }}
    }}
    chain began_outside {{
        meta l4proto udp update @outer {{ ct reply ip saddr . ct reply proto-src : udp sport }}
        meta l4proto udp update @inner {{ udp sport : ct reply ip saddr . ct reply proto-src }}
        update @spoken {{ udp sport . ip daddr }}
    }}
}}
"""
_LETS_IN = {
    "all": 'iifname "wan" dnat ip to udp dport map @inner',
    "address": 'iifname "wan" udp dport . ip saddr @spoken dnat ip to udp dport map @inner',
    "port": "",
}
# A public network behind a firewall: nothing is translated, and nothing new comes in.
_FIREWALL = """
table ip nat
delete table ip nat
table inet firewall
delete table inet firewall
table inet firewall {
    chain forward {
        type filter hook forward priority filter;
        ct state established,related accept
        iifname != "wan" accept
        meta l4proto { icmp, icmpv6 } accept
        drop
    }
}
"""


def cone(
    router: Router,
    *,
    lets_in: Literal["all", "address", "port"],
    ports: Literal["kept", "random"] = "random",
    hairpin: bool = False,
    lifetime: int = 120,
) -> None:
    """One outer port for all destinations of an inner UDP port (endpoint-independent mapping).

    By it comes in what comes from anywhere ("all": a full cone), from an address that it has sent to ("address"), or
    from an address and port that it has sent to ("port"). "random" gives an inner port another number outside, "kept"
    the same, as long as that is free. With `hairpin` a device reaches another one in the LAN by its outer address and
    port, and is seen there with its own (RFC 4787 6); only where "all" come in. A mapping ends `lifetime` seconds after
    the last packet that went out.
    """
    own = _outer_address(router) if hairpin else ""
    router.translate()
    router.nft(
        _CONE.format(
            life=lifetime,
            inbound=_LETS_IN[lets_in],
            ports=" random" if ports == "random" else "",
            hairpin_in=f'iifname != "wan" ip daddr {own} dnat ip to udp dport map @inner' if hairpin else "",
            hairpin_out=f'oifname != "wan" ct status dnat meta l4proto udp ct original ip daddr {own} '
            f"snat ip to {own}:ip saddr . udp sport map @outer"
            if hairpin
            else "",
        )
    )
    forget_udp_after(router, lifetime)


def _outer_address(router: Router) -> str:
    return router.run("ip", "-4", "-brief", "address", "show", "wan").stdout.split()[2].partition("/")[0]


def forget_udp_after(router: Router, seconds: int) -> None:
    """How long a UDP flow without packets is remembered: Linux would wait 30 s, and 120 s after an answer.

    Tells flows from now on. nf_conntrack-sysctl in the kernel's documentation has both settings.
    """
    # Written by a program inside: /proc/sys/net shows the namespace of who opens it, whatever the path says.
    names = ("nf_conntrack_udp_timeout", "nf_conntrack_udp_timeout_stream")
    files = " ".join(f"/proc/sys/net/netfilter/{name}" for name in names)
    router.run("sh", "-ec", f"for file in {files}; do echo {seconds} >$file; done")


def firewall(router: Router) -> None:
    """No NAT: public addresses in the LAN, and a firewall that lets in only what was asked for."""
    router.nft(_FIREWALL)


def open_upnp(router: Router, *, igd: bool = True, natpmp: bool = True, refuses: bool = False) -> Process:
    """Have a router open ports for the devices in its LAN when they ask; returns once it listens.

    It is Debian's miniupnpd: UPnP-IGD version 2 (SSDP at 239.255.255.250:1900, HTTP at port 5000 of the gateway), and
    at UDP port 5351 of the gateway NAT-PMP (RFC 6886) and PCP (RFC 6887). Call it once, after the router's wires are
    laid and its kind is set. With `refuses`, or where the router's outer address is not public, it answers and opens
    nothing; a refusal by NAT-PMP or PCP takes it seconds, for it tries all ports first. Stopped (`Process.stop`), it
    removes its mappings; killed, it leaves them. Skips the test where `./dev` could not unpack it.
    """
    if not (UNPACKED / "complete").exists():
        pytest.skip("not unpacked: build/lab-miniupnpd; `./dev test` does that, where there is apt")
    router.nft(_UPNP_RULES)
    words = {True: "yes", False: "no"}
    settings = _UPNP_SETTINGS.format(igd=words[igd], natpmp=words[natpmp], permission="deny" if refuses else "allow")
    file = router.directory / "miniupnpd.conf"
    file.write_text(settings)
    process = router.spawn(str(UNPACKED / "usr/sbin/miniupnpd"), "-d", "-f", str(file))
    process.wait_for_line("istening")
    return process


def _with_upnp(router: Router) -> None:
    router.translate()
    open_upnp(router)


KINDS: dict[str, Callable[[Router], None]] = {
    # Linux as home routers run it: the port is kept, and a stranger's early packet changes nothing.
    "port-restricted": lambda router: router.translate(),
    # The same without a firewall for itself: a packet that comes before its mapping exists takes the port away.
    "remapping": lambda router: router.translate(input_drops=False),
    "address-restricted": lambda router: cone(router, lets_in="address"),
    "full-cone": lambda router: cone(router, lets_in="all"),
    "hairpin": lambda router: cone(router, lets_in="all", hairpin=True),
    "symmetric": lambda router: router.translate(ports="random"),
    "firewall": firewall,
    "upnp": _with_upnp,
    # RFC 6888 asks a carrier for one outer port for all destinations; it has customers with equal inner ports.
    "carrier": lambda router: cone(router, lets_in="port"),
}
"""Makes a router one of this kind; its wires must be there."""
