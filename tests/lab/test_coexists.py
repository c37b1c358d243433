"""Hosting beside other firewalls: they go on as before, and where they cut what is hosted, `doctor` names the cure.

ufw and firewalld are real (see `lab.firewalls`), firewalld with a message bus of its own. Docker, libvirt and Tailscale
are not run: their rules are, as these programs write them.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from lab import firewalls
from lab.household import Household
from lab.net import Machine, wait_until
from lab.services import WebServer
from lab.world import World

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]


def doctor(world: World) -> dict[str, Any]:
    """What `meshnet doctor` finds at home, by its id."""
    return {finding["id"]: finding for finding in world.meshnet(world.home, "doctor")["findings"]}


def run_cures(world: World, findings: dict[str, Any]) -> None:
    """Carry out the offered commands, to the letter."""
    for finding in findings.values():
        for command in re.findall(r"`([^`]+)`", finding["cure"]):
            world.home.run("sh", "-c", command, timeout=60)


def cure(household: Household, findings: dict[str, Any]) -> None:
    """The same, and wait until the laptop knows that home hosts, with nothing more to be found there."""
    run_cures(household.world, findings)
    assert doctor(household.world) == {}
    assert await_hosting(household, wanted=True) is None


def await_hosting(household: Household, wanted: bool) -> str | None:
    """What home announces as the reason not to host, once the laptop knows whether it can."""

    def look() -> Any:
        (device,) = household.world.meshnet(household.world.laptop, "devices")["devices"]
        return device if device["can_host"] is wanted else None

    reason: str | None = wait_until(look, f"home to host: {wanted}", 60, 0.2)["cannot_host"]
    return reason


def assert_hosts(household: Household) -> None:
    """Whether the laptop has the public addresses of home, and gets names through it."""
    world = household.world
    assert world.public_address(world.laptop) == world.home_public4
    assert world.public_address(world.laptop, 6) == world.home6
    assert world.public_address(world.laptop, by_name=True) == world.home_public4


def test_a_host_finds_out_by_itself_that_it_can_host_no_more(world: World) -> None:
    household = Household(world)
    household.route()
    assert_hosts(household)
    firewalls.START["nftables"](world.home)
    reason = await_hosting(household, wanted=False)
    refused = world.meshnet(world.laptop, "route", "home-pc", check=False)
    assert refused["error"]["code"] == "cannot-host"
    findings = doctor(world)
    assert reason in {finding["message"] for finding in findings.values() if finding["severity"] == "error"}
    cure(household, findings)
    household.await_state("routing", 60)
    assert_hosts(household)


@pytest.mark.parametrize("name", ["iptables", "iptables-legacy", "docker", "ufw", "firewalld"])
def test_a_firewall_that_cuts_hosting_is_named_and_its_cure_works(world: World, name: str) -> None:
    if name in ("ufw", "firewalld") and (reason := firewalls.why_not()):
        pytest.skip(reason)
    household = Household(world)
    household.route()
    assert_hosts(household)
    assert doctor(world) == {}
    firewalls.START[name](world.home)
    assert world.public_address(world.laptop) is None
    findings = doctor(world)
    assert await_hosting(household, wanted=False) in {finding["message"] for finding in findings.values()}
    cure(household, findings)
    household.await_state("routing", 60)
    assert_hosts(household)


def fetches(machine: Machine, url: str) -> str | None:
    """What a web server answers this machine; None for nothing within 2 s."""
    done = machine.run("curl", "--silent", "--fail", "--max-time", "2", url, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def rules_of_others(machine: Machine) -> str:
    """The rule set without our table, and without counters, to the byte."""
    tables = machine.run("nft", "list", "tables").stdout.split("\n")
    return "".join(
        machine.run("nft", "--stateless", "list", *table.split()).stdout
        for table in tables
        if table and table != "table inet meshnet"
    )


@pytest.fixture
def container(world: World) -> Machine:
    """A container with a web server behind a bridge of home, which forwards for it as Docker has it."""
    container = world.lab.machine("container")
    service = WebServer(container)
    bridge = world.home.port("docker0", "172.17.0.1/16")
    world.lab.wire(container.port("eth0", "172.17.0.2/16", gateways=("172.17.0.1",)), bridge)
    world.home.run("sysctl", "-q", "net.ipv4.ip_forward=1")
    firewalls.START["docker"](world.home)
    service.await_ready()
    return container


def assert_container_works(world: World, container: Machine) -> None:
    """It reaches the internet behind home's address, and its published port answers the home network."""
    assert fetches(container, f"http://{world.web4}/ip") == world.home_public4
    assert fetches(world.nas, f"http://{world.home4}:8080/ip") == world.nas4


def test_containers_go_on_while_their_host_routes_others_and_after(world: World, container: Machine) -> None:
    assert_container_works(world, container)
    before = rules_of_others(world.home)
    household = Household(world)
    cure(household, doctor(world))
    household.route()
    assert_hosts(household)
    assert_container_works(world, container)
    world.meshnet(world.home, "deny", "laptop", "routing")
    household.await_state("blocked")
    assert_container_works(world, container)
    assert world.home.run("cat", "/proc/sys/net/ipv4/ip_forward").stdout == "1\n"
    assert household.daemons[world.home].stop() == 0
    assert_container_works(world, container)
    for direction in ("-i", "-o"):
        world.home.run("iptables", "-D", "DOCKER-USER", direction, "meshnet0", "-j", "ACCEPT")
    assert rules_of_others(world.home) == before


@pytest.mark.parametrize(
    "forwarding",
    [
        pytest.param(("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"), id="both"),
        pytest.param(("net.ipv4.ip_forward=1",), id="ipv4"),
    ],
)
def test_a_network_of_virtual_machines_that_is_routed_goes_on(world: World, forwarding: tuple[str, ...]) -> None:
    guest = world.lab.machine("guest-vm")
    service = WebServer(guest)
    world.lab.wire(
        guest.port("eth0", "192.168.122.2/24", gateways=("192.168.122.1",)),
        world.home.port("virbr0", "192.168.122.1/24"),
    )
    world.home.run("sysctl", "-q", *forwarding)
    world.nas.ip(f"route add 192.168.122.0/24 via {world.home4}")
    service.await_ready()

    def answers() -> bool:
        return fetches(world.nas, "http://192.168.122.2/ip") == world.nas4

    assert answers()
    household = Household(world)
    household.route()
    assert_hosts(household)
    assert answers()
    world.meshnet(world.home, "deny", "laptop", "routing")
    household.await_state("blocked")
    assert answers()
    assert world.home.run("cat", "/proc/sys/net/ipv4/ip_forward").stdout == "1\n"


def test_the_rules_of_another_firewall_stay_as_they_are_to_the_byte(world: World) -> None:
    firewalls.START["nftables"](world.home)
    before = rules_of_others(world.home)
    household = Household(world)
    cure(household, doctor(world))
    cured = rules_of_others(world.home)
    assert cured != before, "the comparison would not see a change"
    household.route()
    assert_hosts(household)
    assert rules_of_others(world.home) == cured
    assert household.daemons[world.home].stop() == 0
    assert rules_of_others(world.home) == cured


def test_a_firewall_that_lets_the_mesh_pass_keeps_new_peers_of_the_internet_out_and_that_is_only_a_warning(
    world: World,
) -> None:
    firewalls.START["nftables"](world.home)
    world.home.run(
        "sh",
        "-ec",
        "nft insert rule inet filter input iifname 'mesh*' accept;"
        "nft insert rule inet filter forward iifname 'mesh*' accept;"
        "nft insert rule inet filter forward oifname 'mesh*' accept",
    )
    household = Household(world)
    findings = doctor(world)
    assert set(findings) == {"nft-handshake"}
    assert findings["nft-handshake"]["severity"] == "warning"
    household.route()
    assert_hosts(household)
    assert doctor(world) == findings
    cure(household, findings)


def test_tailscale_drops_the_mesh_and_doctor_says_how_it_lets_it_pass(world: World) -> None:
    household = Household(world)
    household.route()
    assert_hosts(household)
    world.home.run("iptables-nft-restore", "--noflush", input=TAILSCALE)
    findings = doctor(world)
    assert set(findings) == {"tailscale-names"}
    assert await_hosting(household, wanted=False) == findings["tailscale-names"]["message"]
    household.await_state("blocked", 60)
    cure(household, findings)
    household.await_state("routing", 60)
    assert_hosts(household)


TAILSCALE = """
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:ts-input - [0:0]
:ts-forward - [0:0]
-A INPUT -j ts-input
-A FORWARD -j ts-forward
-A ts-input -s 100.101.102.103/32 -i lo -j ACCEPT
-A ts-input -s 100.115.92.0/23 ! -i tailscale0 -j RETURN
-A ts-input -s 100.64.0.0/10 ! -i tailscale0 -j DROP
-A ts-input -i tailscale0 -j ACCEPT
-A ts-input -p udp -m udp --dport 41641 -j ACCEPT
-A ts-forward -i tailscale0 -j MARK --set-xmark 0x40000/0xff0000
-A ts-forward -m mark --mark 0x40000/0xff0000 -j ACCEPT
-A ts-forward -s 100.64.0.0/10 -o tailscale0 -j DROP
-A ts-forward -o tailscale0 -j ACCEPT
COMMIT
"""
"""What Tailscale 1.80 writes (util/linuxfw of its source)."""
