import pytest

from meshnet.core.endpoints import format_endpoint, may_be_candidate, parse_endpoint


@pytest.mark.parametrize("text", ["81.2.69.10:51820", "[2a01:4f8::1]:20000"])
def test_an_endpoint_reads_back_as_it_was_written(text: str) -> None:
    address, port = parse_endpoint(text)
    assert format_endpoint(str(address), port) == text


def test_an_ipv4_mapped_address_is_written_as_ipv4() -> None:
    assert format_endpoint("::ffff:81.2.69.10", 1) == "81.2.69.10:1"


@pytest.mark.parametrize(
    "text", ["", "81.2.69.10", "81.2.69.10:0", "81.2.69.10:65536", "host:1", "::1:80", "[1.2.3.4]:1"]
)
def test_anything_else_is_no_endpoint(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_endpoint(text)


@pytest.mark.parametrize(
    "text", ["127.0.0.1:53", "[::1]:53", "224.0.0.1:5353", "0.0.0.0:1", "169.254.169.254:80", "[fe80::1]:1", "junk"]
)
def test_a_candidate_never_points_at_this_machine_a_group_or_the_link(text: str) -> None:
    assert not may_be_candidate(text)
