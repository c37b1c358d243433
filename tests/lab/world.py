"""The standard world: a home, a café and a few servers on one small internet, and the product's programs in it.

    home 192.168.1.10 ─┐                                                    ┌─ laptop 192.168.50.20
    nas  192.168.1.20 ─┴─ home_router 81.2.69.10 ─┐    ┌─ 62.24.131.7 cafe_router ─┴─ guest 192.168.50.30
                                                  core
             server 46.101.10.20 ─────────────────┘ │ └───────────────── resolver 9.9.9.9
                                          web 93.184.215.14

Every public machine has a link of its own behind its own gateway. All addresses are ordinary global ones: programs
treat documentation and private ranges differently. Law: the product is started here only, by its installed programs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.net import Lab, LabError, Machine, Process, Router
from lab.services import NameServer, WebServer

WHOAMI = "whoami.farfield.net"
"""The public name of the web server that says who asks."""
COORDINATOR = "mesh.farfield.net"
"""The public name of the rented server."""
HOME_PORT = 51820
"""The UDP port of home's public address that the home router forwards to `home`."""
SOCKET = "/run/meshnet/meshnetd.sock"
"""Where the daemon of each machine listens, inside that machine."""

_PUBLIC_TIMEOUT = 3.0
_START_TIMEOUT = 20.0


class Internet:
    """A small internet in a lab: a core, a web server, a name server, and the rented server; ready once it is made."""

    server4 = "46.101.10.20"
    server6 = "2a03:b0c0:1:d0::20"
    web4 = "93.184.215.14"
    web6 = "2606:2800:21f:cb07::14"
    resolver4 = "9.9.9.9"
    resolver6 = "2620:fe:0:1::9"

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.core = lab.router("core")
        self.server, self.web, self.resolver = lab.machine("server"), lab.machine("web"), lab.machine("resolver")
        public = {
            WHOAMI: {"A": [self.web4], "AAAA": [self.web6]},
            COORDINATOR: {"A": [self.server4], "AAAA": [self.server6]},
        }
        # The services listen on every address, also on those that come later; so they start while wires are laid.
        self.web_service, self.names = WebServer(self.web), NameServer(self.resolver, public)
        self.build()
        for machine in (self.server, self.web):
            machine.resolve_with(self.resolver4)
        self.uplink(self.server, "eth0", self.server4, self.server6)
        self.uplink(self.web, "eth0", self.web4, self.web6)
        self.uplink(self.resolver, "eth0", self.resolver4, self.resolver6)
        self.web_service.await_ready()
        self.names.await_ready()

    def build(self) -> None:
        """Add what else is there from the start."""

    def uplink(self, machine: Machine, interface: str, *addresses: str) -> None:
        """A link of its own to the core, whose end of it is the gateway: host number 1, in each address's family."""
        gateways = tuple(_gateway(address) for address in addresses)
        ours = machine.port(interface, *map(_on_link, addresses), gateways=gateways)
        self.lab.wire(ours, self.core.port(machine.name, *map(_on_link, gateways)))

    # --- asking ---

    def public_address(self, machine: Machine, family: int = 4, *, by_name: bool = False) -> str | None:
        """The address under which the web server sees this machine; None when it gets no answer within 3 s."""
        where = WHOAMI if by_name else self.web4 if family == 4 else f"[{self.web6}]"
        options = ["--silent", "--fail", f"-{family}", "--max-time", str(_PUBLIC_TIMEOUT)]
        done = machine.run("curl", *options, f"http://{where}/ip", check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    # --- the product ---

    def start_coordinator(self, *args: str, public_host: str | None = None) -> Process:
        """`meshnet-coordinator serve` on the rented server, once it is ready."""
        state = ["--state-dir", str(_state(self.server, "coordinator"))]
        argv = ["serve", "--public-host", public_host or self.server4, *state, *args]
        return _ready(self.server.spawn(program("meshnet-coordinator"), *argv))

    def coordinator_address(self) -> str:
        """The line that `meshnet create` takes."""
        state = str(_state(self.server, "coordinator"))
        return self.server.run(program("meshnet-coordinator"), "address", "--state-dir", state).stdout.strip()

    def start_daemon(self, machine: Machine, *args: str) -> Process:
        """`meshnetd run` on a machine, once it is ready; started again, it finds its state again."""
        argv = ["run", "--state-dir", str(self.daemon_state(machine)), "--socket", SOCKET, *args]
        return _ready(machine.spawn(program("meshnetd"), *argv, env=product_environment()))

    def daemon_state(self, machine: Machine) -> Path:
        """The state directory of a machine's daemon."""
        return _state(machine, "meshnetd")

    def revert(self, machine: Machine) -> None:
        """`meshnetd revert` on a machine."""
        machine.run(program("meshnetd"), "revert", "--state-dir", str(self.daemon_state(machine)))

    def meshnet(self, machine: Machine, *argv: str, check: bool = True, timeout: float = 30.0) -> Any:
        """`meshnet --json` on a machine: what it answered, refusals included where `check` is off.

        Text where the answer is not JSON; LabError on a refusal where `check` is on.
        """
        words = [program("meshnet"), "--json", *argv]
        done = machine.run(*words, check=check, timeout=timeout, env=product_environment())
        try:
            return json.loads(done.stdout)
        except ValueError:
            return done.stdout.strip() or done.stderr.strip()


class World(Internet):
    """Builds the standard world in a lab, and waits until its services answer."""

    home_public4 = "81.2.69.10"
    home6 = "2a02:8010:6a00:1::10"
    home4 = "192.168.1.10"
    nas4 = "192.168.1.20"
    nas6 = "2a02:8010:6a00:1::20"
    cafe_public4 = "62.24.131.7"
    laptop6 = "2a00:23c5:1100:50::20"
    laptop4 = "192.168.50.20"
    guest4 = "192.168.50.30"
    guest6 = "2a00:23c5:1100:50::30"
    home_prefix4 = "192.168.1.0/24"
    home_prefix6 = "2a02:8010:6a00:1::/64"
    cafe_prefix4 = "192.168.50.0/24"
    cafe_prefix6 = "2a00:23c5:1100:50::/64"

    def build(self) -> None:
        """Add the home and the café."""
        lab = self.lab
        self.home_router, self.cafe_router = lab.router("home-router"), lab.router("cafe-router")
        self.home, self.nas = lab.machine("home"), lab.machine("nas")
        self.laptop, self.guest = lab.machine("laptop"), lab.machine("guest")
        self._start_services()
        self._wire_uplinks()
        self._wire_home()
        self._wire_cafe()
        for service in (self.nas_service, self.home_names, self.cafe_names):
            service.await_ready()

    def _start_services(self) -> None:
        home = {"nas.home.lan": {"A": [self.nas4], "AAAA": [self.nas6]}}
        cafe = {"printer.cafe.lan": {"A": [self.guest4], "AAAA": [self.guest6]}}
        self.nas_service = WebServer(self.nas)
        self.home_names = NameServer(self.home_router, home, forward=self.resolver4)
        self.cafe_names = NameServer(self.cafe_router, cafe, forward=self.resolver4)
        for router in (self.home_router, self.cafe_router):
            router.resolve_with(self.resolver4)

    def _wire_uplinks(self) -> None:
        self.uplink(self.home_router, "wan", self.home_public4, "2a02:8010:0:1::10")
        self.uplink(self.cafe_router, "wan", self.cafe_public4, "2a00:23c5:0:50::7")
        self.core.ip(
            f"route add {self.home_prefix6} via 2a02:8010:0:1::10",
            f"route add {self.cafe_prefix6} via 2a00:23c5:0:50::7",
        )

    def _wire_home(self) -> None:
        hosts = {self.home: (self.home4, self.home6), self.nas: (self.nas4, self.nas6)}
        self._local_network(self.home_router, hosts)
        self.home_router.forward_port("udp", HOME_PORT, self.home4)

    def _wire_cafe(self) -> None:
        hosts = {self.laptop: (self.laptop4, self.laptop6), self.guest: (self.guest4, self.guest6)}
        self._local_network(self.cafe_router, hosts)

    def _local_network(self, router: Router, hosts: Mapping[Machine, tuple[str, str]]) -> None:
        """A LAN behind a router that is its gateway and its name server."""
        address4, address6 = next(iter(hosts.values()))
        gateways = address4.rpartition(".")[0] + ".1", address6.rpartition(":")[0] + ":1"
        inner = router.port("lan", f"{gateways[0]}/24", f"{gateways[1]}/64")
        ports = [
            machine.port("eth0", f"{own4}/24", f"{own6}/64", gateways=gateways)
            for machine, (own4, own6) in hosts.items()
        ]
        self.lab.wire(inner, *ports)
        router.translate()
        for machine in hosts:
            machine.resolve_with(gateways[0])


def product_environment() -> dict[str, str]:
    """What the product's programs need in a machine: its daemon's socket, and no keyring, so that keys go to files."""
    return {"MESHNET_SOCKET": SOCKET, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


def program(name: str) -> str:
    """The path of one of the product's installed programs."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise LabError(f"{path} is not there: install the product into this environment first")
    return str(path)


def _gateway(address: str) -> str:
    return address.rpartition(":")[0] + ":1" if ":" in address else address.rpartition(".")[0] + ".1"


def _on_link(address: str) -> str:
    return f"{address}/{64 if ':' in address else 24}"


def _state(machine: Machine, name: str) -> Path:
    path = machine.directory / name
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def _ready(process: Process) -> Process:
    process.wait_for_line("ready", _START_TIMEOUT, exact=True)
    return process
