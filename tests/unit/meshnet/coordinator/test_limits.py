from __future__ import annotations

from meshnet.coordinator.limits import Limiter, Rate, caller_of, plain_address


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_caller_has_its_burst_and_then_its_rate() -> None:
    time = Time()
    limiter = Limiter(Rate(2, 1), Rate(100, 100), time)
    assert [limiter.allows("a") for _ in range(3)] == [True, True, False]
    time.now = 1.0
    assert [limiter.allows("a") for _ in range(2)] == [True, False]


def test_one_caller_does_not_use_up_what_another_has() -> None:
    limiter = Limiter(Rate(1, 1), Rate(100, 100), Time())
    assert limiter.allows("a")
    assert limiter.allows("b")


def test_all_callers_together_are_limited_too() -> None:
    limiter = Limiter(Rate(2, 1), Rate(3, 1), Time())
    assert [limiter.allows(str(number)) for number in range(4)] == [True, True, True, False]


def test_an_ipv6_caller_is_its_64_and_an_ipv4_caller_its_address() -> None:
    assert caller_of("2001:db8::1") == caller_of("2001:db8::2") == "2001:db8::/64"
    assert caller_of("192.0.2.1") == "192.0.2.1"
    assert caller_of("fe80::1%eth0") == "fe80::/64"


def test_an_ipv4_caller_of_an_ipv6_socket_is_shown_as_ipv4() -> None:
    assert plain_address("::ffff:192.0.2.1") == "192.0.2.1"
    assert plain_address("2001:DB8::1") == "2001:db8::1"
    assert plain_address(None) == ""
