"""What may happen to the laptop of `lab.turmoil`, to its hosts and to the ways between them, and what undoes it.

Law: a deed names what it breaks in `Turmoil.cures`, unless the product alone must mend it; done twice it does no more
than once. Only processes of the lab are ended, by their ids.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from lab.net import Machine, wait_until
from lab.power import processes_of
from lab.process import kill
from lab.test_repairs import asleep
from lab.turmoil import Turmoil, ask
from meshnet.protocol import local

Deed = Callable[[Turmoil], None]

_CAFE_GATEWAY = "192.168.50.1"
_READY_WITHIN = 40.0
_REPAIRED_WITHIN = 15.0
_NEIGHBOUR_WITHIN = 4.0


# --- what the person does -------------------------------------------------------------------------------------------


def route_home(t: Turmoil) -> None:
    t.wish("home-pc")


def route_server(t: Turmoil) -> None:
    t.wish("server")


def stop(t: Turmoil) -> None:
    t.wish(None)


def change_their_mind(t: Turmoil) -> None:
    t.wish("home-pc", "server")


def change_their_mind_twice(t: Turmoil) -> None:
    t.wish("server", "home-pc", "server")


def give_up_at_once(t: Turmoil) -> None:
    t.wish("home-pc", None)


def stop_and_go(t: Turmoil) -> None:
    t.wish(None, "home-pc")


def name_a_fallback(t: Turmoil) -> None:
    _set(t, "fallback", "home-pc,server", "none")
    t.may_move = True


def _set(t: Turmoil, key: str, value: str, usual: str) -> None:
    t.cures[key] = lambda: _require(t.world.laptop, local.SetSetting(key, usual))
    _require(t.world.laptop, local.SetSetting(key, value))


def _require(machine: Machine, request: local.Request) -> None:
    (answer,) = ask(machine, request)
    assert isinstance(answer, local.Reply), answer


# --- what befalls the laptop's own programs -------------------------------------------------------------------------


def kill_the_daemon(t: Turmoil) -> None:
    t.household.daemons[t.world.laptop].kill()
    _start_first(t, "daemon", start_the_daemon)


def end_the_daemon(t: Turmoil) -> None:
    t.household.daemons[t.world.laptop].stop(_READY_WITHIN)
    _start_first(t, "daemon", start_the_daemon)


def _start_first(t: Turmoil, name: str, start: Deed) -> None:
    """What a program is to be asked for as a cure is asked when it runs."""
    t.cures = {name: lambda: start(t), **t.cures}


def start_the_daemon(t: Turmoil) -> None:
    if not t.is_alive:
        t.household.start(t.world.laptop)
    t.cures.pop("daemon", None)


def suspend(t: Turmoil) -> None:
    """As long as a person closes the lid for a moment; nobody repairs anything meanwhile."""
    if t.is_alive:
        with asleep(t.household.daemons[t.world.laptop]):
            t.world.laptop.run("sh", "-c", "ip link del meshnet0; sleep 2", check=False)


def kill_the_tunnel(t: Turmoil) -> None:
    for pid in processes_of(t.world.laptop):
        if Path(f"/proc/{pid}/comm").read_text().strip() == "wireguard-go":
            kill(pid)


def _breaks(command: str) -> Deed:
    def deed(t: Turmoil) -> None:
        t.world.laptop.run("sh", "-c", command, check=False)

    return deed


def flush_the_firewall(t: Turmoil) -> None:
    """Programs that bind to an interface pass the routes by: until it is repaired, which takes a daemon, they may."""
    if not t.is_alive:
        return
    begin = time.time()
    was_there = _has_table(t)
    t.world.laptop.run("nft", "flush", "ruleset")
    if was_there:
        wait_until(lambda: _has_table(t), "repair of the firewall", _REPAIRED_WITHIN)
    # What passed meanwhile may wait for its neighbour's hardware address for as long as that is asked for.
    t.wishes.excuse(begin, time.time() + _NEIGHBOUR_WITHIN)


def _has_table(t: Turmoil) -> bool:
    return t.world.laptop.run("nft", "list", "chain", "inet", "meshnet", "output", check=False).returncode == 0


# --- what befalls the ways ------------------------------------------------------------------------------------------


def pull_the_plug(t: Turmoil) -> None:
    t.cures["cable"] = lambda: t.world.lab.switch.ip(f"link set {t.port} up")
    t.world.lab.switch.ip(f"link set {t.port} down")


def flap(t: Turmoil) -> None:
    for state in ("down", "up") * 3:
        t.world.lab.switch.ip(f"link set {t.port} {state}")


def take_the_interface_down(t: Turmoil) -> None:
    t.cures["interface"] = lambda: _connect(t, t.world.laptop4, _CAFE_GATEWAY)
    t.world.laptop.ip("link set eth0 down")


def change_the_address(t: Turmoil) -> None:
    t.cures["address"] = lambda: _connect(t, t.world.laptop4, _CAFE_GATEWAY)
    _connect(t, "192.168.50.77", _CAFE_GATEWAY)


def change_the_gateway(t: Turmoil) -> None:
    other = "192.168.50.254"
    t.cures["address"] = lambda: _connect(t, t.world.laptop4, _CAFE_GATEWAY)
    t.world.cafe_router.ip(f"addr replace {other}/24 dev lan")
    _connect(t, t.world.laptop4, other)


def _connect(t: Turmoil, address4: str, gateway4: str) -> None:
    """What the programs of the laptop's network do."""
    gateway6 = t.world.cafe_prefix6.replace("::/64", "::1")
    t.world.laptop.ip(
        "link set eth0 up",
        "addr flush dev eth0 scope global",
        f"addr add {address4}/24 dev eth0",
        f"addr replace {t.world.laptop6}/64 dev eth0 nodad",
        f"route replace 0.0.0.0/0 via {gateway4} dev eth0",
        f"route replace ::/0 via {gateway6} dev eth0",
    )


def cut_the_homes_line(t: Turmoil) -> None:
    t.cures["line of home"] = lambda: t.world.home_router.ip("link set lan up")
    t.world.home_router.ip("link set lan down")


def swallow(t: Turmoil) -> None:
    """Home answers, and carries nothing further."""
    t.cures["swallowing"] = t.hosts.release
    t.hosts.swallow()


# --- what befalls the others ----------------------------------------------------------------------------------------


def revoke(t: Turmoil) -> None:
    t.cures["grant"] = lambda: _require(t.world.home, local.Allow("laptop", ("routing",)))
    if t.household.daemons[t.world.home].returncode is None:
        _require(t.world.home, local.Deny("laptop", ("routing",)))


def kill_the_host(t: Turmoil) -> None:
    t.household.daemons[t.world.home].kill()
    _start_first(t, "host", _start_the_host)


def _start_the_host(t: Turmoil) -> None:
    if t.household.daemons[t.world.home].returncode is not None:
        t.household.start(t.world.home)


def kill_the_coordinator(t: Turmoil) -> None:
    t.household.coordinator.kill()
    t.cures["coordinator"] = lambda: _start_the_coordinator(t)


def _start_the_coordinator(t: Turmoil) -> None:
    t.household.coordinator = t.world.start_coordinator()


def cure_one(t: Turmoil) -> None:
    """Whatever is wrong for the longest time is mended."""
    if t.cures:
        name = next(iter(t.cures))
        t.tell(name)
        t.cures.pop(name)()


WISHES: dict[str, Deed] = {
    "route home": route_home,
    "route by the server": route_server,
    "stop": stop,
    "change their mind": change_their_mind,
    "change their mind twice": change_their_mind_twice,
    "give up at once": give_up_at_once,
    "stop and go": stop_and_go,
    "name a fallback": name_a_fallback,
}
CURE = "cure what was wrong first"
EVENTS: dict[str, Deed] = {
    "kill the daemon": kill_the_daemon,
    "end the daemon": end_the_daemon,
    "kill the tunnel": kill_the_tunnel,
    "pull the plug": pull_the_plug,
    "flap": flap,
    "take the interface down": take_the_interface_down,
    "change the address": change_the_address,
    "change the gateway": change_the_gateway,
    "cut the home's line": cut_the_homes_line,
    "swallow": swallow,
    "revoke": revoke,
    "kill the host": kill_the_host,
    "kill the coordinator": kill_the_coordinator,
    "write resolv.conf": _breaks("echo nameserver 9.9.9.9 >/etc/resolv.conf"),
    "replace resolv.conf": _breaks("echo nameserver 9.9.9.9 >/run/r; mv /run/r /etc/resolv.conf"),
    "stop the daemon for a while": suspend,
    "delete the tunnel": _breaks("ip link del meshnet0"),
    "take the tunnel down": _breaks("ip link set meshnet0 down"),
    "rename the tunnel": _breaks("ip link set meshnet0 down; ip link set meshnet0 name other0"),
    "flush the firewall": flush_the_firewall,
    "flush the rules": _breaks(
        "for n in $(seq 5270 5310); do ip rule del priority $n; ip -6 rule del priority $n; done 2>/dev/null"
    ),
    "flush the routes": _breaks("ip route flush table 20854; ip -6 route flush table 20854"),
}


def do(t: Turmoil, name: str) -> None:
    """Do what goes by this name; what a daemon is asked for starts it."""
    if name in WISHES:
        start_the_daemon(t)
    t.tell(name)
    (WISHES | EVENTS | {CURE: cure_one})[name](t)
