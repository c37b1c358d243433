import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshnet.core import identity
from meshnet.core.identity import SigningKey
from meshnet.errors import Code, Refusal

KEY = SigningKey(bytes(range(32)))


@given(st.binary(min_size=32, max_size=32))
def test_what_encode_writes_decode_reads(raw: bytes) -> None:
    assert identity.decode(identity.encode(raw)) == raw


@given(st.text(max_size=60))
def test_one_value_has_one_text(text: str) -> None:
    try:
        raw = identity.decode(text)
    except ValueError:
        return
    assert identity.encode(raw) == text


def test_a_key_signs_and_another_key_does_not_verify() -> None:
    signature = KEY.sign(b"message")
    assert identity.verifies(KEY.public, b"message", signature)
    assert not identity.verifies(KEY.public, b"messagE", signature)
    assert not identity.verifies(SigningKey(bytes(32)).public, b"message", signature)


@pytest.mark.parametrize(("key", "signature"), [("", ""), ("x" * 43, "y" * 86), ("é", "é"), (KEY.public, "")])
def test_malformed_keys_and_signatures_verify_nothing(key: str, signature: str) -> None:
    assert not identity.verifies(key, b"message", signature)


def test_a_key_never_shows_its_secret() -> None:
    seed = bytes(range(32))
    assert identity.encode(seed) not in repr(KEY)
    assert seed.hex() not in repr(KEY)


def test_ids_are_26_letters_of_base32() -> None:
    assert identity.is_id(KEY.id)
    assert not identity.is_id(KEY.id.upper())
    assert not identity.is_id(KEY.id[:-1])


def test_a_mesh_address_lies_in_the_unique_local_prefix_of_its_coordinator() -> None:
    network = identity.mesh_network6(KEY.public)
    address = identity.address6(network, SigningKey(bytes(32)).public)
    assert ipaddress.IPv6Network(network).subnet_of(ipaddress.IPv6Network("fd00::/8"))
    assert ipaddress.IPv6Address(address) in ipaddress.IPv6Network(network)


def test_wireguard_keys_are_what_wg_makes_of_them() -> None:
    private, public = identity.wireguard_private(bytes(range(32))), identity.wireguard_public(bytes(range(32)))
    assert identity.is_wireguard_key(public)
    assert public == "j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8="
    assert private == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@pytest.mark.parametrize("name", ["home-pc", "Zuhause", "家", "мой ноутбук", "a" * 63, "naïve café ☕"])
def test_names_of_any_language_are_taken(name: str) -> None:
    assert identity.clean_name(name) == name


@pytest.mark.parametrize("name", ["", "   ", "a" * 64, "a\nb", "a\x1b[31m", "a\u202eb", "a\u2028b", "\x00", "a\u200bb"])
def test_empty_long_and_control_names_are_refused(name: str) -> None:
    with pytest.raises(Refusal) as refused:
        identity.clean_name(name)
    assert refused.value.code is Code.INVALID_NAME
