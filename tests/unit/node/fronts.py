"""A node in memory with all its front doors at once, people of every kind, and what each of them is answered."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote

import anyio
import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from leither.cli.api import Api
from leither.cli.session import Session
from leither.codec import DAG_PB, RAW, Cid
from leither.config import Settings
from leither.crypto import MimeiId, derive_id, id_text
from leither.dav import create_dav
from leither.mimei.version import Version
from leither.people import Asking, Front, Principal
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.history import release
from leither.service.tokens import Tokens
from leither.service.users import Users
from leither.store.memory_seeds import MemorySeeds
from leither.testing.node import engines_over
from leither.web.api import ApiContext, NodeFacts, create_api
from leither.web.app import FrontDoor, create_app
from leither.web.settings import WebSettings
from tests.end_to_end.program import Answer as CommandAnswer
from tests.end_to_end.program import answered
from tests.unit.node.counting import CountingReads, CountingState
from tests.unit.resp.served import Client as RedisClient
from tests.unit.resp.served import Served, served
from tests.unit.service.life import held, put

HOST = "localhost:4800"


class KnownTokens(Tokens):
    """Tokens that know some more secrets, for people that nothing here makes tokens for."""

    def __init__(self, engines: Engines) -> None:
        super().__init__(engines)
        self.also: dict[str, Principal] = {}

    def principal_of(self, secret: str, front: Front | None = None, *, lasting: bool = False) -> Principal:
        known = self.also.get(secret)
        if known is None:
            return super().principal_of(secret, front, lasting=lasting)
        return known.through(Asking(front, lasting=lasting) if front is not None else None)


@dataclass
class Answer:
    """A whole answer of HTTP."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def seen(self, holdings: Holdings) -> object:
        """Everything a client sees, but for the date, and the names that it has sent itself."""
        headers = [(name, holdings.unnamed(value.encode())) for name, value in self.headers if name != "date"]
        return self.status, sorted(headers), holdings.unnamed(self.body)

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["code"])


@dataclass
class Holdings:
    """A file system and a database with a version before the release, the release, one after it, and unsaved changes.

    `raw` gives the CIDs of the file `page` in each version, which differs from one to the next.
    """

    fs: MimeiId
    db: MimeiId
    raw: dict[str, str]
    roots: dict[str, str]

    def unnamed(self, text: bytes) -> bytes:
        """Return `text` with the names of all this replaced."""
        names = [id_text(self.fs), id_text(self.db), *self.raw.values(), *self.roots.values()]
        for number, name in enumerate(names):
            text = text.replace(name.encode(), b"<%d>" % number)
        return text

    @classmethod
    def absent(cls, chance: bytes) -> Holdings:
        """Return names of what is nowhere."""
        stages = ("before", "release", "last")
        return cls(
            MimeiId(derive_id(chance + b"fs")),
            MimeiId(derive_id(chance + b"db")),
            {name: Cid.of(RAW, chance + name.encode()).text for name in stages},
            {name: Cid.of(DAG_PB, chance + name.encode()).text for name in stages},
        )


@dataclass
class Fronts:
    """The doors, as a client meets them. `asked`: what the stores were asked."""

    engines: Engines
    tokens: KnownTokens
    door: FrontDoor
    portal: BlockingPortal
    redis: Served
    asked: Counter[str]

    def http(
        self,
        method: str,
        path: str,
        secret: str | None,
        *,
        body: bytes = b"",
        host: str = HOST,
        headers: dict[str, str] | None = None,
        basic: bool = False,
        cookie: bool = False,
    ) -> Answer:
        fields = {"host": host, **(headers or {})}
        if secret is not None and basic:
            fields["authorization"] = "Basic " + b64encode(f"any:{secret}".encode()).decode()
        elif secret is not None and cookie:
            fields["cookie"] = f"leither={secret}"
        elif secret is not None:
            fields["authorization"] = f"Bearer {secret}"
        raw, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": raw,
            "raw_path": quote(raw, safe="/%@").encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in fields.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 4800),
        }
        answer: Answer = self.portal.call(self._call, scope, body)
        return answer

    def command(self, secret: str | None, *words: str, stdin: bytes = b"") -> CommandAnswer:
        """Run a command of `leither` to its end, as a program that knows nothing but the secret."""
        return answered(Session(connect=partial(self._connected, secret), environ={}), *words, stdin=stdin)

    @contextmanager
    def _connected(self, secret: str | None, settings: Settings) -> Iterator[Api]:
        def ask(request: httpx.Request) -> httpx.Response:
            target = request.url.raw_path.decode("ascii")
            found = self.http(request.method, target, secret, body=request.read(), headers=dict(request.headers))
            return httpx.Response(found.status, headers=found.headers, content=found.body)

        with httpx.Client(transport=httpx.MockTransport(ask), base_url=f"http://{HOST}") as client:
            yield Api(client, url=f"http://{HOST}/", running=True)

    async def _call(self, scope: dict[str, Any], body: bytes) -> Answer:
        answer, sent = Answer(), False

        async def receive() -> dict[str, Any]:
            nonlocal sent
            if sent:
                await anyio.sleep_forever()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:  # noqa: ANN401
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = [(name.decode(), value.decode("latin-1")) for name, value in message["headers"]]
            else:
                answer.body += message.get("body", b"")

        await self.door(scope, receive, send)
        return answer

    def watched(
        self,
        mimei: MimeiId,
        secret: str | None,
        what: tuple[str, ...],
        *,
        between: Callable[[], object] | None = None,
        silent: bool = False,
    ) -> list[str]:
        """Watch a MiMei while events happen; return those that were told, and whether the watcher was closed.

        Args: between: what happens after the first event was told. silent: whether to wait for being closed rather
            than for an event of something public.
        """
        found: list[str] = self.portal.call(self._watch, mimei, secret, what, between, silent)
        return found

    async def _watch(
        self,
        mimei: MimeiId,
        secret: str | None,
        what: tuple[str, ...],
        between: Callable[[], object] | None,
        silent: bool,
    ) -> list[str]:
        told: list[str] = []
        incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        idle, first, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        scope = _watcher(secret)

        async def send(message: Any) -> None:  # noqa: ANN401
            if message["type"] == "websocket.send":
                event = json.loads(message.get("text") or message["bytes"])
                if event["id"] == id_text(self.public.id):
                    ended.set()
                else:
                    told.append(event["event"])
                    first.set()
            elif message["type"] == "websocket.close":
                told.append(f"closed {message['code']}")
                ended.set()

        async def receive() -> dict[str, Any]:
            if incoming.empty():
                idle.set()
            return await incoming.get()

        ids = [id_text(mimei), id_text(self.public.id)]
        incoming.put_nowait({"type": "websocket.connect"})
        incoming.put_nowait({"type": "websocket.receive", "text": json.dumps({"ids": ids})})
        task = asyncio.ensure_future(self.door(scope, receive, send))
        await idle.wait()
        for number, one in enumerate(what):
            self.engines.events.tell(Event(mimei, one))
            if number == 0 and between is not None:
                await first.wait()
                await anyio.to_thread.run_sync(between)
        if not silent:
            self.engines.events.tell(Event(self.public.id, "release"))
        await ended.wait()
        await incoming.put({"type": "websocket.disconnect", "code": 1000})
        await task
        return told

    @property
    def public(self) -> Any:  # noqa: ANN401
        """A MiMei that everyone may read."""
        return Catalog(self.engines).create(kind="file", mark="public", right=7)[0]

    def redis_asks(self, user: str, secret: str | None, *words: str) -> bytes:
        """Return what one command is answered on a connection of its own; or the refusal to open it."""
        with RedisClient(self.redis.port) as client:
            opened = client.ask("AUTH", user, secret or "")
            return client.ask(*words) if opened == b"+OK\r\n" else opened

    def furnished(self, mark: str, *, right: int = 0) -> Holdings:
        """Make holdings."""
        engines, catalog = self.engines, Catalog(self.engines)
        fs = catalog.create(kind="fs", app="test", mark=mark, right=right)[0].id
        db = catalog.create(kind="db", app="test", mark=mark, right=right)[0].id
        owner = self.tokens.create(f"maker of {mark}", self._owner)[1]
        raw, roots = {}, {}
        for name in ("before", "release", "last"):
            raw[name] = str(put(engines, fs, "page", f"{name} of {mark}".encode()).cid)
            self.redis_asks(id_text(db), owner, "SET", "key", name)
            for mimei in (fs, db):
                cid = backup(engines, mimei).cid
                assert cid is not None
                if mimei == fs:
                    roots[name] = engines.record(Version, cid).content.text
                if name == "release":
                    release(engines, mimei, cid)
        put(engines, fs, "page", f"cur of {mark}".encode())
        self.redis_asks(id_text(db), owner, "SET", "key", "cur")
        self.tokens.revoke(f"maker of {mark}")
        return Holdings(fs, db, raw, roots)

    @property
    def _owner(self) -> Any:  # noqa: ANN401
        from leither.people import Scope

        return Scope.OWNER

    def facts(self, mimei: MimeiId) -> Any:  # noqa: ANN401
        return held(self.engines, mimei).facts


def _watcher(secret: str | None) -> dict[str, Any]:
    """Return the scope of a WebSocket that watches."""
    headers = [(b"host", HOST.encode())]
    if secret is not None:
        headers.append((b"authorization", f"Bearer {secret}".encode()))
    return {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": "/api/v1/watch",
        "raw_path": b"/api/v1/watch",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "subprotocols": [],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 4800),
    }


@contextmanager
def all_fronts() -> Iterator[Fronts]:
    """Run every front door over one node in memory."""
    asked: Counter[str] = Counter()
    engines = engines_over(CountingReads(asked), CountingState(asked))
    settings, facts = WebSettings(4800), NodeFacts("", "", 0, tuple, lambda: None)
    with served(engines) as redis, start_blocking_portal() as portal:
        tokens = KnownTokens(engines)
        tokens.close()  # when tokens were last used is written beside the requests, and is no work of theirs
        redis.server.context = redis.server.context.__class__(engines, tokens, redis.server.context.databases)
        context = ApiContext(engines, tokens, Users(engines, tokens, MemorySeeds()), settings, facts, tuple)
        api = create_api(context)
        door = create_app(engines, settings, tokens=tokens, api=api, dav=create_dav(engines, tokens))
        yield Fronts(engines, tokens, door, portal, redis, asked)
        door.close()
