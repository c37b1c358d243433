"""The lab: an internet of network namespaces, built and forgotten within a test.

A `Machine` is a process tree with its own network, mounts, process ids and host name; wires are veth pairs, and a wire
with more than two ends is a bridge. Law: nothing here knows of pytest or of the product, nothing touches the
namespaces of the machine it runs on, and nothing survives the program that made it, not even when that is killed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Literal

from lab.process import LabError, Process, first_child, kill, wait_until

__all__ = ["Lab", "LabError", "Machine", "Port", "Process", "Router", "wait_until", "why_not"]

TOOLS = ("unshare", "nsenter", "setpriv", "ip", "nft", "mount", "tcpdump", "curl")

# A machine lives as long as its standard input is open, and only the lab's process holds the other end: the kernel
# closes it however that process ends (PR_SET_PDEATHSIG would tie it to a thread). Ignored SIGCHLD reaps orphans.
# /etc is a layer of the machine's own, so that its files can also be replaced by renaming, as real programs do.
_BOOT = """trap '' CHLD
hostname "$1"
mount -t tmpfs tmpfs /run
mount -t sysfs sysfs /sys
mkdir "$2/layer"
mount -t tmpfs tmpfs "$2/layer"
mkdir "$2/layer/etc" "$2/layer/work"
mount -t overlay -o "lowerdir=/etc,upperdir=$2/layer/etc,workdir=$2/layer/work" overlay /etc 2>/dev/null ||
    { cp -a /etc/. "$2/layer/etc"; mount --bind "$2/layer/etc" /etc; }
rm -f /etc/resolv.conf /etc/hosts
printf '127.0.0.1 localhost\\n::1 localhost\\n127.0.1.1 %s\\n' "$1" >/etc/hosts
: >/etc/resolv.conf
for which in all default; do
    echo 2 >/proc/sys/net/ipv4/conf/$which/rp_filter
    echo 0 >/proc/sys/net/ipv6/conf/$which/accept_dad
    echo 0 >/proc/sys/net/ipv6/conf/$which/accept_ra
done
echo "$3" >/proc/sys/net/ipv4/ip_forward
echo "$3" >/proc/sys/net/ipv6/conf/all/forwarding
ip link set lo up
echo ready
exec cat >/dev/null
"""


def why_not() -> str | None:
    """Why there can be no lab on this system, in words; None where there can."""
    if sys.platform != "linux":
        return "the lab needs Linux"
    if os.geteuid() != 0:
        return "the lab needs root"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"the lab needs {', '.join(missing)}"
    return "the lab cannot be in a chroot, which its machines would leave" if _is_chrooted() else None


@cache
def _is_chrooted() -> bool:
    """Whether a program that enters a mount namespace finds another root than ours (setns(2)): the real system's."""
    enter = ("nsenter", "--mount", "--target", str(os.getpid()), "stat", "--format", "%d:%i", "/")
    seen = subprocess.run(enter, capture_output=True, text=True, check=False).stdout.strip()
    ours = os.stat("/")
    return seen != f"{ours.st_dev}:{ours.st_ino}"


@dataclass(frozen=True, slots=True)
class Port:
    """One end of a wire: an interface of a machine, with its addresses ("192.168.1.2/24") and default gateways."""

    machine: Machine
    interface: str
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()

    def commands(self, mtu: int) -> list[str]:
        """What `ip -batch` needs to bring the interface up."""
        name = self.interface
        lines = [f"addr add {address} dev {name}{' nodad' * (':' in address)}" for address in self.addresses]
        lines.append(f"link set {name} mtu {mtu} up")
        return lines + [f"route add {_everywhere(gateway)} via {gateway} dev {name}" for gateway in self.gateways]


class Machine:
    """A computer: namespaces held by a process that dies with the lab. Made by `Lab.machine`."""

    def __init__(self, name: str, directory: Path, *, forwarding: bool = False) -> None:
        self.name = name
        self.directory = directory
        (directory / "home").mkdir(parents=True)
        (directory / "log").mkdir()
        boot = directory / "boot"
        boot.write_text(_BOOT)
        flags = ["--net", "--mount", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc"]
        self._holder = subprocess.Popen(
            ["unshare", *flags, "sh", "-e", str(boot), name, str(directory), str(int(forwarding))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._processes: list[Process] = []

    @cached_property
    def pid(self) -> int:
        """The process id, seen from outside, of the machine's process 1; waits until the machine is up."""
        if _open(self._holder.stdout).readline() != "ready\n":
            raise LabError(f"{self.name} did not start: {_open(self._holder.stderr).read()}")
        return wait_until(lambda: first_child(self._holder.pid), f"process 1 of {self.name}")

    @property
    def namespace_shell(self) -> list[str]:
        """The words to put before a command, so that it runs inside: for debugging by hand, too."""
        return ["nsenter", "--target", str(self.pid), "--net", "--mount", "--pid", "--uts"]

    @cached_property
    def environment(self) -> dict[str, str]:
        """The environment of everything that runs inside; the home directory is the machine's own."""
        home = self.directory / "home"
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C.UTF-8",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_DATA_HOME": str(home / ".local/share"),
            "XDG_STATE_HOME": str(home / ".local/state"),
        }

    def port(self, interface: str, *addresses: str, gateways: tuple[str, ...] = ()) -> Port:
        """An end for `Lab.wire`."""
        return Port(self, interface, addresses, gateways)

    def run(
        self,
        *argv: str,
        check: bool = True,
        timeout: float = 20.0,
        input: str | None = None,  # noqa: A002 - the word that subprocess.run has for it
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program inside to its end; LabError when it takes longer, or fails and `check` is on."""
        popen = subprocess.Popen(
            [*self.namespace_shell, *argv],
            stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**self.environment, **(env or {})},
        )
        try:
            out, err = popen.communicate(input, timeout)
        except subprocess.TimeoutExpired:
            kill(first_child(popen.pid))
            out, err = popen.communicate(timeout=5)
            raise LabError(f"{self.name}: {' '.join(argv)}: not done after {timeout:g} s\n{out}{err}") from None
        if check and popen.returncode != 0:
            raise LabError(f"{self.name}: {' '.join(argv)}: exit status {popen.returncode}\n{out}{err}")
        return subprocess.CompletedProcess(list(argv), popen.returncode, out, err)

    def spawn(self, *argv: str, env: Mapping[str, str] | None = None, name: str | None = None) -> Process:
        """Start a program inside, and leave it running; its logs are called `name`, or as the program is."""
        whole = {**self.environment, **(env or {})}
        process = Process(list(argv), self.namespace_shell, self.directory / "log", whole, name)
        self._processes.append(process)
        return process

    def python(self, script: str, *argv: str, timeout: float = 20.0) -> str:
        """Run a Python script inside; what it printed."""
        return self.run(sys.executable, "-c", script, *argv, timeout=timeout).stdout

    def ip(self, *commands: str) -> None:
        """Carry out commands of ip(8), written without the word `ip`, in one process."""
        self.run("ip", "-batch", "-", input="\n".join(commands) + "\n")

    def resolve_with(self, *servers: str) -> None:
        """Have the machine's programs ask these name servers."""
        lines = "".join(f"nameserver {server}\n" for server in servers)
        self.file("/etc/resolv.conf").write_text(lines + "options timeout:1 attempts:2\n")

    def file(self, path: str) -> Path:
        """The path, outside, of a file that has this absolute path inside."""
        return Path(f"/proc/{self.pid}/root{path}")

    def logs(self) -> str:
        """The ends of the logs of everything that was left running here."""
        return "\n".join(process.tail() for process in self._processes)

    def power_off(self) -> None:
        """End everything inside at once, as a power cut would, and let the machine vanish."""
        self.cut_power()
        self.await_off()

    def cut_power(self) -> None:
        """The first half of `power_off`, which does not wait."""
        _open(self._holder.stdin).close()

    def await_off(self) -> None:
        """The second half of `power_off`."""
        try:
            self._holder.wait(5)
        except subprocess.TimeoutExpired:
            self._holder.kill()
            self._holder.wait()
        for process in self._processes:
            process.wait()
        for pipe in (self._holder.stdout, self._holder.stderr):
            _open(pipe).close()


class Router(Machine):
    """A machine that forwards, and can translate addresses as home routers do. Its outer interface is `wan`."""

    def translate(
        self, *, ports: Literal["kept", "random"] = "kept", input_drops: bool = True, inbound6_drops: bool = True
    ) -> None:
        """Masquerade IPv4 behind `wan` and let nothing new in, the forwarded ports and (IPv6) pings excepted.

        "kept" keeps source ports where they are free, "random" gives each destination another one (a symmetric NAT).
        Without `input_drops` a packet that arrives before its mapping exists spoils that mapping's port. Called again,
        it replaces the rules, and the forwarded ports with them.
        """
        kind = " random" if ports == "random" else ""
        drops = 'iifname "wan" ct state new meta l4proto != { icmp, icmpv6 } drop' if input_drops else "accept"
        drops6 = "drop" if inbound6_drops else "accept"
        self.nft(f"""
            table ip nat
            delete table ip nat
            table inet firewall
            delete table inet firewall
            table ip nat {{
                chain prerouting {{ type nat hook prerouting priority dstnat; }}
                chain postrouting {{
                    type nat hook postrouting priority srcnat;
                    oifname "wan" masquerade{kind}
                }}
            }}
            table inet firewall {{
                chain input {{ type filter hook input priority filter; {drops}; }}
                chain forward {{
                    type filter hook forward priority filter;
                    ct state established,related accept
                    iifname != "wan" accept
                    ct status dnat accept
                    meta l4proto icmpv6 accept
                    meta nfproto ipv6 {drops6}
                    drop
                }}
            }}
            """)

    def forward_port(self, protocol: Literal["udp", "tcp"], port: int, to: str, to_port: int | None = None) -> None:
        """Send what arrives at this port of `wan` to the address `to` in the LAN."""
        self.nft(f'add rule ip nat prerouting iifname "wan" {protocol} dport {port} dnat to {to}:{to_port or port}')

    def nft(self, rules: str) -> None:
        """Add rules of nft(8)."""
        self.run("nft", "-f", "-", input=rules)


class Lab:
    """The machines and the wires between them; a context manager, and empty again when it is left."""

    def __init__(self) -> None:
        reason = why_not()
        if reason is not None:
            raise LabError(reason)
        self.directory = Path(tempfile.mkdtemp(prefix="meshnet-lab-"))
        self.machines: list[Machine] = []
        self._wires = 0

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def machine(self, name: str) -> Machine:
        """A new machine; it boots while the caller goes on."""
        machine = Machine(name, self.directory / name)
        self.machines.append(machine)
        return machine

    def router(self, name: str) -> Router:
        """A new machine that forwards IPv4 and IPv6."""
        router = Router(name, self.directory / name, forwarding=True)
        self.machines.append(router)
        return router

    def wire(self, *ports: Port, mtu: int = 1500) -> None:
        """Connect ports: two by a cable, more by a switch; then bring their interfaces up."""
        self._wires += 1
        if len(ports) == 2:
            self._cable(ports[0].machine, ports[0].interface, ports[1].machine, ports[1].interface)
        else:
            self._bridge(ports, mtu)
        for port in ports:
            port.machine.ip(*port.commands(mtu))

    def logs(self) -> str:
        """The ends of the logs of all machines."""
        return "\n".join(text for machine in self.machines if (text := machine.logs()))

    def close(self) -> None:
        """End every machine, and with it all that runs there, and remove what they stored."""
        for machine in self.machines:
            machine.cut_power()
        for machine in self.machines:
            machine.await_off()
        self.machines.clear()
        shutil.rmtree(self.directory, ignore_errors=True)

    @cached_property
    def switch(self) -> Machine:
        """The machine in which all the bridges are; they share no frames."""
        return self.machine("switch")

    def _bridge(self, ports: tuple[Port, ...], mtu: int) -> None:
        bridge = f"br{self._wires}"
        # Snooping would need a querier before multicast, and with it neighbour discovery, gets through.
        lines = [f"link add {bridge} mtu {mtu} type bridge mcast_snooping 0", f"link set {bridge} up"]
        for number, port in enumerate(ports):
            name = f"{bridge}-{number}"
            self._cable(port.machine, port.interface, self.switch, name)
            lines.append(f"link set {name} mtu {mtu} master {bridge} up")
        self.switch.ip(*lines)

    def _cable(self, left: Machine, left_name: str, right: Machine, right_name: str) -> None:
        ends = f"name {left_name} netns {left.pid} type veth peer name {right_name} netns {right.pid}"
        subprocess.run(["ip", "link", "add", *ends.split()], check=True)


def _open(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def _everywhere(gateway: str) -> str:
    return "::/0" if ":" in gateway else "0.0.0.0/0"
