from __future__ import annotations

from meshnet.coordinator.sessions import Sessions
from meshnet.coordinator.store import Member

LAPTOP = Member("laptop-id", "laptop-key", "mesh")


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_nonce_is_good_once_and_for_its_key_alone() -> None:
    sessions = Sessions(Time())
    nonce = sessions.challenge("laptop-key")
    assert sessions.redeem(nonce, "laptop-key")
    assert not sessions.redeem(nonce, "laptop-key")
    assert not sessions.redeem(sessions.challenge("laptop-key"), "phone-key")
    assert not sessions.redeem("never given", "laptop-key")


def test_a_nonce_is_good_for_a_minute() -> None:
    time = Time()
    sessions = Sessions(time)
    nonce = sessions.challenge("laptop-key")
    time.now = 60.0
    assert not sessions.redeem(nonce, "laptop-key")


def test_a_device_that_asks_and_asks_loses_its_oldest_nonces_only() -> None:
    sessions = Sessions(Time())
    other = sessions.challenge("phone-key")
    nonces = [sessions.challenge("laptop-key") for _ in range(20)]
    assert not sessions.redeem(nonces[0], "laptop-key")
    assert sessions.redeem(nonces[-1], "laptop-key")
    assert sessions.redeem(other, "phone-key")


def test_nonces_are_bounded_over_all_devices() -> None:
    sessions = Sessions(Time())
    first = sessions.challenge("device 0")
    for number in range(1, 4097):
        sessions.challenge(f"device {number}")
    assert not sessions.redeem(first, "device 0")


def test_a_token_tells_its_device_until_the_sessions_end() -> None:
    sessions = Sessions(Time())
    token = sessions.open(LAPTOP)
    assert sessions.who(token) == LAPTOP
    assert sessions.who("another") is None
    sessions.end(LAPTOP.device)
    assert sessions.who(token) is None


def test_a_device_has_few_sessions_and_the_newest_stay() -> None:
    sessions = Sessions(Time())
    tokens = [sessions.open(LAPTOP) for _ in range(6)]
    assert [sessions.who(token) is not None for token in tokens] == [False, False, True, True, True, True]
