"""A mesh in the standard world: the laptop in the café and the computer at home belong to one person.

What tests, benchmarks and the demo start from: programs running, both joined, nothing routed yet.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lab.net import Machine, Process, wait_until
from lab.world import HOME_PORT, World


class Household:
    """The person's two devices, and the coordinator on the rented server."""

    def __init__(self, world: World, *, allow: str = "routing") -> None:
        self.world = world
        self.daemons: dict[Machine, Process] = {}
        with ThreadPoolExecutor(3) as together:
            started = together.submit(world.start_coordinator)
            list(together.map(self.start, (world.laptop, world.home)))
            self.coordinator = started.result()
        world.meshnet(world.laptop, "create", world.coordinator_address(), "--name", "laptop")
        self.bring_in(world.home, "home-pc", allow=allow)

    def start(self, machine: Machine) -> Process:
        """Start the machine's daemon; home listens on the port that its router forwards."""
        port = ("--listen-port", str(HOME_PORT)) if machine is self.world.home else ()
        self.daemons[machine] = self.world.start_daemon(machine, *port)
        return self.daemons[machine]

    def bring_in(self, machine: Machine, name: str, *, allow: str = "") -> None:
        """Invite from the laptop, join there, and let the laptop, which has the mesh key, confirm."""
        link = self.world.meshnet(self.world.laptop, "invite")["link"]
        granted = ("--allow", allow) if allow else ()
        self.world.meshnet(machine, "join", link, "--name", name, *granted)
        self.world.meshnet(self.world.laptop, "status")

    def status(self, machine: Machine | None = None) -> Any:
        """What a device (the laptop) says of itself."""
        return self.world.meshnet(machine or self.world.laptop, "status")

    def route(self, host: str = "home-pc") -> Any:
        """Route the laptop through a host."""
        return self.world.meshnet(self.world.laptop, "route", host)

    def stop(self) -> Any:
        """Stop routing the laptop."""
        return self.world.meshnet(self.world.laptop, "route", "--off")

    def await_state(self, state: str, timeout: float = 20.0) -> Any:
        """The laptop's status, once it is in this state."""

        def look() -> Any:
            found = self.status()
            return found if found["state"] == state else None

        return wait_until(look, f"state {state}", timeout, 0.1)
