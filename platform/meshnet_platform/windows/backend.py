"""The Windows backend, which cannot serve yet and says so: the daemon runs, shows the mesh, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable

from meshnet_platform.api import Backend, Facts, Observation, PlatformError, Problem, SystemPlan

_MESSAGE = "Meshnet cannot change the network of Windows yet, so this device can neither route nor host."
_CURE = "Use a Linux device as host and client for now; this one can still show and manage the mesh."


class WindowsBackend:
    """Says why it cannot serve; carries out the empty plan only."""

    @property
    def platform(self) -> str:
        """The word for this system in device records."""
        return "windows"

    @property
    def control_mark(self) -> int | None:
        """None: Windows has no socket marks."""
        return None

    def problems(self) -> tuple[Problem, ...]:
        """The one reason why nothing works here."""
        return (Problem("platform-not-supported", "error", _MESSAGE, _CURE, stops_hosting=True, stops_routing=True),)

    def facts(self) -> Facts:
        """Nothing is known, as nothing can be planned."""
        return Facts()

    def apply(self, plan: SystemPlan) -> None:
        """PlatformError for any plan that wants something."""
        if plan != SystemPlan():
            raise PlatformError(_MESSAGE, _CURE)

    def observe(self) -> Observation:
        """There is no tunnel to tell of."""
        return Observation()

    def restore(self) -> None:
        """Nothing was changed, so there is nothing to undo."""

    def watch(self, on_trouble: Callable[[str], None]) -> None:
        """Nothing is in force that could die."""

    def close(self) -> None:
        """Nothing runs."""


_: type[Backend] = WindowsBackend
