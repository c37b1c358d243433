"""What all readers of ip(8) share."""

from __future__ import annotations

import pytest

from meshnet_platform.linux.ip_words import entries, with_length


@pytest.mark.parametrize("text", ["", "[]", "[{}]"])
def test_an_empty_list_may_look_like_this(text: str) -> None:
    assert entries(text) == []


@pytest.mark.parametrize(
    ("target", "length", "whole"),
    [
        ("100.64.0.1", None, "100.64.0.1/32"),
        ("fd00::1", None, "fd00::1/128"),
        ("192.168.1.0/24", None, "192.168.1.0/24"),
        ("192.168.1.0", 24, "192.168.1.0/24"),
        ("0.0.0.0", 0, "0.0.0.0/0"),
        ("default", None, "default"),
    ],
)
def test_a_prefix_gets_the_length_that_was_left_out_or_given_apart(target: str, length: int | None, whole: str) -> None:
    assert with_length(target, length) == whole
