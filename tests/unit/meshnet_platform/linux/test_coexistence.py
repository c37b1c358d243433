from __future__ import annotations

import pytest

from meshnet_platform.api import Gateway, Problem
from meshnet_platform.linux.coexistence import Place, find_obstacles
from meshnet_platform.linux.foreign import Chain, Condition, Rule, Table
from meshnet_platform.linux.foreign_iptables import read_table

PLACE = Place(
    "meshnet0",
    (Gateway("eth0", "192.168.1.1", 4), Gateway("eth0", "fe80::1", 6)),
    51820,
    ("100.64.0.1/32", "fd00::1/128"),
    ("100.64.0.2/32", "fd00::2/128"),
)


def base(hook: str, *rules: Rule, policy: str = "drop") -> Chain:
    return Chain(hook, hook, policy, list(rules))


def nft(*chains: Chain, family: str = "inet", name: str = "filter") -> Table:
    return Table(family, name, {chain.name: chain for chain in chains})


def problems(*tables: Table, place: Place = PLACE) -> dict[str, Problem]:
    return {problem.id: problem for problem in find_obstacles(tables, place)}


def test_a_system_without_other_firewalls_has_none() -> None:
    assert problems() == {}


def test_a_forward_chain_that_drops_stops_hosting_and_is_cured_in_its_own_words() -> None:
    (problem,) = problems(nft(base("forward"))).values()
    assert (problem.id, problem.severity, problem.stops_hosting) == ("nft-forwarding", "error", True)
    assert "nftables table inet filter" in problem.message
    assert "`nft insert rule inet filter forward iifname meshnet0 accept`" in problem.cure
    assert "`nft insert rule inet filter forward oifname meshnet0 accept`" in problem.cure
    assert not problem.stops_routing


def test_a_forward_chain_with_rules_for_our_interface_is_no_problem() -> None:
    ours = (Rule((Condition("iif", ("meshnet0",)),), "accept"), Rule((Condition("oif", ("mesh*",)),), "accept"))
    assert problems(nft(base("forward", *ours))) == {}


def test_answers_that_are_dropped_stop_hosting_too() -> None:
    out_only = Rule((Condition("iif", ("meshnet0",)),), "accept")
    assert problems(nft(base("forward", out_only)))["nft-forwarding"].stops_hosting


def test_what_may_drop_is_a_warning_that_stops_nothing() -> None:
    (problem,) = problems(nft(base("forward", Rule((Condition("unknown", ()),), "drop"), policy="accept"))).values()
    assert (problem.severity, problem.stops_hosting) == ("warning", False)
    assert "may drop" in problem.message


def test_ipv6_alone_is_a_warning_and_ipv4_alone_stops_hosting() -> None:
    (sixth,) = problems(nft(base("forward"), family="ip6")).values()
    assert (sixth.severity, sixth.stops_hosting) == ("warning", False)
    assert "(IPv6 only)" in sixth.message
    (fourth,) = problems(nft(base("forward"), family="ip")).values()
    assert (fourth.severity, fourth.stops_hosting) == ("error", True)


def test_an_input_chain_that_drops_cuts_names_and_new_handshakes_and_tells_the_same_cure_once() -> None:
    found = problems(nft(base("input")))
    assert set(found) == {"nft-names", "nft-handshake"}
    assert found["nft-names"].stops_hosting
    assert found["nft-handshake"].severity == "warning"
    assert not found["nft-handshake"].stops_hosting
    assert "`nft insert rule inet filter input udp dport 51820 accept`" in found["nft-handshake"].cure


def test_redirected_names_may_pass_where_connections_do_not() -> None:
    redirected = Rule((Condition("status", ("dnat",)),), "accept")
    port = Rule((Condition("dport", ((51820, 51820),)),), "accept")
    (problem,) = problems(nft(base("input", redirected, port))).values()
    assert (problem.id, problem.severity) == ("nft-incoming", "warning")


def test_without_a_tunnel_there_is_no_port_to_speak_of() -> None:
    assert set(problems(nft(base("input")), place=Place("meshnet0"))) == {"nft-names"}


def test_a_kill_switch_of_another_program_cuts_the_mesh() -> None:
    (problem,) = problems(nft(base("output", Rule((Condition("oif", ("tun0",)),), "accept")), name="vpn")).values()
    assert (problem.id, problem.stops_hosting) == ("nft-outgoing", True)


@pytest.mark.parametrize(
    ("chains", "identity", "cure"),
    [
        (":FORWARD DROP [0:0]\n:ufw-user-forward - [0:0]\n", "ufw-forwarding", "`ufw route allow in on meshnet0`"),
        (
            ":FORWARD DROP [0:0]\n:DOCKER-USER - [0:0]\n",
            "docker-forwarding",
            "`iptables -I DOCKER-USER -i meshnet0 -j ACCEPT` and `iptables -I DOCKER-USER -o meshnet0 -j ACCEPT`",
        ),
        (":FORWARD DROP [0:0]\n", "iptables-forwarding", "`iptables -I FORWARD -i meshnet0 -j ACCEPT`"),
        (
            ":INPUT ACCEPT [0:0]\n:ts-input - [0:0]\n-A INPUT -j ts-input\n"
            "-A ts-input -s 100.64.0.0/10 ! -i tailscale0 -j DROP\n",
            "tailscale-names",
            "`iptables -I INPUT -i meshnet0 -j ACCEPT`",
        ),
    ],
)
def test_the_program_in_charge_is_known_by_its_chains(chains: str, identity: str, cure: str) -> None:
    (problem,) = problems(read_table(chains, "ip", "iptables-nft")).values()
    assert problem.id == identity
    assert cure in problem.cure


def test_rules_of_the_older_iptables_are_cured_with_it() -> None:
    (problem,) = problems(read_table(":FORWARD DROP [0:0]\n", "ip6", "iptables-legacy")).values()
    assert "`ip6tables-legacy -I FORWARD -o meshnet0 -j ACCEPT`" in problem.cure


def test_a_table_of_iptables_without_its_extensions_is_not_edited_with_nft() -> None:
    plain = Table("ip", "filter", {"FORWARD": Chain("FORWARD", "forward", "drop")})
    assert "`iptables -I FORWARD" in problems(plain)["iptables-forwarding"].cure


def test_firewalld_is_asked_for_a_zone_and_reloaded() -> None:
    cure = problems(nft(base("forward"), name="firewalld"))["firewalld-forwarding"].cure
    assert "`firewall-cmd --permanent --zone=trusted --add-interface=meshnet0` and `firewall-cmd --reload`" in cure


def test_each_message_fits_into_a_record() -> None:
    found = problems(nft(base("forward"), base("input"), base("output"), name="n" * 60))
    assert all(len(problem.message) <= 300 and problem.message.isprintable() for problem in found.values())
