import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshnet.errors import Code, MeshnetError
from meshnet.protocol.framing import LINE_MAX, LineBuffer


@given(st.lists(st.binary(min_size=1, max_size=30).filter(lambda b: b"\n" not in b and b.strip())), st.data())
def test_lines_come_out_whole_wherever_the_stream_is_cut(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    buffer, found = LineBuffer(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += buffer.feed(stream[start:end])
    assert found == lines


@pytest.mark.parametrize("data", [b"x" * (LINE_MAX + 1), b"x" * (LINE_MAX + 1) + b"\n"])
def test_a_line_that_is_too_long_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(MeshnetError) as refused:
        LineBuffer().feed(data)
    assert refused.value.code is Code.INVALID_MESSAGE
