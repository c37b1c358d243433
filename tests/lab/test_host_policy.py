"""What a host lets its peers reach, by packets: the planner's networks in plans made by hand.

Each refusal stands beside a host that refuses nothing, or a table that was taken away, so that a refusal is never
merely a target that does not answer.
"""

from __future__ import annotations

import dataclasses

import pytest

from lab.host_sites import AT_HOME, COMPANY, HAIRPIN, INSIDE, KNOCK, SPECIAL, WEB, Chain, Site, reached
from lab.net import Lab, wait_until
from lab.services import Observer
from meshnet_platform.api import Gateway

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]


@pytest.fixture
def site(lab: Lab) -> Site:
    return Site(lab)


def test_a_peer_without_lan_reaches_the_internet_and_nothing_else(site: Site) -> None:
    hosting = site.hosting()
    assert {gateway.address for gateway in hosting.gateways} == {"62.24.131.1", "2a03:b0c0:1::1"}
    site.serve(dataclasses.replace(hosting, denied=()))
    site.route()
    everything = (*WEB, *SPECIAL, *AT_HOME, *INSIDE)
    # The host that refuses nothing still asks the kernel for the gateway: on-link neighbours are out of reach by that.
    neighbours = {"62.24.131.77", "2a03:b0c0:1::77"}
    assert site.reached(*everything) == {*WEB, *SPECIAL} - neighbours
    site.serve(hosting)
    assert site.reached(*everything) == set(WEB)


def test_a_peer_with_lan_reaches_the_local_networks_too_and_nothing_inside_the_host(site: Site) -> None:
    site.serve(site.hosting(lan=True))
    site.route()
    # The network of `wan` is one that the host is in by a card, though its addresses are public.
    on_link = {"62.24.131.1", "62.24.131.77"}
    assert site.reached(*WEB, *SPECIAL, *AT_HOME, *INSIDE) == {*WEB, *AT_HOME, *on_link}
    site.serve(site.hosting())
    assert site.reached(*WEB, *AT_HOME) == set(WEB)


def test_a_company_prefix_over_a_line_without_a_gateway_is_not_the_internet(site: Site) -> None:
    host = site.host.machine
    host.ip("route replace 0.0.0.0/0 dev wan")
    site.serve(site.hosting())
    site.route()
    assert site.host.facts().gateways[0] == Gateway("wan", None, 4)
    assert site.reached(WEB[0], COMPANY) == {WEB[0], COMPANY}
    host.ip("route add 50.0.0.0/24 dev wan")
    site.serve(site.hosting())
    assert site.reached(WEB[0], COMPANY) == {WEB[0]}


def test_a_list_of_prefixes_instead_of_a_default_route_is_the_internet(site: Site) -> None:
    site.host.machine.ip(
        "route del 0.0.0.0/0", *(f"route add {one} dev wan" for one in ("0.0.0.0/2", "64.0.0.0/2", "50.0.0.0/24"))
    )
    site.serve(site.hosting())
    site.route()
    assert site.reached(WEB[0], COMPANY, "10.1.2.3") == {WEB[0], COMPANY}


def test_a_narrower_route_into_a_vpn_is_no_local_network(site: Site) -> None:
    site.host.machine.ip("link add vpn0 type bridge", "link set vpn0 up", "route add 192.168.1.16/28 via 172.18.0.2")
    site.serve(site.hosting(lan=True))
    site.route()
    assert site.reached(*AT_HOME) == {*AT_HOME} - {"192.168.1.20"}


def test_a_flushed_firewall_opens_neither_the_local_network_nor_the_neighbours(site: Site) -> None:
    host = site.host.machine
    site.serve(site.hosting())
    site.route()
    assert site.reached(WEB[0]) == {WEB[0]}
    host.run("nft", "flush", "ruleset")
    targets = (WEB[0], "192.168.1.20", "2a02:8010:6a00:1::20", "10.1.2.3", HAIRPIN)
    with Observer(site.nas, "lan", "udp") as at_home, Observer(site.net, "to-host", "udp port 7000") as outside:
        site.client.machine.python(KNOCK, *targets, WEB[0])
        wait_until(lambda: len(outside.matching(dst=WEB[0])) == 2, "both knocks at the internet's door")
    assert {packet.dst for packet in outside.packets()} == {WEB[0]}
    assert at_home.matching(dport=7000) == []
    # Without the second layer they would have come through.
    for family in ("-4", "-6"):
        host.run("ip", family, "rule", "del", "priority", "5295")
    with Observer(site.nas, "lan", "udp") as at_home, Observer(site.net, "to-host", "udp port 7000") as outside:
        site.client.machine.python(KNOCK, *targets)
        for address in targets[1:3]:
            at_home.wait_for_packet(dst=address)
        for address in targets[3:]:
            outside.wait_for_packet(dst=address)


def test_with_nobody_permitted_a_flushed_firewall_opens_nothing(site: Site) -> None:
    host = site.host.machine
    host.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    site.serve(dataclasses.replace(site.hosting(), routing=()))
    site.route()
    host.run("nft", "flush", "ruleset")
    with Observer(site.net, "to-host", "udp port 7000") as outside:
        site.client.machine.python(KNOCK, WEB[0])
        host.run("ip", "rule", "del", "priority", "5295")
        site.client.machine.python(KNOCK, COMPANY)
        outside.wait_for_packet(dst=COMPANY)
    assert outside.matching(dst=WEB[0]) == []


def test_a_prefix_denied_since_cuts_the_flows_that_were_open(site: Site) -> None:
    """The rules skip the list for a flow that passed it once; the routes do not."""
    site.host.machine.ip("route replace 0.0.0.0/0 dev wan")
    site.serve(site.hosting())
    site.route()
    script = f"""
import socket
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
link.bind(("{site.client.address4}", 7003))
link.sendto(b"knock", ("{COMPANY}", 7003))
"""
    with Observer(site.net, "to-host", "udp port 7003") as left:
        site.client.machine.python(script)
        left.wait_for_packet(dst=COMPANY)
    site.host.machine.ip("route add 50.0.0.0/24 dev wan")
    site.serve(site.hosting())
    with Observer(site.net, "to-host", "udp port 7003 or udp port 7000") as left:
        site.client.machine.python(script)
        site.client.machine.python(KNOCK, WEB[0])
        left.wait_for_packet(dst=WEB[0])
    assert left.matching(dst=COMPANY) == []


@pytest.fixture
def chain(lab: Lab) -> Chain:
    return Chain(lab)


def test_what_the_next_host_permits_this_one_is_not_permitted_to_its_peers(chain: Chain) -> None:
    client, middle, last = chain.devices
    targets = (WEB[0], "192.168.2.20", "192.168.3.20", last.address4)
    chain.serve(middle_lan=False)
    assert reached(middle.machine, *targets) >= {WEB[0], "192.168.3.20"}
    assert reached(client.machine, *targets) == {WEB[0]}
    # A local network of a host that is routed itself is reached by its own interface, not sent on.
    chain.serve(middle_lan=True)
    assert reached(client.machine, *targets) == {WEB[0], "192.168.2.20"}


def test_what_is_behind_a_routed_host_is_answered_and_reaches_no_peer(chain: Chain) -> None:
    client, middle, _ = chain.devices
    middle.machine.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    chain.serve(middle_lan=False)
    behind = next(machine for machine in chain.lab.machines if machine.name == "nas-middle")
    assert reached(behind, WEB[0], client.address4) == {WEB[0]}
    assert reached(client.machine, WEB[0]) == {WEB[0]}
