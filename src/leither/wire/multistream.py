"""How two ends of a stream agree on what is spoken on it: lines of text with their lengths.

Source: multiformats/multistream-select.
"""

from collections.abc import Container, Sequence

from leither.codec import varint
from leither.errors import PeerError

_HELLO = "/multistream/1.0.0"
_NO = "na"
_LINE_BYTES_MAX = 1024
_TRIES_MAX = 64


class NegotiationFailed(PeerError):
    """Two ends agreed on nothing, or one of them does not speak this protocol."""

    code = "negotiation-failed"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"no protocol was agreed on with another node: {reason}")


def line(text: str) -> bytes:
    """Return a line as it travels."""
    data = text.encode() + b"\n"
    return varint.encode(len(data)) + data


class _Lines:
    """Lines out of what comes in pieces."""

    def __init__(self) -> None:
        self.rest = bytearray()

    def next(self) -> str | None:
        """Return the next line, or None before it is whole. Raises: NegotiationFailed."""
        if not self.rest:
            return None
        try:
            size, start = varint.decode(self.rest)
        except varint.BadVarint as error:
            if len(self.rest) < 2 and self.rest[-1] >= 0x80:
                return None
            raise NegotiationFailed(str(error)) from None
        if not 0 < size <= _LINE_BYTES_MAX:
            raise NegotiationFailed(f"a line of {size:,} bytes; at most {_LINE_BYTES_MAX:,} are read")
        if len(self.rest) < start + size:
            return None
        text = bytes(self.rest[start : start + size])
        del self.rest[: start + size]
        if text[-1:] != b"\n":
            raise NegotiationFailed("a line does not end")
        return text[:-1].decode("utf-8", "replace")


class Proposal:
    """The end that opened the stream. It names its favourite at once and says more only if that is refused."""

    def __init__(self, protocols: Sequence[str]) -> None:
        assert protocols
        self._left = list(protocols)
        self._lines = _Lines()
        self._greeted = False
        self.agreed: str | None = None

    def start(self) -> bytes:
        """Return what is sent first."""
        return line(_HELLO) + line(self._left[0])

    def receive(self, data: bytes) -> bytes:
        """Take what came; return what is sent next. Raises: NegotiationFailed."""
        self._lines.rest += data
        answer = b""
        while self.agreed is None and (text := self._lines.next()) is not None:
            if not self._greeted:
                self._greeted = True
                if text != _HELLO:
                    raise NegotiationFailed(f"it greets with {text[:40]!r}")
            elif text == self._left[0]:
                self.agreed = text
            elif text == _NO:
                self._left.pop(0)
                if not self._left:
                    raise NegotiationFailed("it speaks none of those asked for")
                answer += line(self._left[0])
            else:
                raise NegotiationFailed(f"it answers {text[:40]!r} to {self._left[0]!r}")
        return answer

    @property
    def rest(self) -> bytes:
        """What came behind the agreement."""
        return bytes(self._lines.rest)


class Choice:
    """The end that was opened to: it takes the first protocol it speaks."""

    def __init__(self, spoken: Container[str]) -> None:
        self._spoken = spoken
        self._lines = _Lines()
        self._greeted = False
        self._tries = 0
        self.agreed: str | None = None

    def receive(self, data: bytes) -> bytes:
        """Take what came; return what is sent next. Raises: NegotiationFailed."""
        self._lines.rest += data
        answer = b""
        while self.agreed is None and (text := self._lines.next()) is not None:
            if not self._greeted:
                self._greeted = True
                if text != _HELLO:
                    raise NegotiationFailed(f"it greets with {text[:40]!r}")
                answer += line(_HELLO)
            elif text in self._spoken:
                self.agreed = text
                answer += line(text)
            else:
                self._tries += 1
                if self._tries > _TRIES_MAX:
                    raise NegotiationFailed(f"it named {_TRIES_MAX} protocols that are not spoken here")
                answer += line(_NO)
        return answer

    @property
    def rest(self) -> bytes:
        """What came behind the agreement."""
        return bytes(self._lines.rest)
