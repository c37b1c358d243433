"""Whatever the mailbox does with the records of a mesh, a ledger believes nothing that was not said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meshnet.core.records import Body, Device, Grants, Membership, Signature, Signed
from meshnet.core.trust import Ledger, RefusedRecordError
from support.ledgers import believed, body, ledger_of, resigned, says_of_the_living
from support.meshes import FakeDevice, FakeMesh, seed

QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = ("laptop", "phone", "tablet", "nas")


@dataclass(frozen=True)
class History:
    """Records in the order in which they were made, each of which a ledger believes."""

    mesh: FakeMesh
    records: tuple[Signed, ...]

    def ledger(self, count: int | None = None) -> Ledger:
        """A ledger that was told the first of them, or all."""
        return ledger_of(self.mesh, *self.records[:count])


Make = Callable[[FakeMesh, FakeDevice, FakeDevice], tuple[Signed, ...]]
DEEDS: dict[str, Make] = {
    "let in": lambda mesh, one, _: (mesh.membership(one, address_of(one)), mesh.device(one)),
    "invite": lambda mesh, one, _: (
        mesh.invite(seed(one.name)),
        *mesh.join(one, address_of(one), seed(one.name)),
    ),
    "say": lambda mesh, one, other: (mesh.device(one, route=other.id),),
    "grant": lambda mesh, one, other: (mesh.grants(one, other, routing=True),),
    "confirm": lambda mesh, one, _: (mesh.confirmation(one),),
    "remove": lambda mesh, one, _: (mesh.removal(one),),
    "leave": lambda mesh, one, _: (mesh.removal(one, by_itself=True),),
}


def address_of(device: FakeDevice) -> str:
    return f"100.64.0.{NAMES.index(device.name) + 1}"


@st.composite
def histories(draw: st.DrawFn, name: str = "home") -> History:
    """What may have happened in a mesh: deeds that make sense when they come."""
    mesh, devices = FakeMesh(name), {word: FakeDevice(word) for word in NAMES}
    records = list(mesh.found(devices["laptop"], address_of(devices["laptop"])))
    trial = ledger_of(mesh, *records)
    words = st.sampled_from(NAMES)
    for deed, one, other in draw(st.lists(st.tuples(st.sampled_from(sorted(DEEDS)), words, words), max_size=10)):
        for record in DEEDS[deed](mesh, devices[one], devices[other]):
            try:
                if trial.accept(record) is not None:
                    records.append(record)
            except RefusedRecordError:
                break
    return History(mesh, tuple(records))


def told(ledger: Ledger, record: Signed) -> bool:
    """Whether it was news to the ledger; what is refused must leave it as it was."""
    before = believed(ledger)
    try:
        if ledger.accept(record) is not None:
            return True
    except RefusedRecordError:
        pass
    assert believed(ledger) == before
    return False


def flipped(text: str, bit: int) -> str:
    raw = bytearray(text.encode())
    raw[bit // 8 % len(raw)] ^= 1 << bit % 7
    return raw.decode("latin-1")


@QUICK
@given(histories(), st.data())
def test_a_record_with_one_bit_changed_is_never_believed(history: History, data: st.DataObject) -> None:
    position = data.draw(st.integers(1, len(history.records) - 1))
    ledger, record = history.ledger(position), history.records[position]
    bit = data.draw(st.integers(0, 2**14))
    signatures = list(record.signatures)
    which = data.draw(st.integers(0, len(signatures) - 1))
    signature = signatures[which]
    part = data.draw(st.sampled_from(("body", "key", "value")))
    if part == "body":
        forged = Signed(flipped(record.body, bit), record.signatures)
    else:
        key = flipped(signature.key, bit) if part == "key" else signature.key
        value = flipped(signature.value, bit) if part == "value" else signature.value
        signatures[which] = Signature(key, value)
        forged = Signed(record.body, tuple(signatures))
    assert not told(ledger, forged)
    assert told(ledger, record), "the true one is believed afterwards"


@QUICK
@given(histories(), st.data())
def test_a_signature_does_not_hold_for_another_body(history: History, data: st.DataObject) -> None:
    ledger = history.ledger()
    one, other = data.draw(st.tuples(*[st.sampled_from(history.records)] * 2).filter(lambda pair: pair[0] != pair[1]))
    moved = resigned(one, body(other))
    if moved.signatures[0].key != other.signatures[0].key or moved.signatures != other.signatures:
        assert not told(ledger, moved)


@QUICK
@given(histories(), st.data())
def test_nothing_of_it_is_news_a_second_time(history: History, data: st.DataObject) -> None:
    ledger = history.ledger()
    for record in data.draw(st.lists(st.sampled_from(history.records), max_size=20)):
        assert not told(ledger, record)


@QUICK
@given(histories(), st.data())
def test_whatever_order_it_comes_in_no_more_is_believed_than_was_said(history: History, data: st.DataObject) -> None:
    ledger, whole = Ledger(history.mesh.key.public), history.ledger()
    shuffled = data.draw(st.permutations(history.records))
    some = shuffled[: data.draw(st.integers(0, len(shuffled)))]
    highest: dict[tuple[type[Body], str], int] = {}
    for record in some:
        if told(ledger, record) and isinstance(said := body(record), Device | Grants):
            subject = (type(said), said.device + getattr(said, "peer", ""))
            assert said.seq > highest.get(subject, 0), "time was turned back"
            highest[subject] = said.seq
    assert ledger.members.items() <= whole.members.items()
    assert ledger.removed <= whole.removed
    assert ledger.bound.items() <= whole.bound.items()
    assert ledger.confirmed <= whole.confirmed


@QUICK
@given(histories(), st.data())
def test_what_was_shuffled_or_withheld_is_set_right_by_the_whole(history: History, data: st.DataObject) -> None:
    ledger, whole = Ledger(history.mesh.key.public), history.ledger()
    for record in data.draw(st.permutations(history.records)):
        told(ledger, record)
    for record in history.records:
        told(ledger, record)
    assert ledger.active() == whole.active()
    assert ledger.removed == whole.removed


@QUICK
@given(histories(), histories("elsewhere"))
def test_nothing_of_one_mesh_is_believed_in_another(history: History, foreign: History) -> None:
    ledger = history.ledger()
    for record in foreign.records:
        assert not told(ledger, record)


@QUICK
@given(histories())
def test_it_is_made_again_of_its_records(history: History) -> None:
    ledger = history.ledger()
    again = ledger_of(history.mesh, *ledger.records())
    assert says_of_the_living(again) == says_of_the_living(ledger)
    assert again.records() == ledger.records()


@QUICK
@given(histories())
def test_no_two_members_share_an_address_or_a_wireguard_key(history: History) -> None:
    ledger = history.ledger()
    members = [body(record) for record in history.records if isinstance(body(record), Membership)]
    assert len(ledger.members) == len(members)
    assert len({member.address4 for member in ledger.members.values()}) == len(members)
    active = ledger.active()
    assert len({device.wireguard for device in active}) == len(active)


@QUICK
@given(st.text(max_size=300))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    ledger = ledger_of(FakeMesh(), FakeMesh().founding())
    assert not told(ledger, Signed(text))
