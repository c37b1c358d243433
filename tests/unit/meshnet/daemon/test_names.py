"""What an asker is told: answers that lead to addresses and names of the home network. The rest: test_forwarder."""

from __future__ import annotations

import dns.message
import dns.rcode
import dns.rrset
import pytest

from meshnet.core.localnames import View
from meshnet.daemon.names import judge_answer

DENIED = ("192.168.1.0/24",)
PUBLIC = View(False, DENIED)
LAN = View(True, DENIED, DENIED)


def test_an_address_beside_the_answer_is_an_answer_too() -> None:
    query = dns.message.make_query("example.org.", "MX")
    for section in ("answer", "authority", "additional"):
        found = dns.message.make_response(query)
        getattr(found, section).append(dns.rrset.from_text("mail.example.org.", 60, "IN", "A", "192.168.1.5"))
        assert judge_answer(query, found, PUBLIC).rcode() == dns.rcode.REFUSED
        assert judge_answer(query, found, LAN).rcode() == dns.rcode.NOERROR


@pytest.mark.parametrize(
    ("kind", "alias"), [("TXT", "nas.home.lan."), ("AAAA", "printer.local."), ("PTR", "20.1.168.192.in-addr.arpa.")]
)
def test_a_public_name_that_is_an_alias_of_a_local_one_tells_nothing(kind: str, alias: str) -> None:
    query = dns.message.make_query("alias.example.net", kind)
    found = dns.message.make_response(query)
    found.answer.append(dns.rrset.from_text("alias.example.net.", 60, "IN", "CNAME", alias))
    if kind == "TXT":
        found.answer.append(dns.rrset.from_text(alias, 60, "IN", "TXT", "upstairs"))
    assert judge_answer(query, found, PUBLIC).rcode() == dns.rcode.REFUSED
    assert judge_answer(query, found, LAN).rcode() == dns.rcode.NOERROR


def test_an_alias_of_a_public_name_is_told() -> None:
    query = dns.message.make_query("www.example.net", "MX")
    found = dns.message.make_response(query)
    found.answer.append(dns.rrset.from_text("www.example.net.", 60, "IN", "CNAME", "web.example.org."))
    found.answer.append(dns.rrset.from_text("web.example.org.", 60, "IN", "MX", "0 ."))
    assert judge_answer(query, found, PUBLIC).rcode() == dns.rcode.NOERROR
