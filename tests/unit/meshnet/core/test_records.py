import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshnet.core.records import (
    RECORD_MAX,
    Confirmation,
    InvalidRecordError,
    Removal,
    Signed,
    body_of,
    countersign,
    sign,
    signed_by,
    subject_of,
    text_of,
)
from support.ledgers import body
from support.meshes import FakeDevice, FakeMesh, key, seed

MESH, LAPTOP, PHONE = FakeMesh(), FakeDevice("laptop"), FakeDevice("phone")
SOME = (
    MESH.founding(),
    MESH.invite(seed("x")),
    MESH.membership(LAPTOP, "100.64.0.1"),
    MESH.device(LAPTOP, candidates=("81.2.69.1:1",), route=PHONE.id),
    MESH.grants(LAPTOP, PHONE),
    MESH.confirmation(LAPTOP),
    MESH.removal(LAPTOP),
)


@pytest.mark.parametrize("record", SOME, ids=lambda record: type(body(record)).__name__)
def test_a_body_reads_back_as_it_was_written(record: Signed) -> None:
    assert text_of(body(record)) == record.body


def test_a_removal_is_no_confirmation_though_it_says_the_same() -> None:
    removal, confirmation = Removal(mesh="m", device="d"), Confirmation(mesh="m", device="d")
    assert text_of(removal) != text_of(confirmation)
    assert not signed_by(Signed(text_of(removal), sign(text_of(confirmation), MESH.key).signatures), MESH.key.public)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"type": "reboot", "mesh": "m"}',
        '{"type": "removal", "mesh": "m"}',
        '{"type": "removal", "mesh": 5, "device": "d"}',
        '{"type": "removal", "mesh": "m", "device": "d", "v": 2}',
        '{"type": "removal", "mesh": "m", "device": "d", "v": 0}',
        '{"type": "removal", "mesh": "m", "device": "\udcff"}',
        '{"type": "removal", "mesh": "m", "device": "d"} {}',
        '{"type": "removal", "mesh": "m", "device": "d", "x": ' + "[" * 5000 + "]" * 5000 + "}",
        '{"type": "removal", "mesh": "m", "device": "' + "d" * RECORD_MAX + '"}',
    ],
)
def test_what_is_no_body_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidRecordError):
        body_of(text)


@given(st.text(max_size=200))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with pytest.raises(InvalidRecordError):
        body_of(text)


def test_a_signature_holds_for_its_key_and_text_alone() -> None:
    record = sign("a text", LAPTOP.key)
    assert signed_by(record, LAPTOP.key.public)
    assert not signed_by(record, PHONE.key.public)
    assert not signed_by(Signed("another text", record.signatures), LAPTOP.key.public)
    assert not signed_by(Signed("a text"), LAPTOP.key.public)
    assert not signed_by(sign("a text", key("x")), "junk")


def test_a_countersigned_record_bears_both_signatures() -> None:
    record = countersign(sign("a text", LAPTOP.key), PHONE.key)
    assert signed_by(record, LAPTOP.key.public)
    assert signed_by(record, PHONE.key.public)


def test_one_subject_for_each_thing_that_is_replaced() -> None:
    assert [subject_of(body(record)) for record in SOME[3:]] == [
        LAPTOP.id,
        f"{LAPTOP.id}/{PHONE.id}",
        LAPTOP.id,
        LAPTOP.id,
    ]
    assert subject_of(body(MESH.founding())) == ""
