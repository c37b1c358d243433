"""The laptop of a household with a power switch, a person's program that never ceases to send, and what leaked of it.

A reboot is: the link down, every process of the machine killed, and all that only the kernel and /run held gone; files
stay as the power cut left them. Law: only processes of the machine's own namespace of process ids are killed, by id.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

from lab.household import Household
from lab.net import Machine, Process, wait_until
from lab.process import kill
from lab.services import Observer, Packet
from lab.tunnel_packets import permitted_to_laptop
from lab.world import SOCKET, product_environment, program

PORT = 9999
"""Where the person's program sends its datagrams."""
_UNITS = Path(__file__).parents[2] / "installers/linux"
_ANSWERS = (b"\x81", b"\x00")
"""Types of ICMPv6 and of ICMP: answers to a ping that came in."""

_SENDER = f"""
import socket, sys, time
kinds = (socket.AF_INET, sys.argv[1]), (socket.AF_INET6, sys.argv[2])
datagrams = [(socket.socket(family, socket.SOCK_DGRAM), address) for family, address in kinds]
print("sending", flush=True)
while True:
    for family, address in kinds:
        with socket.socket(family, socket.SOCK_STREAM) as asking:
            asking.setblocking(False)
            asking.connect_ex((address, 80))
    for sending, address in datagrams:
        try:
            sending.sendto(b"x" * 40, (address, {PORT}))
        except OSError:
            pass
    time.sleep(0.02)
"""


class Laptop:
    """The laptop of a household, and what may be done to it."""

    def __init__(self, household: Household) -> None:
        self.household, self.world = household, household.world
        self.machine = household.world.laptop
        self.state = household.world.daemon_state(self.machine)
        self._boots = 0
        self._permitted = permitted_to_laptop(self.world)

    # --- power ------------------------------------------------------------------------------------------------------

    def cut_power(self) -> None:
        """All at once, with nobody told."""
        self.machine.ip("link set eth0 down")
        for pid in processes_of(self.machine):
            kill(pid)
        wait_until(lambda: not processes_of(self.machine), "end of all processes")
        self._forget_kernel()
        self.machine.run("mount", "-t", "tmpfs", "tmpfs", "/run")
        self._boots += 1
        boot_id = self.machine.directory / "boot-id"
        boot_id.write_text(f"00000000-0000-4000-8000-{self._boots:012}\n")
        self.machine.run("mount", "--bind", str(boot_id), "/proc/sys/kernel/random/boot_id")

    def _forget_kernel(self) -> None:
        self.machine.run("nft", "flush", "ruleset")
        self.machine.run("conntrack", "-F", check=False)
        for family in ("-4", "-6"):
            rules = self.machine.run("ip", family, "rule").stdout.splitlines()
            ours = [line.partition(":")[0] for line in rules if line.partition(":")[0] not in ("0", "32766", "32767")]
            for priority in ours:
                self.machine.run("ip", family, "rule", "del", "priority", priority)
            for table in ("20853", "20854", "20855"):
                self.machine.run("ip", family, "route", "flush", "table", table, check=False)
        self.machine.ip("addr flush dev eth0")
        changed: dict[str, str] = json.loads((self.state / "system-journal.json").read_text())["sysctls"]
        for name, before in changed.items():
            self.machine.run("tee", f"/proc/sys/{name}", input=before, check=False)

    def start_guard(self) -> bool:
        """What meshnet-guard.service does, as it says; whether its condition held."""
        unit = (_UNITS / "meshnet-guard.service").read_text().replace("/var/lib/meshnet", str(self.state))
        (condition,) = re.findall(r"^ConditionPathExists=(.*)$", unit, re.MULTILINE)
        (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
        if not Path(condition).exists():
            return False
        self.machine.run(*shlex.split(command))
        return True

    def link_up(self) -> None:
        """What the network's own programs do once they may; returns when the router gets answers.

        Who asks from outside is answered, also by a routed device.
        """
        world = self.world
        router4, router6 = world.cafe_prefix4.replace("0/24", "1"), world.cafe_prefix6.replace("::/64", "::1")
        self.machine.ip(
            f"addr add {world.laptop4}/24 dev eth0",
            f"addr add {world.laptop6}/64 dev eth0 nodad",
            "link set eth0 up",
            f"route add 0.0.0.0/0 via {router4} dev eth0",
            f"route add ::/0 via {router6} dev eth0",
        )
        for address in (world.laptop4, world.laptop6):
            world.cafe_router.run("ping", "-c", "5", "-i", "0.2", address)

    # --- programs ---------------------------------------------------------------------------------------------------

    def start_sending(self) -> Process:
        """A person's program that does not care what the network is like."""
        process = self.machine.spawn("/usr/bin/python3", "-c", _SENDER, self.world.web4, self.world.web6)
        process.wait_for_line("sending")
        return process

    def start_daemon(self, *before: str) -> Process:
        """The daemon, not waited for; `before` are words in front of the command."""
        argv = (*before, program("meshnetd"), "run", "--state-dir", str(self.state), "--socket", SOCKET)
        process = self.machine.spawn(*argv, env=product_environment(), name="meshnetd")
        self.household.daemons[self.machine] = process
        return process

    # --- leaks ------------------------------------------------------------------------------------------------------

    def observer(self) -> Observer:
        """Somebody who sees all of the café's wire."""
        return Observer(self.world.cafe_router, "lan")

    def show_that_leaks_are_seen(self) -> None:
        """While not routed: the observer sees what programs send, in both families."""
        sender = self.start_sending()
        with self.observer() as observer:
            self.await_leak(observer)
        assert {packet.proto for packet in self.leaks(observer)} >= {"tcp", "udp"}
        sender.stop()

    def await_leak(self, observer: Observer) -> None:
        """Return when datagrams and connections of both families were seen."""
        for source in (self.world.laptop4, self.world.laptop6):
            observer.wait_for_packet(src=source, dport=PORT)
            observer.wait_for_packet(src=source, dport=80)

    def leaks(self, observer: Observer) -> list[Packet]:
        """What left the laptop beside the tunnel: all but WireGuard, the coordinator, and what a link needs."""
        own, web = (self.world.laptop4, self.world.laptop6), (self.world.web4, self.world.web6)
        # Nobody else there asks the web server: a packet to it is the laptop's, whatever source it bears.
        sent = [packet for packet in observer.packets() if packet.src in own or packet.dst in web]
        return [packet for packet in sent if not self._may_leave(packet)]

    def _may_leave(self, packet: Packet) -> bool:
        is_answer = packet.proto.startswith("icmp") and packet.payload[:1] in _ANSWERS
        return is_answer or packet in self._permitted

    def await_arrivals(self, arriving: Observer) -> None:
        """Return when what the program sends arrives at the web server, from home, in both families."""
        for source in (self.world.home_public4, self.world.home6):
            arriving.wait_for_packet(src=source, dport=PORT, timeout=20)


def processes_of(machine: Machine) -> list[int]:
    """The ids, seen from outside, of all that runs in a machine beside its process 1."""
    ours = _pid_space(machine.pid)
    assert ours not in ("", _pid_space(os.getpid()))
    pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    return [pid for pid in pids if pid != machine.pid and _pid_space(pid) == ours]


def _pid_space(pid: int) -> str:
    """The namespace of ids that a running process is in; nothing for one that has ended, reaped or not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
        return "" if state == "Z" else os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return ""
