"""`/ipfs/<cid>[/path]`: blocks and CARs that clients check for themselves, and files for those that can't.

Source: Path Gateway and Trustless Gateway specifications (specs.ipfs.tech/http-gateways).
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from leither import limits
from leither.codec import RAW, BlockMissing, Cid
from leither.codec.car import write_block, write_header
from leither.codec.cid_text import cid_text, parse_cid
from leither.codec.foreign import AnyCid, ForeignCid
from leither.errors import InputError
from leither.http.answer import SAFE
from leither.http.asgi import Header
from leither.http.conditions import matches
from leither.http.exchange import Exchange
from leither.http.request import BadRequest, Request
from leither.http.sending import Content, send_stream
from leither.http.threads import Threads
from leither.mimei.path import Path
from leither.people import Act, Principal
from leither.people.audit import Kind
from leither.service.audit import Audit
from leither.service.holding import Mimei
from leither.service.tokens import Tokens
from leither.service.visible import BlockNotFound, Sighted, Visibility
from leither.unixfs import Get, blocks, check_path, lookup
from leither.unixfs.node import load
from leither.web.gateway.duplicates import blocks_repeated
from leither.web.gateway.files import send_entity
from leither.web.gateway.identify import bearer
from leither.web.gateway.ready import ReadyAnswers, is_plain, read_by_guests
from leither.web.gateway.small_blocks import SmallBlocks
from leither.web.gateway.wanted import RAW_TYPE, Form, Wanted, accepts_file, wanted

Keep = Callable[[Content, tuple[Header, ...]], None]


class NotCached(InputError):
    """The client wants only what is here, and it is not."""

    code = "not-cached"

    def __init__(self, cid: AnyCid) -> None:
        self.cid = cid.text
        super().__init__(f"{cid} is not on this node, and the request says only-if-cached")


@dataclass(frozen=True, slots=True)
class Located:
    """A path followed to its end. `get` reads what may be seen, until `until_ms`.

    `cids` are those of the root and of each segment. `mimei`: whose content it is, if that is known.
    """

    cids: tuple[AnyCid, ...]
    path: Path
    get: Get
    until_ms: int
    mimei: Mimei | None

    @property
    def end(self) -> AnyCid:
        """What stands at the end of the path."""
        return self.cids[-1]


class IpfsPaths:
    """Serves blocks and files by CID."""

    def __init__(
        self, blocks: SmallBlocks, tokens: Tokens, visibility: Visibility, threads: Threads, audit: Audit
    ) -> None:
        self._blocks = blocks
        self._audit = audit
        self._ready = ReadyAnswers(blocks, lambda: visibility.generation, audit)
        self._tokens = tokens
        self._visibility = visibility
        self._threads = threads
        self._known: dict[tuple[Principal, AnyCid, Path], Located] = {}
        self._generation = visibility.generation
        self._guard = threading.Lock()

    def at_once(self, request: Request) -> tuple[bytes, bytes] | None:
        """Return the header lines and body for a plain request that was answered before; None to `serve` it.

        Raises: NotAcceptable.
        """
        ready = self._ready.get(request.raw_path)
        return ready if ready is not None and accepts_file(request.headers.get(b"accept", b"")) else None

    async def serve(self, exchange: Exchange) -> None:
        """Answer a request below `/ipfs/`. Raises: BadRequest, NotACid, BlockNotFound, PathNotFound, NotAcceptable."""
        request = exchange.request
        generation = self._visibility.generation
        exchange.require_read()
        if len(request.names) < 2:
            raise BadRequest("the address is /ipfs/<cid> or /ipfs/<cid>/path")
        root, path = parse_cid(request.names[1]), request.names[2:]
        want = wanted(request)
        principal = bearer(request, self._tokens)
        try:
            located = (
                self._known.get((principal, root, path)) if self._generation == self._visibility.generation else None
            )
            if located is None or located.until_ms <= self._visibility.now_ms():
                located = await self._threads.run(lambda: self._locate(principal, root, path))
        except BlockNotFound:
            if b"only-if-cached" in request.headers.get(b"cache-control", b""):
                raise NotCached(root) from None
            raise
        self._note(principal, located)
        headers = _headers(exchange, located, principal)

        def keep(content: Content, fields: tuple[Header, ...]) -> None:
            if principal.is_guest and is_plain(request) and located.mimei is not None:
                self._ready.keep(
                    request.raw_path, content, fields, found_at=generation, read=read_by_guests(located.mimei)
                )

        try:
            await self._send(exchange, located, want, headers, keep)
        except BlockMissing:
            raise BlockNotFound(located.end) from None

    async def _send(
        self, exchange: Exchange, located: Located, want: Wanted, headers: tuple[Header, ...], keep: Keep
    ) -> None:
        if want.form is Form.FILE:
            end = located.end
            # That this block may be seen was settled when it was located, and nothing is below it.
            get = self._blocks.get if isinstance(end, Cid) and end.codec == RAW else located.get
            await send_entity(exchange, end, located.path, get, self._threads, headers=headers, keep=keep)
        elif want.form is Form.RAW:
            await self._send_block(exchange, located, headers)
        else:
            await self._send_car(exchange, located, want, headers)

    def _locate(self, principal: Principal, root: AnyCid, path: Path) -> Located:
        check_path(path)
        generation = self._visibility.generation
        self._visibility.refuse_denied((root,), path)
        sighted = self._sight(principal, root)
        get = sighted.get
        cids = [root]
        try:
            for name in path:
                cids.append(lookup(get, cids[-1], name).cid)
            self._visibility.refuse_denied(cids, path)
            if not isinstance(cids[-1], ForeignCid):
                # An answer that can't even begin is told as absent, before it begins.
                get(cids[-1])
        except BlockMissing:
            raise BlockNotFound(cids[-1]) from None
        located = Located(tuple(cids), path, get, self._visibility.until_ms(principal), sighted.mimei)
        self._remember((principal, root, path), located, generation)
        return located

    def _remember(self, key: tuple[Principal, AnyCid, Path], located: Located, generation: int) -> None:
        """Keep where a path led for as long as rights and versions stay as they are."""
        with self._guard:
            if self._generation != self._visibility.generation or len(self._known) >= limits.PATHS_CACHED_MAX:
                self._known = {}
                self._generation = self._visibility.generation
            if generation == self._generation:
                self._known[key] = located

    def _note(self, principal: Principal, located: Located) -> None:
        """Note that content is read, by whatever name: of its MiMei, or by the owner of all that is here."""
        mimei = located.mimei
        if mimei is not None:
            mimei.note(principal, mimei.acts(principal) & (Act.READ_RELEASE | Act.READ_VERSIONS))
        elif principal.is_owner:
            trace = self._audit.trace(principal, Kind.READ, None, basis="own")
            if trace is not None:
                self._audit.note(None, trace)

    def _sight(self, principal: Principal, root: AnyCid) -> Sighted:
        if not isinstance(root, ForeignCid):
            return self._visibility.sight(principal, root)
        if root.inline is None:
            raise BlockNotFound(root)
        return Sighted(_nothing, None)

    async def _send_block(self, exchange: Exchange, located: Located, headers: tuple[Header, ...]) -> None:
        cid = located.end
        etag = b'"%b.raw"' % cid_text(cid).encode()
        fields: tuple[Header, ...] = (*headers, (b"etag", etag))
        if _unchanged(exchange, etag):
            await exchange.answer(304, headers=fields)
            return
        block = await self._threads.run(lambda: load(located.get, cid))
        fields = (*fields, (b"content-disposition", b'attachment; filename="%b.bin"' % cid_text(cid).encode()))
        await exchange.answer(200, block, media_type=RAW_TYPE.encode(), headers=fields)

    async def _send_car(self, exchange: Exchange, located: Located, want: Wanted, headers: tuple[Header, ...]) -> None:
        topic = "/".join((*located.path, want.tag)).encode()
        root = cid_text(located.cids[0]).encode()
        etag = b'W/"%b.car.%b"' % (root, hashlib.sha256(topic).hexdigest()[:16].encode())
        fields = [*headers, (b"etag", etag), (b"accept-ranges", b"none")]
        if _unchanged(exchange, etag):
            await exchange.answer(304, headers=fields)
            return
        kind = b"application/vnd.ipld.car; version=1; order=dfs; dups=%b" % (b"y" if want.duplicates else b"n")
        fields += [
            (b"content-type", kind),
            (b"content-disposition", b'attachment; filename="%b.car"' % cid_text(located.end).encode()),
        ]
        opening = {"type": "http.response.start", "status": 200, "headers": fields}
        if exchange.is_head:
            await exchange.send(opening)
            await exchange.send({"type": "http.response.body"})
            return
        # The root is there; what is missing below it shows as a CAR that breaks off, with all that came before.
        await send_stream(exchange, opening, _car(located, want), self._threads, first_bytes=1)


def _nothing(cid: AnyCid) -> bytes:
    """Read from an identity CID on: what it links to is nobody's content."""
    raise BlockNotFound(cid)


def _car(located: Located, want: Wanted) -> Iterator[bytes]:
    yield write_header((located.end,))
    walk = blocks_repeated if want.duplicates else blocks
    root = located.cids[0]
    for block in walk(located.get, root, located.path, scope=want.scope, entity_bytes=want.entity_bytes):
        yield write_block(block)


def _unchanged(exchange: Exchange, etag: bytes) -> bool:
    condition = exchange.request.headers.get(b"if-none-match")
    return condition is not None and matches(condition, etag)


def _headers(exchange: Exchange, located: Located, principal: Principal) -> tuple[Header, ...]:
    who = b"public" if principal.is_guest else b"private"
    return (
        (b"cache-control", who + b", max-age=29030400, immutable"),
        (b"vary", b"accept, authorization"),
        (b"x-ipfs-path", exchange.request.raw_path),
        (b"x-ipfs-roots", ",".join(cid_text(cid) for cid in located.cids).encode()),
        *SAFE,
    )
