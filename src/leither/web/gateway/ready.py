"""Answers to guests that can be given again without waiting: header lines kept as the bytes they are sent as."""

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from leither import limits
from leither.codec import RAW, Cid
from leither.http.asgi import Header
from leither.http.request import Request
from leither.http.sending import Content
from leither.people import GUEST, Front, guest
from leither.people.audit import Kind, Trace
from leither.people.policy import READS
from leither.service.audit import Audit, Owner, Tally
from leither.service.holding import Mimei
from leither.web.gateway.small_blocks import SmallBlocks
from leither.web.reach import COOKIE

Read = tuple[Owner, Trace]
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
    tally: Tally


class ReadyAnswers:
    """What was answered to guests, by the raw path (and by what else the answer depends on).

    All of it is forgotten when `generation` returns another number: rights or versions have changed. Bodies are not
    kept here but in `blocks`; when that has let one go, the answer is made anew. How often each MiMei was read is
    counted for the audit. To be used on the event loop alone.
    """

    def __init__(self, blocks: SmallBlocks, generation: Callable[[], int], audit: Audit) -> None:
        self._blocks = blocks
        self._audit = audit
        self._tallies: dict[Read, Tally] = {}
        self._current = generation
        self._generation = generation()
        self._known: dict[Hashable, _Ready] = {}

    def get(self, key: Hashable) -> tuple[bytes, bytes] | None:
        """Return the header lines and the body kept under `key`."""
        if self._generation != self._current():
            self._forget()
            self._generation = self._current()
            return None
        ready = self._known.get(key)
        if ready is None:
            return None
        body = self._blocks.kept(ready.cid)
        if body is None or len(body) != ready.size_bytes:
            return None
        ready.tally.count += 1
        return ready.lines, body

    def _forget(self) -> None:
        self._known.clear()
        for tally in self._tallies.values():
            tally.ended = True
        self._tallies.clear()

    def keep(self, key: Hashable, content: Content, headers: tuple[Header, ...], *, found_at: int, read: Read) -> None:
        """Keep the answer `content` with `headers`, if it is a small file of one block.

        `read`: what is noted each time that it is given. `found_at`: the generation from before it was found out that
        a guest may see this.
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
            self._forget()
        lines = b"".join([b"%b: %b\r\n" % field for field in fields])
        self._known[key] = _Ready(lines, cid, content.size_bytes, self._tally(read))

    def _tally(self, read: Read) -> Tally:
        tally = self._tallies.get(read)
        if tally is None:
            tally = self._tallies[read] = self._audit.tally(*read)
        return tally


def read_by_guests(mimei: Mimei) -> Read:
    """Return what is noted where guests read a MiMei here, and in whose audit."""
    trace = mimei.trace(guest(Front.GATEWAY), Kind.READ, mimei.basis(GUEST, mimei.acts(GUEST) & READS))
    assert trace is not None
    return mimei.facts.user, trace


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
