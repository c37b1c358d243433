"""The rules that close a routed device before anything else is known of it: a file of nft(8) in the state directory.

While a guarded route is wanted, one of two files is there, and its being there is the note that one is wanted:

    guard-at-boot.nft   loaded by meshnet-guard.service before the network comes up (`kill-switch always`)
    guard.nft           carried out by the daemon's first act (`kill-switch on`)

They hold what blocks without a tunnel, in the very table that the daemon replaces in one step once it knows more. Law:
the text depends on nothing, so that a route that is in force needs no room on the disk to be changed; and the new file
is there before the old one goes.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from meshnet_platform import files
from meshnet_platform.api import PlatformError, Route, SystemPlan
from meshnet_platform.linux import nft, ruleset
from meshnet_platform.linux.marks import FIREWALL_TABLE
from meshnet_platform.linux.ruleset import Ruleset
from meshnet_platform.runner import Runner

AT_BOOT = "guard-at-boot.nft"
AT_START = "guard.nft"
_HEAD = "# Written by Meshnet while a route is wanted: traffic goes through the host, or nowhere.\n"


class BootGuard:
    """The file of one state directory."""

    def __init__(self, runner: Runner, state_dir: Path) -> None:
        self._runner = runner
        self._directory = state_dir

    def note(self, route: Route) -> None:
        """Have the file that a route asks for; it survives a power cut when this returns. None where unguarded."""
        if not route.guarded:
            return
        wanted, other = (AT_BOOT, AT_START) if route.at_boot else (AT_START, AT_BOOT)
        try:
            if files.text_of(self._directory / wanted) != rules():
                files.write_whole(self._directory / wanted, rules().encode())
            files.remove(self._directory / other)
        except OSError as error:
            raise PlatformError(
                f"The wish for a route could not be kept in {self._directory}: {error.strerror}.",
                "Make room on the disk, and let root write there.",
            ) from error

    def forget(self) -> None:
        """No guarded route is wanted any more."""
        for path in (self._directory / AT_BOOT, self._directory / AT_START):
            try:
                files.remove(path)
            except OSError as error:
                raise PlatformError(
                    f"{path} could not be removed ({error.strerror}): with it this device starts closed.",
                    "Let root write there, or remove it by hand.",
                ) from error

    def hold(self) -> bool:
        """Close again what an earlier process noted as closed; whether traffic beside the tunnel is closed now.

        Rules of an earlier process that still stand are left alone: with them a route goes on.
        """
        if stands(self._runner.ask("nft", "--stateless", "--terse", "list", "table", "inet", FIREWALL_TABLE)):
            return True
        if not self._is_noted():
            return False
        # Not from the file: it may be damaged, and it is the note that counts.
        self._runner.run("nft", "-f", "-", stdin=rules())
        return True

    def _is_noted(self) -> bool:
        try:
            return any((self._directory / name).exists() for name in (AT_BOOT, AT_START))
        except OSError:
            # A disk that cannot be read may hold the note.
            return True


@cache
def rules() -> str:
    """What `nft -f` takes to block all traffic, in one step of the kernel."""
    closed = nft.render(SystemPlan(route=Route(passing=False))) or Ruleset("")
    return _HEAD + ruleset.transaction(None, closed)


def stands(listed: str) -> bool:
    """Whether our table, as `nft list` shows it, ends what programs send beside the tunnel by a rejection.

    By its last rule: those before it may reject what would enter a tunnel that is closed, with the kill switch off.
    """
    guard = listed.partition("chain guard {")[2].partition("\n\t}")[0]
    return guard.rpartition("\n")[2].strip().startswith("reject") and "dormant" not in listed
