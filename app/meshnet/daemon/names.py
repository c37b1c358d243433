"""What those who route through this host are told when they ask for names: each question and answer is judged here.

A peer without `lan` gets no names of the home network and no answers that point into private networks (DNS rebinding);
with `lan`, answers pass that lead to the public internet or into the networks that it may reach. All else is REFUSED,
not NXDOMAIN: it is a matter of policy (RFC 1035, section 4.1.1), and a denied name would also deny all below it
(RFC 8020) and be remembered after a grant.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA
import dns.rrset
from dns.rdtypes.svcbbase import ParamKey, SVCBBase

from meshnet.core.localnames import View, is_local_name, may_see
from meshnet.daemon.upstream import PAYLOAD, Upstream

log = logging.getLogger("meshnet.names")

PROBE = dns.name.from_text("probe.meshnet.")
"""Answered here, in whatever form it is asked; what daemons ask is `meshnet.daemon.probe`."""
_KEPT_FLAGS = dns.flags.AA | dns.flags.TC | dns.flags.RA | dns.flags.AD | dns.flags.CD
_ZONE_TRANSFERS = (dns.rdatatype.AXFR, dns.rdatatype.IXFR)


class Names:
    """Answers questions by asking the host's resolvers."""

    def __init__(self, resolvers: Callable[[bool], tuple[str, ...]], mark: Callable[[str], int | None]) -> None:
        """See `meshnet.daemon.forwarder.Forwarder`."""
        self._resolvers = resolvers
        self._upstream = Upstream(mark)

    async def answer(self, wire: bytes, view: View, *, stream: bool) -> bytes | None:
        """The answer to one query as this asker gets it; None: say nothing, for it is no query."""
        query = _read(wire)
        if query is None:
            return None
        try:
            return _encode(query, await self._find(query, view, stream), stream)
        except Exception as error:
            # A record that can be read and not written is the resolver's fault, and no reason to stop.
            log.info("an answer was not passed on: %s", type(error).__name__)
            return None

    async def _find(self, query: dns.message.Message, view: View, stream: bool) -> dns.message.Message:
        own = judge_query(query, view)
        if own is not None:
            return own
        is_local = _is_local(query.question[0].name, view)
        resolvers = self._resolvers(is_local)
        if is_local and not resolvers:
            return _refuse(query, "the host cannot ask its own network's name servers now")
        answer = await self._upstream.ask(resolvers, query, stream=stream)
        if answer is not None:
            return judge_answer(query, answer, view)
        failure = _response(query)
        failure.set_rcode(dns.rcode.SERVFAIL)
        return failure


def judge_query(query: dns.message.Message, view: View) -> dns.message.Message | None:
    """The answer that needs no resolver (the probe, and what is not for this asker); None: ask on."""
    question = query.question[0]
    if question.name == PROBE:
        answer = _response(query)
        answer.answer.append(dns.rrset.from_text(PROBE, 0, dns.rdataclass.IN, dns.rdatatype.TXT, '"ok"'))
        return answer
    # Other classes than the internet's tell about the resolver itself ("version.bind").
    if question.rdclass != dns.rdataclass.IN or (not view.lan and _is_local(question.name, view)):
        return _refuse(query, "a name of the host's own network")
    return None


def _is_local(name: dns.name.Name, view: View) -> bool:
    """Whether the name is for those who know the host's own networks."""
    return is_local_name(tuple(label for label in name.labels if label), view)


def _names(answer: dns.message.Message) -> Iterator[dns.name.Name]:
    """The names that an answer is about, and those that it leads to."""
    for rrset in answer.answer:
        yield rrset.name
        for rdata in rrset:
            target = getattr(rdata, "target", None) or getattr(rdata, "exchange", None)
            if isinstance(target, dns.name.Name) and target != dns.name.root:
                yield target


def judge_answer(query: dns.message.Message, answer: dns.message.Message, view: View) -> dns.message.Message:
    """The answer as the asker gets it, or a refusal where it leads to what the asker may not reach."""
    if not all(may_see(address, view) for address in _addresses(answer)):
        return _refuse(query, "an address that this host does not carry to")
    if not view.lan and any(_is_local(name, view) for name in _names(answer)):
        return _refuse(query, "an alias of a name of the host's own network")
    # Made from the asker's own question: its id, and its way to write the name.
    reply = _response(query)
    reply.flags |= answer.flags & _KEPT_FLAGS
    reply.set_rcode(answer.rcode())
    reply.answer, reply.authority = answer.answer, answer.authority
    reply.additional = answer.additional
    return reply


def _is_plain_question(message: dns.message.Message) -> bool:
    if message.flags & dns.flags.QR or message.opcode() != dns.opcode.QUERY or len(message.question) != 1:
        return False
    return message.question[0].rdtype not in _ZONE_TRANSFERS


def _response(query: dns.message.Message) -> dns.message.Message:
    answer = dns.message.make_response(query, recursion_available=True, our_payload=PAYLOAD)
    if query.edns >= 0:
        answer.use_edns(0, query.ednsflags & dns.flags.DO, PAYLOAD)
    return answer


def _refuse(query: dns.message.Message, why: str) -> dns.message.Message:
    answer = _response(query)
    if query.edns >= 0:
        reason = dns.edns.EDEOption(dns.edns.EDECode.PROHIBITED, why)
        answer.use_edns(0, query.ednsflags & dns.flags.DO, PAYLOAD, options=[reason])
    answer.set_rcode(dns.rcode.REFUSED)
    return answer


def _addresses(answer: dns.message.Message) -> Iterator[str]:
    for rrset in (*answer.answer, *answer.authority, *answer.additional):
        for rdata in rrset:
            yield from _pointed_at(rdata)


def _pointed_at(rdata: dns.rdata.Rdata) -> list[str]:
    """The addresses that a record leads to; service records carry some as hints (RFC 9460, section 7.3)."""
    if isinstance(rdata, dns.rdtypes.IN.A.A | dns.rdtypes.IN.AAAA.AAAA):
        return [rdata.address]
    if not isinstance(rdata, SVCBBase):
        return []
    hints = (rdata.params.get(key) for key in (ParamKey.IPV4HINT, ParamKey.IPV6HINT))
    return [address for hint in hints for address in getattr(hint, "addresses", ())]


def _encode(query: dns.message.Message, answer: dns.message.Message, stream: bool) -> bytes:
    """As bytes; what no datagram of the asker's size can carry becomes a word that TCP would (RFC 2181, section 9)."""
    # Without a size the library would hold a stream to the size of the asker's datagrams too.
    wire = answer.to_wire(max_size=65535)
    if stream or len(wire) <= min(max(query.payload, 512), PAYLOAD):
        return wire
    cut = _response(query)
    cut.flags |= dns.flags.TC
    return cut.to_wire()


def _read(wire: bytes) -> dns.message.Message | None:
    """The query, if these bytes are one that may be passed on; answers, updates and transfers of zones are not."""
    try:
        message = dns.message.from_wire(wire)
        return message if _is_plain_question(message) else None
    except Exception:
        # The parser is given whatever a peer sends; what it makes of it is nobody's concern, and fills no log.
        return None
