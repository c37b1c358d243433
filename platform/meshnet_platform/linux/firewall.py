"""Brings the firewall to what a plan says, each time in one transaction of the kernel."""

from __future__ import annotations

import re
from contextlib import suppress

from meshnet_platform.api import PlatformError, SystemPlan
from meshnet_platform.linux import marks, nft, ruleset
from meshnet_platform.linux.marks import FIREWALL_TABLE
from meshnet_platform.linux.nft_words import host_addresses
from meshnet_platform.linux.ruleset import Ruleset
from meshnet_platform.runner import Runner

_ELEMENTS = re.compile(r"(set|map) (\w+) \{([^{}]*?)\s*elements = \{([^{}]*)\}")
_COUNTED = re.compile(r"counter packets (\d+)")
_UNMARKED = "0"
_NO_TABLE = "No such file or directory"


class Firewall:
    """Our table, and what is known of it."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._have: Ruleset | None = None
        self._last: Ruleset | None = None
        """What was put there last, whatever came of it since."""
        self._listed = ""
        """Our rules as nft(8) lists them; empty while that could not be learnt."""

    def forget(self) -> None:
        """What is there is unknown from now on."""
        self._have = None

    def apply(self, plan: SystemPlan, opened: frozenset[int]) -> None:
        """Make it as the plan says; `opened`: families whose forwarding was off before us."""
        wanted = nft.render(plan, opened)
        if wanted is None:
            self.remove()
            return
        previous, self._have = self._have, None
        text = ruleset.transaction(previous, wanted)
        if text:
            self._runner.run("nft", "-f", "-", stdin=text)
        if previous is None or previous.rules != wanted.rules:
            self._learn(wanted)
            if not self._listed:
                self._load(wanted)
        self._have = self._last = wanted

    def withdraw(self, plan: SystemPlan) -> None:
        """Take from peers what the plan takes from them, and no more: the rest of it could not be carried out."""
        wanted, last = nft.render(plan, frozenset()), self._last
        if wanted is None or last is None:
            return
        kept = {
            # Aliases are no permission, and half of one would be wrong.
            name: found if name in ruleset.MAPS else found & wanted.members[name]
            for name, found in last.members.items()
        }
        left = Ruleset(last.rules, kept)
        if left == last:
            return
        with suppress(PlatformError):
            self._runner.run("nft", "-f", "-", stdin=ruleset.transaction(self._have, left))
            self._have, self._last = left if self._have else None, left

    def _load(self, wanted: Ruleset) -> None:
        """Once more, whole: somebody emptied it in between, or nft(8) did not do what it said."""
        self._runner.run("nft", "-f", "-", stdin=ruleset.transaction(None, wanted))
        self._learn(wanted)
        if not self._listed:
            raise PlatformError(
                "`nft` said that the firewall was loaded, but the rules are not there.",
                "Reinstall nftables, and look for a program that empties the firewall again and again.",
            )

    def stands(self) -> bool:
        """Whether the kernel still has what was put there last."""
        if self._have is None:
            return True
        rules, members = self._list()
        wanted = {name: addresses for name, addresses in self._have.members.items() if addresses}
        return bool(rules) and rules == self._listed and members == wanted

    def returned(self) -> int:
        """How many packets this device's programs got back through the tunnel, since the rules were last loaded."""
        text = self._runner.ask("nft", "list", "chain", "inet", FIREWALL_TABLE, "input")
        return sum(int(count) for count in _COUNTED.findall(text))

    def repair(self) -> None:
        """Put there again what was put there last, whatever is there now."""
        if self._have is not None:
            self._load(self._have)

    def remove(self) -> None:
        """Take our table away, if it is there."""
        self._have = self._last = None
        if self._runner.find("nft") is None:
            return
        if self._is_gone():
            return
        # Also where it could not be asked: then this says so, and nobody believes it gone.
        self._runner.run("nft", "-f", "-", stdin=ruleset.removal())
        if not self._is_gone():
            raise PlatformError(
                "`nft` said that the firewall was taken away, but it does not say that it is gone.",
                f"Reinstall nftables, or remove it yourself: `nft delete table inet {FIREWALL_TABLE}`.",
            )

    def _is_gone(self) -> bool:
        found = self._runner.result("nft", "--terse", "list", "table", "inet", FIREWALL_TABLE)
        return found.status != 0 and _NO_TABLE in found.err

    def _learn(self, wanted: Ruleset) -> None:
        # It is listed in other words than it was given in. A list that is shorter is none of ours: somebody was faster.
        rules, _ = self._list()
        self._listed = rules if rules.count("\n") >= wanted.rules.count("\n") else ""

    def _list(self) -> tuple[str, dict[str, frozenset[str]]]:
        """Our table as it is: the rules, and apart from them the members of the sets."""
        text = self._runner.ask("nft", "--stateless", "list", "table", "inet", FIREWALL_TABLE)
        found = {name: inside.split(",") for _, name, _, inside in _ELEMENTS.findall(text)}
        known = {**ruleset.SET_TYPES, **ruleset.MAPS}
        ours = {name: frozenset(one.strip() for one in members) for name, members in found.items() if name in known}
        return _ELEMENTS.sub(r"\1 \2 {\3", text), ours

    def cut_unseen(self, plan: SystemPlan) -> None:
        """End the flows that peers may have opened while our rules were gone, where conntrack(8) is installed.

        What our rules let through to the internet has a mark. Peers that may reach the local network keep their flows.
        """
        tunnel, hosting = plan.tunnel, plan.hosting
        if tunnel is not None and hosting is not None:
            self._end_flows({*host_addresses(plan)} - {*hosting.lan}, "--mark", _UNMARKED)

    def cut(self, before: SystemPlan, now: SystemPlan) -> None:
        """End the running flows of peers that lost a permission, where conntrack(8) is installed.

        The rules stop them already; this also ends what a permitted peer had opened towards a third party, which would
        otherwise go on sending here. What a peer opened to this device itself is kept in mind: a forgotten flow would
        look, with the next packet of ours, as if this device had opened it.
        """
        pairs = zip(_permitted(before), _permitted(now), strict=True)
        self._end_flows({address for old, new in pairs for address in old - new})
        if before.route is not None and now.route is None:
            self._end_route()

    def _end_route(self) -> None:
        """End the flows that left by the tunnel: those of containers would go on with this device's mesh address."""
        if self._runner.find("conntrack") is not None:
            for family in ("ipv4", "ipv6"):
                self._runner.result("conntrack", "-D", "-f", family, "--mark", str(marks.LEFT_BY_TUNNEL))

    def _end_flows(self, senders: set[str], *which: str) -> None:
        if not senders or self._runner.find("conntrack") is None:
            return
        for address in sorted(senders):
            family = "ipv6" if ":" in address else "ipv4"
            # It fails where there is no such flow.
            self._runner.result("conntrack", "-D", "-f", family, "--orig-src", address, *which)


def _permitted(plan: SystemPlan) -> tuple[frozenset[str], ...]:
    hosting = plan.hosting
    routing, lan = (hosting.routing, hosting.lan) if hosting else ((), ())
    return frozenset(routing), frozenset(lan)
