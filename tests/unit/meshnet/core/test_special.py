import ipaddress
from collections.abc import Iterator

import pytest

from meshnet.core.special import NOT_PUBLIC, ON_LINK_ONLY, Network, network_of

_REGISTRIES = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.0.8/32 192.0.0.9/32
192.0.0.10/32 192.0.0.170/32 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24
198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32
::1/128 ::/128 ::/96 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001::/32 2001:1::1/128
2001:1::2/128 2001:1::3/128 2001:2::/48 2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28 2001:30::/28 2001:db8::/32
2002::/16 2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8
"""
"""The IANA special-purpose address registries of both families, with multicast and what was once site-local."""


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    return not any(parsed.version == network.version and parsed in network for network in NOT_PUBLIC)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.1",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.53",
        "169.254.169.254",
        "172.31.255.255",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.251",
        "239.255.255.250",
        "255.255.255.255",
        "::",
        "::1",
        "::192.168.1.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2001:0:4136:e378::1",
        "2002:c0a8:101::1",
        "fd00::1",
        "fe80::1",
        "ff02::fb",
        "fd00:ec2::254",
        "fec0::1",
        "4000::1",
        "100:0:0:1::1",
        "2001:20::1",
    ],
)
def test_what_is_not_the_public_internet_is_known(address: str) -> None:
    assert not _is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "81.2.69.160", "100.128.0.1", "172.32.0.1", "2606:4700::1111"])
def test_the_public_internet_is_public(address: str) -> None:
    assert _is_public(address)


def test_what_stays_on_the_link_is_not_public_either() -> None:
    assert not any(_is_public(str(network.network_address)) for network in ON_LINK_ONLY)


def _edges(network: Network) -> Iterator[str]:
    """Both ends of a range, and their neighbours."""
    make = type(network.network_address)
    for end in (int(network.network_address), int(network.broadcast_address)):
        yield from (str(make(number)) for number in range(end - 1, end + 2) if 0 <= number < 1 << network.max_prefixlen)


@pytest.mark.parametrize("text", _REGISTRIES.split())
def test_what_python_takes_for_not_global_is_not_public(text: str) -> None:
    for edge in _edges(ipaddress.ip_network(text)):
        address = ipaddress.ip_address(edge)
        if not address.is_global or address.is_multicast or address.is_reserved:
            assert not _is_public(edge), edge


def test_the_network_of_an_address_with_its_length() -> None:
    assert str(network_of("192.168.1.20/24")) == "192.168.1.0/24"
    assert str(network_of("2001:db8::5/64")) == "2001:db8::/64"
