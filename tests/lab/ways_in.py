"""All the ways into the besieged home that are known, each with the machine that would notice.

Law: data only; who sends there and who listens is told elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """One way in, and how an honest neighbour goes it."""

    name: str
    address: str
    """May hold the name of a mesh address in braces: {home4}, {friend6}."""
    seen_by: str
    """The machine that would notice."""
    port: int = 7
    neighbour: str = "home"
    """Who shows that the target can be reached, by sending to it..."""
    address_for_neighbour: str = ""
    """...under this address, where it is another one..."""
    interface: str = ""
    """...and by this interface, where the address alone does not say."""

    def __str__(self) -> str:
        return self.name


# The networks that `lan` opens.
LAN = (
    Target("a private address in the LAN", "192.168.1.20", "nas"),
    Target("the router", "192.168.1.1", "home-router"),
    Target("a unique local address in the LAN", "fd12:3456:789a:1::20", "nas"),
    Target("a global address in the LAN", "2a02:8010:6a00:1::20", "nas"),
    Target("the router's global address", "2a02:8010:6a00:1::1", "home-router"),
    Target("a public IPv4 address in the LAN", "88.198.50.20", "nas"),
    Target("a private address in a second LAN", "192.168.60.20", "annex"),
    Target("a public address in a second LAN", "141.76.60.20", "annex"),
    Target("a global IPv6 address in a second LAN", "2001:638:60::20", "annex"),
    Target("a unique local address in a second LAN", "fd60::20", "annex"),
)
NEVER = (
    Target("a private network behind the router", "10.20.0.20", "cellar"),
    Target("another network of the delegated prefix", "2a02:8010:6a00:2::20", "cellar"),
    Target("a private network behind a second LAN", "10.61.0.20", "annex"),
    Target("a public network behind a second LAN", "141.76.61.20", "annex"),
    Target("a global IPv6 network behind a second LAN", "2001:638:61::20", "annex"),
    Target("a public network behind a machine of the LAN", "78.46.62.20", "nas"),
    Target("a global IPv6 network behind a machine of the LAN", "2a01:4f8:62::20", "nas"),
    Target("a link-local IPv4 address", "169.254.7.7", "nas"),
    Target("a carrier's neighbour", "100.64.5.5", "nas"),
    Target("the metadata service of most clouds", "169.254.169.254", "nas"),
    Target("the metadata service of Amazon over IPv6", "fd00:ec2::254", "nas"),
    Target("the metadata service of Azure behind the gateway", "168.63.129.16", "cellar"),
    Target("the metadata service of Alibaba behind the gateway", "100.100.100.200", "cellar"),
    Target("a container", "172.17.0.2", "container"),
    Target("a container over IPv6", "fd00:d0c::2", "container"),
    Target("a container with a public address", "185.199.50.2", "boxed"),
    Target("a container with a global IPv6 address", "2a0e:b107:50::2", "boxed"),
    Target("a published port of a container at the LAN address", "192.168.1.10", "container", 8080, "nas"),
    Target("a published port at the mesh address", "{home4}", "container", 8080, "nas", "192.168.1.10"),
    Target("a private network of the host's other VPN", "10.77.0.5", "office"),
    Target("a public network of the host's other VPN", "50.0.1.5", "office"),
    Target("a global IPv6 network of the host's other VPN", "2600:50:1::5", "office"),
    Target("another peer of the mesh", "{friend4}", "guest"),
    Target("another peer of the mesh over IPv6", "{friend6}", "guest"),
    Target("the router's public address from inside", "81.2.69.10", "home-router"),
    Target("a port that the router forwards into the LAN", "81.2.69.10", "nas", 5000),
    Target("this device", "192.168.1.10", "home"),
    Target("this device's public IPv4 address in the LAN", "88.198.50.10", "home"),
    Target("this device's global address", "2a02:8010:6a00:1::10", "home"),
    Target("this device's unique local address", "fd12:3456:789a:1::10", "home"),
    Target("this device in a second LAN", "192.168.60.10", "home"),
    Target("this device at its containers", "172.17.0.1", "home"),
    Target("this device in its other VPN", "10.77.0.1", "home"),
    Target("this device's mesh address without incoming", "{home4}", "home"),
    Target("this device's mesh IPv6 address without incoming", "{home6}", "home"),
    Target("the loopback address", "127.0.0.1", "home"),
    Target("another loopback address", "127.0.0.53", "home"),
    Target("the IPv6 loopback address", "::1", "home"),
    Target("the address of any network", "0.0.0.0", "home", address_for_neighbour="127.0.0.1"),
    Target("the limited broadcast", "255.255.255.255", "nas", interface="eth0"),
    Target("the broadcast of the LAN", "192.168.1.255", "nas", interface="eth0"),
    Target("the group of multicast DNS", "224.0.0.251", "nas", interface="eth0"),
    Target("the group of SSDP", "239.255.255.250", "nas", interface="eth0"),
    Target("the IPv6 group of all nodes", "ff02::1", "nas", interface="eth0"),
    Target("the IPv6 group of multicast DNS", "ff02::fb", "nas", interface="eth0"),
    Target("a site's IPv6 group", "ff05::2", "nas", interface="eth0"),
    Target("IPv4 written as IPv6", "::ffff:192.168.1.20", "nas", address_for_neighbour="192.168.1.20"),
    Target("IPv4 through a translator", "64:ff9b::c0a8:114", "home-router"),
    Target("IPv4 through a local translator", "64:ff9b:1::c0a8:114", "home-router"),
    Target("IPv4 through 6to4", "2002:c0a8:114::1", "home-router"),
    Target("IPv4 through Teredo", "2001::c0a8:114", "home-router"),
)
ALL = (*LAN, *NEVER)
