import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshnet.core.identity import SigningKey, encode
from meshnet.core.links import (
    CoordinatorAddress,
    CreateLink,
    JoinLink,
    invite_key,
    parse_create,
    parse_join,
)
from meshnet.errors import Code, Refusal

COORDINATOR = CoordinatorAddress("2a01::5", 8443, SigningKey(bytes(32)).public)
LINK = JoinLink(COORDINATOR, SigningKey(b"m" * 32).public, b"s" * 32)
LINE = CreateLink(CoordinatorAddress("mesh.example.org", 443, COORDINATOR.key), b"t" * 32)


def test_links_read_back_as_they_were_written() -> None:
    assert parse_join(str(LINK)) == LINK
    assert parse_create(f"  {LINE}\n") == LINE


def test_the_coordinator_learns_no_secret_from_the_invites_public_key() -> None:
    assert encode(LINK.secret) not in invite_key(LINK.secret).public
    assert "secret" not in repr(LINK)


def test_a_link_for_something_else_is_foreign() -> None:
    with pytest.raises(Refusal) as refused:
        parse_join(str(LINE))
    assert refused.value.code is Code.INVITE_FOREIGN


@given(st.integers(min_value=0, max_value=len(str(LINK)) - 1))
def test_a_truncated_link_is_refused(length: int) -> None:
    with pytest.raises(Refusal):
        parse_join(str(LINK)[:length])


@given(st.text(max_size=200))
def test_junk_is_refused_with_the_code_of_what_was_asked(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_join("meshnet://join/" + text)
    assert refused.value.code is Code.INVITE_INVALID
    with pytest.raises(Refusal) as refused:
        parse_create(text)
    assert refused.value.code is Code.CREATE_NOT_ALLOWED
