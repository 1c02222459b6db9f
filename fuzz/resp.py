"""Fuzz requests of the Redis protocol: any bytes, however cut, are commands or a `ProtocolError`.

Run with `--runs N` for a short run; other arguments go to libFuzzer. What both parsers take, they take alike.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["leither"]):
    from leither.db.reply import Map, Members, Pairs
    from leither.resp.frame import FrameParser
    from leither.resp.protocol_error import ProtocolError
    from leither.resp.reader import CommandReader
    from leither.resp.reply import encode

REQUEST_BYTES_MAX = 1 << 16
PIECES = [
    b"*1\r\n$4\r\nPING\r\n",
    b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n",
    b"PING\r\n",
    b"$-1\r\n",
    b"*100000\r\n",
    b"%2\r\n",
    b"'a\r\n",
]


def check(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    stream = b""
    for _ in range(provider.ConsumeIntInRange(1, 5)):
        piece = provider.PickValueInList(PIECES)
        stream += piece if provider.ConsumeBool() else piece[: provider.ConsumeIntInRange(0, len(piece))]
    stream += provider.ConsumeBytes(provider.ConsumeIntInRange(0, 80))
    step = provider.ConsumeIntInRange(1, 60)
    exact, exact_failed = _read(FrameParser(), stream, len(stream) or 1)
    found, failed = _read(CommandReader(), stream, step)
    assert all(isinstance(word, bytes) for words in found for word in words)
    if not exact_failed:
        # What is no request at all hiredis may still take as words, such as simple strings; never the other way.
        assert found == [words for words in exact if words]
        assert not failed
    for words in found:
        for value in (words, Map([(words, None)]), Pairs([(words[0], 1.5)]), Members(words)):
            assert encode(value, 2)
            assert encode(value, 3)


def _read(parser: FrameParser | CommandReader, stream: bytes, step: int) -> tuple[list[list[bytes]], bool]:
    found: list[list[bytes]] = []
    for start in range(0, len(stream), step):
        piece = stream[start : start + step]
        try:
            if isinstance(parser, CommandReader):
                found += (words for words in parser.feed(piece) if words)
            else:
                found += parser.feed(piece, REQUEST_BYTES_MAX)
        except ProtocolError as error:
            return found + [words for words in error.commands if words], True
    return found, False


def main() -> None:
    arguments = ["-runs=" + sys.argv[2], *sys.argv[3:]] if sys.argv[1:2] == ["--runs"] else sys.argv[1:]
    atheris.Setup([sys.argv[0], *arguments], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
