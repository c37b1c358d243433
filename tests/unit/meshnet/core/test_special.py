import ipaddress

import pytest

from meshnet.core.special import NOT_PUBLIC, ON_LINK_ONLY, network_of


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
    ],
)
def test_what_is_not_the_public_internet_is_known(address: str) -> None:
    assert not _is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "81.2.69.160", "100.128.0.1", "172.32.0.1", "2606:4700::1111"])
def test_the_public_internet_is_public(address: str) -> None:
    assert _is_public(address)


def test_what_stays_on_the_link_is_not_public_either() -> None:
    assert not any(_is_public(str(network.network_address)) for network in ON_LINK_ONLY)


def test_the_network_of_an_address_with_its_length() -> None:
    assert str(network_of("192.168.1.20/24")) == "192.168.1.0/24"
    assert str(network_of("2001:db8::5/64")) == "2001:db8::/64"
