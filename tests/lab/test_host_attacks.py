"""What a hostile peer may try at a host that permits it to route, by packets that are seen to arrive."""

from __future__ import annotations

import sys

import pytest

from lab.host_sites import AT_HOME, COMPANY, PORT, WEB, Site
from lab.net import Lab, wait_until
from lab.services import Observer

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]


@pytest.fixture
def site(lab: Lab) -> Site:
    return Site(lab)


_RAW = """
import socket, sys
def send(protocol, data, *options):
    link = socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol)
    for level, name, value in options:
        link.setsockopt(level, name, value)
    link.sendto(data, (sys.argv[1], 0))
for protocol in (253, 4, 41, 47, 94, 97):
    send(protocol, b"inside" * 5)
knock = (7001).to_bytes(2) + (7001).to_bytes(2) + (13).to_bytes(2) + bytes(2) + b"plain"
record = bytes([7, 7, 4, 0, 0, 0, 0, 0])
loose = bytes([131, 7, 4, 93, 184, 215, 14, 0])
send(17, knock)
for option in (record, loose):
    send(17, knock.replace(b"plain", b"route"), (socket.IPPROTO_IP, socket.IP_OPTIONS, option))
redirect = bytes([5, 1, 0, 0]) + bytes(4) + bytes(28)
total = sum(int.from_bytes(redirect[i : i + 2]) for i in range(0, len(redirect), 2))
redirect = redirect[:2] + (0xFFFF - total % 0xFFFF).to_bytes(2) + redirect[4:]
send(1, redirect)
send(17, (7002).to_bytes(2) + (7002).to_bytes(2) + (8).to_bytes(2) + bytes(2))
"""


def test_packets_inside_packets_and_ways_of_the_senders_choice_end_at_the_host(site: Site) -> None:
    site.serve(site.hosting())
    site.route()
    assert site.reached(WEB[0]) == {WEB[0]}
    came_in = "ip proto 253 or ip proto 4 or ip proto 41 or ip proto 47 or ip proto 94 or ip proto 97"
    wanted = f"{came_in} or udp or icmp[icmptype] == icmp-redirect"
    with (
        Observer(site.host.machine, "meshnet0", wanted) as entered,
        Observer(site.net, "to-host", f"({wanted}) and dst host {WEB[0]}") as left,
    ):
        site.client.machine.python(_RAW, WEB[0])
        left.wait_for_packet(dport=7002)
    seen = {(packet.proto, packet.payload) for packet in left.packets() if packet.proto != "udp"}
    assert {proto for proto, _ in seen} == {"253"}
    assert {packet.payload for packet in left.matching(proto="udp")} == {b"plain", b""}
    # They did come as far as the host.
    assert {packet.proto for packet in entered.packets()} >= {"253", "4", "41", "47", "94", "97", "icmp", "udp"}
    assert len([packet for packet in entered.matching(proto="udp") if packet.payload == b"route"]) >= 1


_ATTACKER = f"""
import socket, sys
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
link.bind((sys.argv[1], {PORT}))
link.sendto(b"shadow", ("{WEB[0]}", 7777))
print("sent", flush=True)
while True:
    print(link.recv(100).decode(), flush=True)
"""
_VICTIM = f"""
import socket, sys
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
link.bind(("{WEB[0]}", 7777))
for word in (b"handshake", b"end"):
    link.sendto(word, ("62.24.131.7", {PORT}))
"""
_NAIVE = 'table ip naive { chain post { type nat hook postrouting priority srcnat - 1; oifname "wan" masquerade; }; }'


def test_a_peer_cannot_stand_in_for_wireguard_towards_a_third_party(site: Site) -> None:
    """Port shadowing (CVE-2021-3773): a flow with WireGuard's port as its source would get what was meant for it."""
    host = site.host.machine
    site.serve(site.hosting())
    site.route()
    assert site.reached(WEB[0]) == {WEB[0]}

    def attack() -> list[str]:
        attacker = site.client.machine.spawn(sys.executable, "-c", _ATTACKER, site.client.address4)
        attacker.wait_for_line("sent", exact=True)
        with Observer(host, "wan", "udp port 7777 and dst host 62.24.131.7") as observer:
            site.net.python(_VICTIM)
            wait_until(lambda: len(observer.packets()) == 2, "the victim's packets")
        # What travels behind them in the same tunnel has arrived, so they have.
        assert site.reached(WEB[0]) == {WEB[0]}
        lines = list(attacker.lines())
        attacker.kill()
        return lines

    assert attack() == ["sent"]
    # The attack works against a host that translates as most do.
    rules = host.run("nft", "-a", "list", "chain", "inet", "meshnet", "from_tunnel").stdout.splitlines()
    (handle,) = [line.rpartition(" ")[2] for line in rules if f"udp sport {PORT} drop" in line]
    host.run("nft", "delete", "rule", "inet", "meshnet", "from_tunnel", "handle", handle)
    assert attack() == ["sent"]
    host.run("nft", "flush", "chain", "inet", "meshnet", "sources")
    host.run("nft", "-f", "-", input=_NAIVE)
    host.run("conntrack", "-F")
    assert attack() == ["sent", "handshake", "end"]


def test_a_tunnel_under_another_name_leads_nowhere(site: Site) -> None:
    host = site.host.machine
    site.serve(site.hosting())
    site.route()
    assert site.reached(*WEB, COMPANY) == {*WEB, COMPANY}
    host.ip("link set meshnet0 down", "link set meshnet0 name other0", "link set other0 up")
    host.ip(f"route add {site.client.address4}/32 dev other0")
    with (
        Observer(host, "other0", "tcp or udp") as entered,
        Observer(site.net, "to-host", f"dst host {COMPANY} or dst host 10.1.2.3") as left,
    ):
        assert site.reached(COMPANY, "10.1.2.3", *AT_HOME, site.host.address4) == set()
        entered.wait_for_packet(dst=COMPANY)
    assert left.packets() == []


def test_the_tunnel_neither_sends_nor_believes_redirects(site: Site) -> None:
    site.serve(site.hosting())
    names = ("ipv4/conf/all/send_redirects", "ipv4/conf/meshnet0/send_redirects", "ipv4/conf/meshnet0/accept_redirects")
    for name in (*names, "ipv6/conf/meshnet0/accept_redirects", "ipv6/conf/meshnet0/accept_ra"):
        assert site.host.machine.run("cat", f"/proc/sys/net/{name}").stdout == "0\n", name
