"""The question that shows whether a host works: its bytes are those of the protocol for names."""

from __future__ import annotations

import subprocess
import sys

import dns.flags
import dns.message
import pytest

from meshnet.core.localnames import View
from meshnet.daemon.names import PROBE, judge_query
from meshnet.daemon.probe import answer_to


def asked() -> dns.message.QueryMessage:
    return dns.message.make_query(PROBE, "TXT", id=0xBEEF)


def test_the_answer_is_what_a_library_for_names_would_make_of_the_question() -> None:
    own = judge_query(asked(), View(lan=False))
    assert own is not None
    assert answer_to(asked().to_wire()) == own.to_wire()


def test_the_answer_is_one_to_this_question_and_says_ok() -> None:
    wire = answer_to(asked().to_wire())
    assert wire is not None
    answer = dns.message.from_wire(wire)
    assert asked().is_response(answer)
    assert [rdata.to_text() for rrset in answer.answer for rdata in rrset] == ['"ok"']


@pytest.mark.parametrize(
    "other",
    [
        dns.message.make_query("probe.meshnet.", "A"),
        dns.message.make_query("example.org.", "TXT"),
        dns.message.make_query("probe.meshnet.", "TXT", use_edns=0),
        dns.message.make_response(asked()),
    ],
    ids=["another type", "another name", "with more to it", "an answer"],
)
def test_no_other_message_is_answered(other: dns.message.Message) -> None:
    assert answer_to(other.to_wire()) is None


def test_no_bytes_are_no_question() -> None:
    assert answer_to(b"") is None


def test_a_daemon_that_hosts_nobody_does_without_a_library_for_names() -> None:
    look = "import sys, meshnet.daemon.service; print([name for name in sys.modules if name.split('.')[0] == 'dns'])"
    done = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
