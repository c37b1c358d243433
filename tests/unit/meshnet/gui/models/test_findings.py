"""What the doctor found, for the window."""

from __future__ import annotations

import pytest

from meshnet.gui.models import findings
from meshnet.protocol.local import Finding, Findings, NatView

WARNING = Finding(
    "ufw-names", "warning", "ufw may drop names.", "Run `ufw allow in` and `ufw reload`, then `ufw reload`."
)
ERROR = Finding("forwarding-locked", "error", "Forwarding is off (`/proc` is read-only).", "Turn it on.")


def test_errors_stand_first_and_commands_are_there_to_copy_each_once() -> None:
    first, second = findings.items(Findings((WARNING, ERROR)))
    assert (first.is_error, first.message, first.commands) == (True, "Forwarding is off (“/proc” is read-only).", ())
    assert (second.is_error, second.commands) == (False, ("ufw allow in", "ufw reload"))
    assert second.cure == "Run “ufw allow in” and “ufw reload”, then “ufw reload”."


def test_what_cannot_be_read_in_one_line_is_made_visible() -> None:
    odd = Finding("x", "error", "a\u202eb", "Run `c\x1bd`.")
    (item,) = findings.items(Findings((odd,)))
    assert (item.message, item.commands) == ("a\ufffdb", ("c\ufffdd",))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ((), "All is well"),
        ((WARNING,), "Worth knowing"),
        ((WARNING, ERROR), "One thing needs your attention"),
        ((ERROR, ERROR), "2 things need your attention"),
    ],
)
def test_the_summary_says_how_much_was_found(found: tuple[Finding, ...], said: str) -> None:
    assert findings.summary(Findings(found)) == said


@pytest.mark.parametrize("kind", ["none", "one-port", "port-each", "unknown"])
def test_every_kind_of_nat_has_a_sentence_of_its_own(kind: str) -> None:
    assert findings.nat_sentence(NatView(kind, "said")) != "said"


def test_a_kind_that_is_new_is_said_as_the_daemon_says_it() -> None:
    assert findings.nat_sentence(NatView("new", "Use `x`.")) == "Use “x”."
    assert findings.nat_sentence(None) == ""


def test_a_network_without_udp_is_said_in_the_apps_own_words() -> None:
    (item,) = findings.items(Findings((Finding("udp-blocked", "warning", "said", "said"),)))
    assert "UDP" in item.message
    assert "UDP" in item.cure
