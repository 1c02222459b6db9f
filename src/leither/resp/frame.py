"""The exact parser of requests: arrays of bulk strings, and inline commands. Source: the Redis protocol, RESP2.

It names what is wrong as Redis does. `CommandReader` uses it for what its faster parser isn't made for.
"""

from leither import limits
from leither.resp.inline import split_inline
from leither.resp.protocol_error import ProtocolError

_STAR, _DOLLAR = 0x2A, 0x24


class FrameParser:
    """Bytes in, commands out. Holds no more than a request may have and what came with the last chunk."""

    def __init__(self) -> None:
        self._buffer = b""
        self._words: list[bytes] = []
        self._missing = 0
        self._request_bytes = 0

    @property
    def idle(self) -> bool:
        """Whether it stands between two commands."""
        return not self._buffer and not self._missing

    def feed(self, data: bytes, request_bytes_max: int) -> list[list[bytes]]:
        """Return the commands that are complete with `data`; empty ones are left out.

        Raises: ProtocolError: where no further command can be read; `commands` of it are those before.
        """
        buffer = self._buffer + data if self._buffer else data
        found: list[list[bytes]] = []
        at = 0
        while at < len(buffer):
            try:
                stop = self._step(buffer, at, found)
            except ProtocolError as error:
                error.commands = found
                raise
            if stop is None:
                break
            self._request_bytes += stop - at
            at = stop
            if not self._missing:
                self._request_bytes = 0
        self._buffer = buffer[at:]
        if self._request_bytes + len(self._buffer) > request_bytes_max:
            raise ProtocolError(f"a request larger than {request_bytes_max} bytes", found)
        return found

    def _step(self, buffer: bytes, at: int, found: list[list[bytes]]) -> int | None:
        """Take one header, word or line; return where the next begins, or None where bytes are missing."""
        if self._missing:
            return self._bulk(buffer, at, found)
        if buffer[at] == _STAR:
            return self._array(buffer, at)
        return _inline(buffer, at, found)

    def _array(self, buffer: bytes, at: int) -> int | None:
        header = _header(buffer, at, "too big mbulk count string")
        if header is None:
            return None
        count, stop = header
        if count is None or count > limits.REDIS_WORDS_MAX:
            raise ProtocolError("invalid multibulk length")
        self._missing = max(0, count)
        self._words = []
        return stop

    def _bulk(self, buffer: bytes, at: int, found: list[list[bytes]]) -> int | None:
        if buffer[at] != _DOLLAR:
            raise ProtocolError(f"expected '$', got '{chr(buffer[at])}'")
        header = _header(buffer, at, "too big bulk count string")
        if header is None:
            return None
        size, start = header
        if size is None or not 0 <= size <= limits.REDIS_BULK_BYTES_MAX:
            raise ProtocolError("invalid bulk length")
        if len(buffer) < start + size + 2:
            return None
        self._words.append(buffer[start : start + size])
        self._missing -= 1
        if not self._missing:
            found.append(self._words)
        return start + size + 2


def _header(buffer: bytes, at: int, too_long: str) -> tuple[int | None, int] | None:
    """Return the number in a header line (None if it is none) and where the line ends; None if it isn't all there."""
    end = buffer.find(b"\r\n", at, at + limits.REDIS_INLINE_BYTES_MAX)
    if end < 0:
        if len(buffer) - at > limits.REDIS_INLINE_BYTES_MAX:
            raise ProtocolError(too_long)
        return None
    digits = buffer[at + 1 : end]
    plain = digits[1:] if digits[:1] == b"-" else digits
    number = int(digits) if 0 < len(plain) <= 18 and plain.isdigit() else None
    return number, end + 2


def _inline(buffer: bytes, at: int, found: list[list[bytes]]) -> int | None:
    end = buffer.find(b"\n", at, at + limits.REDIS_INLINE_BYTES_MAX)
    if end < 0:
        if len(buffer) - at > limits.REDIS_INLINE_BYTES_MAX:
            raise ProtocolError("too big inline request")
        return None
    words = split_inline(buffer[at:end].removesuffix(b"\r"))
    if words:
        found.append(words)
    return end + 1
