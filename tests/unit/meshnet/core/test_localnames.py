from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshnet.core.localnames import View, is_local_name, may_see, within

DENIED = ("192.168.1.0/24", "81.2.70.160/27", "2a02:8010:6a00:1::/64", "172.17.0.0/16", "81.2.69.10/32")
LANS = ("192.168.1.0/24", "81.2.70.160/27", "2a02:8010:6a00:1::/64")
WITHOUT = View(False, DENIED, LANS, ("office.example.net", "Box.", "."))
WITH = View(True, DENIED, LANS)


def labels(name: str) -> tuple[bytes, ...]:
    return tuple(name.encode().split(b".")) if name else ()


def back(address: str) -> str:
    return ipaddress.ip_address(address).reverse_pointer


@pytest.mark.parametrize(
    "name",
    [
        "nas",
        "com",
        "nas.local",
        "NAS.Lan",
        "lan",
        "a.b.home.arpa",
        "wpad.internal",
        "x.home",
        "x.corp",
        "x.localdomain",
        "x.private",
        "x.intranet",
        "x.localhost",
        "files.office.example.net",
        "office.example.net",
        "FILES.OFFICE.example.NET",
        "fritz.box",
        "b._dns-sd._udp.example.org",
        "_services._DNS-SD._udp.example.org",
        back("192.168.1.20"),
        back("10.0.0.1").upper(),
        back("127.0.0.1"),
        back("169.254.1.1"),
        back("100.64.0.7"),
        back("255.255.255.255"),
        back("81.2.70.165"),
        back("81.2.69.10"),
        back("fd00::1"),
        back("fe80::1"),
        back("::1"),
        back("2a02:8010:6a00:1::20"),
        "168.192.in-addr.arpa",
        "1.168.192.in-addr.arpa",
        "b._dns-sd._udp.0.1.168.192.in-addr.arpa",
        "lb.168.192.in-addr.arpa",
        "165.160-27.70.2.81.in-addr.arpa",
        "x.in-addr.arpa",
        "1.0.0.0.0.0.a.6.0.1.0.8.2.0.a.2.ip6.arpa",
        "d.f.ip6.arpa",
        "x.d.f.ip6.arpa",
    ],
)
def test_names_of_the_networks_around_are_local(name: str) -> None:
    assert is_local_name(labels(name), WITHOUT)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "example.org",
        "lan.example.org",
        "home.example.org",
        "notlocal.xlocal",
        "example.net",
        "office2.example.net",
        "xoffice.example.net",
        "_dns-sd.example.org",
        "_443._tcp.example.org",
        "_dmarc.example.org",
        "in-addr.arpa",
        "ip6.arpa",
        "192.in-addr.arpa",
        "2.81.in-addr.arpa",
        back("81.2.70.1"),
        back("81.2.69.11"),
        back("9.9.9.9"),
        back("2a02:8010:6a00:2::20"),
        "x.9.9.9.9.in-addr.arpa",
        "a.2.ip6.arpa",
    ],
)
def test_names_of_the_public_tree_are_not(name: str) -> None:
    assert not is_local_name(labels(name), WITHOUT)


@pytest.mark.parametrize("label", [b"nas.home", b"home.lan", b"lan\0"])
def test_a_label_that_would_read_as_several_is_local(label: bytes) -> None:
    assert is_local_name((label, b"example", b"org"), WITHOUT)
    assert is_local_name((b"nas", label), WITHOUT)


@given(st.lists(st.binary(min_size=1, max_size=63), max_size=40), st.sampled_from(["", "in-addr.arpa", "ip6.arpa"]))
def test_every_name_is_judged_and_case_does_not_matter(before: list[bytes], end: str) -> None:
    name = (*before, *labels(end))
    verdict = is_local_name(name, WITHOUT)
    assert is_local_name(tuple(label.upper() for label in name), WITHOUT) == verdict
    assert verdict or not is_local_name(name, WITH)


@given(st.ip_addresses())
def test_the_reverse_name_of_an_address_that_is_not_to_be_seen_is_local(address: ipaddress.IPv4Address) -> None:
    prefixes = (*DENIED, "10.0.0.0/8", "fc00::/7")
    if within((str(address),), prefixes):
        assert is_local_name(labels(address.reverse_pointer), WITHOUT)
        assert not may_see(str(address), WITHOUT)


PUBLIC = ["81.2.70.1", "93.184.215.14", "2606:2800:21f::14", "2a02:8010:6a00:2::20"]
IN_THE_LAN = ["192.168.1.20", "81.2.70.165", "2a02:8010:6a00:1::20"]
NOWHERE = [
    "10.0.0.1",
    "192.168.2.20",
    "172.16.0.1",
    "172.17.0.2",
    "127.0.0.1",
    "0.0.0.0",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.251",
    "255.255.255.255",
    "198.18.0.1",
    "81.2.69.10",
    "::",
    "::1",
    "::192.168.1.20",
    "::ffff:192.168.1.20",
    "64:ff9b::c0a8:114",
    "64:ff9b:1::c0a8:114",
    "2002:c0a8:114::1",
    "2001::1",
    "fd00::1",
    "fe80::1",
    "fec0::1",
    "ff02::fb",
    "4000::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_everybody_sees_public_addresses(address: str) -> None:
    assert may_see(address, WITHOUT)
    assert may_see(address, WITH)


@pytest.mark.parametrize("address", IN_THE_LAN)
def test_addresses_in_the_local_networks_need_lan(address: str) -> None:
    assert not may_see(address, WITHOUT)
    assert may_see(address, WITH)


@pytest.mark.parametrize("address", NOWHERE)
def test_nobody_sees_what_the_host_carries_nobody_to(address: str) -> None:
    assert not may_see(address, WITHOUT)
    assert not may_see(address, WITH)


def test_addresses_within_prefixes_are_found_with_and_without_an_interface() -> None:
    addresses = ("192.168.1.1", "fe80::1%eth0", "9.9.9.9")
    assert within(addresses, ("192.168.1.0/24", "fe80::/10")) == addresses[:2]
    assert within(addresses, ()) == ()
