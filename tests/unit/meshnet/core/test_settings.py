import pytest

from meshnet.core.settings import Settings, changed, shown, shown_one
from meshnet.errors import Code, Refusal


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kill-switch", "off"),
        ("kill-switch", "always"),
        ("local-network", "on"),
        ("dns", "system"),
        ("dns", "9.9.9.9"),
        ("endpoint", "81.2.69.10"),
        ("endpoint", "81.2.69.10:4500"),
        ("endpoint", "[2a01:4f8::1]:4500"),
        ("own-devices", "routing,lan"),
        ("own-devices", "none"),
        ("fallback", "aaaa,bbbb"),
        ("fallback", "none"),
    ],
)
def test_a_setting_is_shown_as_it_is_taken(key: str, value: str) -> None:
    assert shown_one(changed(Settings(), key, value), key) == {key: value}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("colour", "blue"),
        ("kill-switch", "maybe"),
        ("dns", "nowhere"),
        ("endpoint", "127.0.0.1"),
        ("endpoint", "home.example.org:1"),
        ("own-devices", "lan"),
        ("own-devices", ""),
    ],
)
def test_what_is_no_setting_is_refused_by_name(key: str, value: str) -> None:
    with pytest.raises(Refusal) as refused:
        changed(Settings(), key, value)
    assert refused.value.code is Code.INVALID_SETTING


def test_every_setting_is_shown() -> None:
    keys = {"kill-switch", "local-network", "dns", "endpoint", "host-vpn-lost", "fallback", "own-devices"}
    assert set(shown(Settings())) == keys
