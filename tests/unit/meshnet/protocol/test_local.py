import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshnet.errors import Code, MeshnetError
from meshnet.protocol import local

STATUS = local.Status(state="not-joined")


def test_a_call_reads_back_as_it_was_written() -> None:
    call = local.Call(7, local.Allow("laptop", ("routing",)))
    assert local.read_call(local.to_line(call)) == call


def test_a_reply_carries_its_result() -> None:
    message = local.read_from_daemon(local.to_line(local.reply(3, STATUS)))
    assert isinstance(message, local.Reply)
    assert message.id == 3
    assert local.read_result(message, local.Status) == STATUS


@pytest.mark.parametrize("message", [local.Failure(1, Code.TIMEOUT, "late"), local.Update(STATUS, gone=("x",))])
def test_failures_and_updates_read_back(message: local.Failure | local.Update) -> None:
    assert local.read_from_daemon(local.to_line(message)) == message


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b'{"id": 1, "request": {"verb": "reboot"}}',
        b'{"id": 1, "request": {"verb": "route", "device": 5}}',
        b'{"id": 1, "request": {"verb": "route", "device": "x", "command": "rm"}}',
        b'{"id": "1", "request": {"verb": "status"}}',
        b'{"id": 1, "request": {"verb": "status", "deep": ' + b"[" * 20000 + b"]" * 20000 + b"}}",
    ],
)
def test_what_is_no_call_is_refused_by_name(line: bytes) -> None:
    with pytest.raises(MeshnetError) as refused:
        local.read_call(line)
    assert refused.value.code is Code.INVALID_MESSAGE


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(line: bytes) -> None:
    with pytest.raises(MeshnetError):
        local.read_call(line)


def test_another_version_is_told_by_name() -> None:
    line = json.dumps({"id": 1, "version": 99, "request": {"verb": "status"}}).encode()
    with pytest.raises(MeshnetError) as refused:
        local.read_call(line)
    assert refused.value.code is Code.VERSION_MISMATCH
