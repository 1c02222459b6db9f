"""What a write asks of the state before it, and which bytes it brings. Source: RFC 9110 sections 13.1 and 14.4."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self

from leither import limits
from leither.errors import Conflict, InputError
from leither.mimei.entry import PathEntry
from leither.mimei.path import Path, path_text
from leither.service.cur import Cur
from leither.service.holding import Mimei, load
from leither.service.pages import WriteTooLarge, fold
from leither.web.api.context import Caller

_SPAN = re.compile(rb"bytes (\d{1,19})-(\d{1,19})/(?:\*|\d{1,19})")


class PreconditionFailed(Conflict):
    """What stands at the path is not what the request expects."""

    code = "precondition-failed"

    def __init__(self, path: Path, present: PathEntry | None) -> None:
        self.path = path_text(path)
        self.etag = f'"{present.cid.text}"' if present is not None and present.cid is not None else None
        super().__init__(
            f"{self.path or '/'!r} is not as the request expects, so nothing was changed; read it again first"
        )


class BadContentRange(InputError):
    """The Content-Range header and the body don't say which bytes are meant."""

    code = "bad-content-range"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"Content-Range refused: {reason}; write `bytes FIRST-LAST/*` and send just those bytes")


@dataclass(frozen=True, slots=True)
class Preconditions:
    """If-Match and If-None-Match. `absent`: nothing may stand there. `one_of`: entity tags, `*` for anything."""

    absent: bool
    one_of: tuple[bytes, ...]
    none_of: tuple[bytes, ...]

    @classmethod
    def of(cls, headers: dict[bytes, bytes]) -> Self:
        """Return what `headers` ask for."""
        unwanted = _tags(headers.get(b"if-none-match", b""))
        return cls(b"*" in unwanted, _tags(headers.get(b"if-match", b"")), unwanted)

    @property
    def given(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.one_of or self.none_of)

    def check(self, path: Path, present: PathEntry | None) -> None:
        """Compare with what stands at `path`. Raises: PreconditionFailed."""
        tag = b'"%s"' % present.cid.text.encode() if present is not None and present.cid is not None else b""
        if self.one_of and not (present is not None and (b"*" in self.one_of or tag in self.one_of)):
            raise PreconditionFailed(path, present)
        if self.none_of and present is not None and (self.absent or tag in self.none_of):
            raise PreconditionFailed(path, present)

    def check_early(self, caller: Caller, mimei: Mimei, path: Path) -> None:
        """Compare before the body is taken, so that nobody sends it in vain. Raises: PreconditionFailed."""
        if not self.given:
            return
        with mimei.engines.blocks.lease() as lease:
            fold(caller.engines, mimei.id, lease)
        with caller.engines.state.read() as view:
            present = Cur(caller.engines, view, load(caller.engines, view, mimei.id)).entry(path)
        self.check(path, present)


def _tags(header: bytes) -> tuple[bytes, ...]:
    return tuple([tag.strip() for tag in header.split(b",") if tag.strip()])


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes from `start` to before `stop`."""

    start: int
    stop: int

    async def read(self, body: AsyncIterator[bytes]) -> bytes:
        """Return the whole of `body`. Raises: BadContentRange: unless it is exactly as long as the span."""
        found = bytearray()
        async for piece in body:
            found += piece
            if len(found) > self.stop - self.start:
                break
        if len(found) != self.stop - self.start:
            raise BadContentRange(f"it announces {self.stop - self.start:,} bytes, the body has another length")
        return bytes(found)


def content_range(headers: dict[bytes, bytes]) -> Span | None:
    """Return the span a Content-Range header names, None without one. Raises: BadContentRange, WriteTooLarge."""
    given = headers.get(b"content-range")
    if given is None:
        return None
    found = _SPAN.fullmatch(given.strip())
    if found is None or int(found[2]) < int(found[1]):
        raise BadContentRange("it is malformed")
    start, stop = int(found[1]), int(found[2]) + 1
    if stop > limits.FILE_BYTES_MAX:
        raise WriteTooLarge("file", stop, limits.FILE_BYTES_MAX)
    if stop - start > limits.WRITE_BYTES_MAX:
        raise WriteTooLarge("write", stop - start, limits.WRITE_BYTES_MAX)
    return Span(start, stop)
