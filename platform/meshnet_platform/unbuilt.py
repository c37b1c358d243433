"""The backend of a system that we cannot change yet, which says so: the daemon runs, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable

from meshnet_platform.api import Backend, Facts, Observation, PlatformError, Probes, Problem, SystemPlan, Traffic

_CURE = "Use a Linux device as host and client for now; this one can still show and manage the mesh."


class UnbuiltBackend:
    """Says why it cannot serve; carries out the empty plan only."""

    def __init__(self, word: str, name: str) -> None:
        self._word = word
        self._message = f"Meshnet cannot change the network of {name} yet, so this device can neither route nor host."

    @property
    def platform(self) -> str:
        """The word for this system in device records."""
        return self._word

    @property
    def control_mark(self) -> int | None:
        """None: nothing is marked here."""
        return None

    def problems(self) -> tuple[Problem, ...]:
        """The one reason why nothing works here."""
        problem = "platform-not-supported"
        return (Problem(problem, "error", self._message, _CURE, stops_hosting=True, stops_routing=True),)

    def facts(self) -> Facts:
        """Nothing is known, as nothing can be planned."""
        return Facts()

    def apply(self, plan: SystemPlan) -> None:
        """PlatformError for any plan that wants something."""
        if plan != SystemPlan():
            raise PlatformError(self._message, _CURE)

    def observe(self) -> Observation:
        """There is no tunnel to tell of."""
        return Observation()

    def traffic(self) -> Traffic:
        """Nothing goes through a tunnel that is not there."""
        return Traffic()

    def open_probes(self, listen_port: int, magic: bytes) -> Probes | None:
        """None: nothing is sent beside a tunnel that is not there."""
        return None

    def restore(self) -> None:
        """Nothing was changed, so there is nothing to undo."""

    def watch(self, on_trouble: Callable[[str], None], on_news: Callable[[], None]) -> None:
        """Nothing is in force that could die."""

    def close(self) -> None:
        """Nothing runs."""


_: type[Backend] = UnbuiltBackend
