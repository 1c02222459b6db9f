"""Requests from bytes: whatever way they are cut, and whoever sends them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.resp.frame import FrameParser
from leither.resp.protocol_error import ProtocolError
from leither.resp.reader import CommandReader
from tests.unit.resp.served import packed

COMMANDS = st.lists(st.lists(st.binary(max_size=40), min_size=1, max_size=4), min_size=1, max_size=6)
ODD = st.sampled_from([b"*123456\r\n", b"\r\n*3\r\n", b"$-1\r\n", b"*", b"\r\n", b"~999999\r\n"])


def reader() -> CommandReader:
    made = CommandReader()
    made.request_bytes_max = limits.REDIS_REQUEST_BYTES_MAX
    return made


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:stop] for start, stop in itertools.pairwise(edges)]


@given(COMMANDS, st.lists(st.integers(0, 10_000), max_size=8))
def test_commands_come_out_as_they_went_in_however_the_stream_is_cut(
    commands: list[list[bytes]], places: list[int]
) -> None:
    made, found = reader(), []
    for piece in cut(b"".join(packed(*words) for words in commands), places):
        found += made.feed(piece)
    assert found == commands


@given(
    st.lists(st.lists(ODD, min_size=1, max_size=3), min_size=1, max_size=4), st.lists(st.integers(0, 500), max_size=8)
)
def test_words_that_look_like_headers_are_words(commands: list[list[bytes]], places: list[int]) -> None:
    made, found = reader(), []
    for piece in cut(b"".join(packed(*words) for words in commands), places):
        found += made.feed(piece)
    assert found == commands


def outcome(parser: CommandReader | FrameParser, pieces: list[bytes]) -> tuple[list[list[bytes]], bool]:
    found: list[list[bytes]] = []
    for piece in pieces:
        try:
            found += parser.feed(piece) if isinstance(parser, CommandReader) else parser.feed(piece, 1 << 20)
        except ProtocolError as error:
            return found + error.commands, True
    return found, False


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=4))
def test_any_bytes_are_commands_or_a_protocol_error(data: bytes, places: list[int]) -> None:
    made = reader()
    commands, _ = outcome(made, cut(b"*1\r\n$4\r\nPING\r\n" + data, places))
    assert all(isinstance(word, bytes) for words in commands for word in words)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"*x\r\n", "invalid multibulk length"),
        (b"*1048577\r\n", "invalid multibulk length"),
        (b"*1\r\n:1\r\n", "expected '$', got ':'"),
        (b"*1\r\n$-1\r\n", "invalid bulk length"),
        (b"*1\r\n$99999999999\r\n", "invalid bulk length"),
        (b'SET "a\r\n', "unbalanced quotes in request"),
        (b"x" * (limits.REDIS_INLINE_BYTES_MAX + 1), "too big inline request"),
        (b"*4294967295\r\n", "invalid multibulk length"),
        (b"*1\r\n*1\r\n$4\r\nPING\r\n", "expected '$', got '*'"),
        (b"*1\r\n%1\r\n$1\r\na\r\n$1\r\nb\r\n", "expected '$', got '%'"),
    ],
)
def test_what_is_wrong_is_named_as_redis_names_it(sent: bytes, reason: str) -> None:
    with pytest.raises(ProtocolError) as told:
        reader().feed(sent)
    assert told.value.reason == reason


def test_commands_before_the_error_are_told() -> None:
    with pytest.raises(ProtocolError) as told:
        reader().feed(packed("PING") + b"*1\r\n:1\r\n")
    assert told.value.commands == [[b"PING"]]


def test_a_header_for_a_million_words_keeps_no_memory_aside() -> None:
    made = reader()
    assert made.feed(b"*1048576\r\n$1\r\n") == []
    assert made._fast is None


def test_a_client_that_has_not_said_who_it_is_can_send_little() -> None:
    made = CommandReader()
    assert made.feed(b"*2\r\n$70000\r\n" + b"x" * 60_000) == []
    with pytest.raises(ProtocolError):
        made.feed(b"x" * 9_000)


def test_inline_commands_and_frames_may_alternate() -> None:
    sent = b"PING\r\n" + packed("GET", "a") + b"SET 'a b' \"c\\x41\\n\"\r\n\r\n" + packed("PING")
    assert reader().feed(sent) == [[b"PING"], [b"GET", b"a"], [b"SET", b"a b", b"cA\n"], [b"PING"]]


def test_nested_headers_are_refused_before_memory_is_set_aside() -> None:
    with pytest.raises(ProtocolError):
        reader().feed(b"*9999\r\n" * 9)
