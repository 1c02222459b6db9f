"""Answers to guests that can be given again without waiting: header lines kept as the bytes they are sent as."""

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from leither import limits
from leither.codec import RAW, Cid
from leither.http.asgi import Header
from leither.http.request import Request
from leither.http.sending import Content
from leither.web.gateway.small_blocks import SmallBlocks
from leither.web.reach import COOKIE

# A request with one of these wants another answer, or brings a body, or is not surely a guest's.
_ASKS_MORE = frozenset(
    (
        b"authorization",
        b"content-length",
        b"expect",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"if-range",
        b"if-unmodified-since",
        b"range",
        b"transfer-encoding",
        b"upgrade",
    )
)
_COOKIE = COOKIE.encode()
_UNSENDABLE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class _Ready:
    lines: bytes
    cid: Cid
    size_bytes: int


class ReadyAnswers:
    """What was answered to guests, by the raw path (and by what else the answer depends on).

    All of it is forgotten when `generation` returns another number: rights or versions have changed. Bodies are not
    kept here but in `blocks`; when that has let one go, the answer is made anew. To be used on the event loop alone.
    """

    def __init__(self, blocks: SmallBlocks, generation: Callable[[], int]) -> None:
        self._blocks = blocks
        self._current = generation
        self._generation = generation()
        self._known: dict[Hashable, _Ready] = {}

    def get(self, key: Hashable) -> tuple[bytes, bytes] | None:
        """Return the header lines and the body kept under `key`."""
        if self._generation != self._current():
            self._known.clear()
            self._generation = self._current()
            return None
        ready = self._known.get(key)
        if ready is None:
            return None
        body = self._blocks.kept(ready.cid)
        if body is None or len(body) != ready.size_bytes:
            return None
        return ready.lines, body

    def keep(self, key: Hashable, content: Content, headers: tuple[Header, ...], *, found_at: int) -> None:
        """Keep the answer `content` with `headers`, if it is a small file of one block.

        `found_at` is the generation from before it was found out that a guest may see this.
        """
        cid = content.cid
        if not isinstance(cid, Cid) or cid.codec != RAW or content.size_bytes > limits.SMALL_BLOCK_BYTES:
            return
        if key in self._known or found_at != self._current() or found_at != self._generation:
            return
        fields = (*content.head, *headers, (b"content-length", b"%d" % content.size_bytes))
        if any(_UNSENDABLE.search(value) for _, value in fields):
            return
        if len(self._known) >= limits.READY_ANSWERS_MAX:
            self._known.clear()
        self._known[key] = _Ready(b"".join([b"%b: %b\r\n" % field for field in fields]), cid, content.size_bytes)


def is_plain(request: Request) -> bool:
    """Tell whether this is a guest's GET for a whole file, with nothing in it that could change the answer."""
    headers = request.headers
    return (
        request.method == "GET"
        and not request.raw_query
        and len(request.raw_path) <= limits.READY_PATH_BYTES_MAX
        and _ASKS_MORE.isdisjoint(headers)
        and _COOKIE not in headers.get(b"cookie", b"")
    )
