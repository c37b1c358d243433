"""Brings the firewall to what a plan says, each time in one transaction of the kernel."""

from __future__ import annotations

from meshnet_platform.api import SystemPlan
from meshnet_platform.linux import nft, ruleset
from meshnet_platform.linux.marks import FIREWALL_TABLE
from meshnet_platform.linux.ruleset import Ruleset
from meshnet_platform.runner import Runner


class Firewall:
    """Our table, and what is known of it."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._have: Ruleset | None = None

    def forget(self) -> None:
        """What is there is unknown from now on."""
        self._have = None

    def apply(self, plan: SystemPlan, uplinks: tuple[str, ...]) -> None:
        """Make it as the plan says; nothing new is forwarded from `uplinks`."""
        wanted = nft.render(plan, uplinks)
        if wanted is None:
            self.remove()
            return
        text = ruleset.transaction(self._have, wanted)
        if text:
            self._have = None
            self._runner.run("nft", "-f", "-", stdin=text)
        self._have = wanted

    def remove(self) -> None:
        """Take our table away, if it is there."""
        self._have = None
        if self._runner.ask("nft", "--terse", "list", "table", "inet", FIREWALL_TABLE):
            self._runner.run("nft", "-f", "-", stdin=ruleset.removal())

    def cut(self, before: SystemPlan, now: SystemPlan) -> None:
        """End the running flows of peers that lost a permission, where conntrack(8) is installed.

        The rules stop them already; this also ends what a permitted peer had opened towards a third party, which would
        otherwise go on sending here.
        """
        lost = sorted(
            address for old, new in zip(_permitted(before), _permitted(now), strict=True) for address in old - new
        )
        if not lost or self._runner.find("conntrack") is None:
            return
        for address in dict.fromkeys(lost):
            family = "ipv6" if ":" in address else "ipv4"
            for side in ("--orig-src", "--orig-dst"):
                # It fails where there is no such flow.
                self._runner.result("conntrack", "-D", "-f", family, side, address)


def _permitted(plan: SystemPlan) -> tuple[frozenset[str], ...]:
    hosting = plan.hosting
    routing, lan = (hosting.routing, hosting.lan) if hosting else ((), ())
    return frozenset(plan.incoming), frozenset(routing), frozenset(lan)
