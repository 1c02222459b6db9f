"""A node in memory with its API, and a client that speaks ASGI to it, so that every byte sent is the test's own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any
from urllib.parse import quote, urlencode

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from leither.crypto import MimeiId
from leither.people import Scope
from leither.service.engines import Engines, Identity
from leither.service.tokens import Tokens
from leither.service.users import Users
from leither.store import MemoryBlocks, MemoryState
from leither.store.memory_seeds import MemorySeeds
from leither.web.api import Api, ApiContext, NodeFacts, create_api
from leither.web.schema_node import ConfigRow
from leither.web.settings import WebSettings

START_MS = 1_700_000_000_000


class StepClock:
    """A clock that goes on by one second a look."""

    def __init__(self) -> None:
        self._ms = count(START_MS, 1000)

    def now_ms(self) -> int:
        return next(self._ms)


class CountingRandom:
    """Different bytes each time, the same in each run."""

    def __init__(self) -> None:
        self._next = count(1)

    def token(self, size_bytes: int) -> bytes:
        return next(self._next).to_bytes(size_bytes, "big")


def make_engines() -> Engines:
    return Engines(
        blocks=MemoryBlocks(),
        state=MemoryState(),
        clock=StepClock(),
        random=CountingRandom(),
        identity=Identity.of(bytes(range(32)), bytes(32)),
    )


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    complete: bool = False

    @property
    def json(self) -> Any:  # noqa: ANN401
        return json.loads(self.body)

    @property
    def code(self) -> str:
        assert self.headers["content-type"] == "application/problem+json", (self.status, self.body)
        found = self.json["code"]
        assert isinstance(found, str)
        return found


class Client:
    """Sends requests to an API, as the owner unless told otherwise."""

    def __init__(self, portal: BlockingPortal, api: Api, token: str | None) -> None:
        self.portal = portal
        self.api = api
        self.token = token

    def send(
        self,
        method: str,
        path: str | bytes,
        *,
        body: bytes | Iterable[bytes] = b"",
        headers: dict[str, str] | None = None,
        gone: bool = False,
        query: dict[str, object] | None = None,
        raw_query: bytes = b"",
        scheme: str = "http",
    ) -> Answer:
        """Send one request; with `gone` the client leaves before the end of its body."""
        given = {"host": "localhost:4800", **(headers or {})}
        if self.token is not None:
            given.setdefault("authorization", f"Bearer {self.token}")
        raw = path if isinstance(path, bytes) else quote(path, safe="/%@").encode()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": scheme,
            "method": method,
            "path": raw.decode("latin-1"),
            "raw_path": b"/api/v1" + raw,
            "query_string": urlencode(query, doseq=True).encode() if query else raw_query,
            "root_path": "",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 4800),
        }
        answer: Answer = self.portal.call(self._exchange, scope, [body] if isinstance(body, bytes) else body, gone)
        return answer

    async def _exchange(self, scope: dict[str, Any], sent: Iterable[bytes], gone: bool) -> Answer:
        answer = Answer()
        messages = self._messages(sent, gone)
        body: list[bytes] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
            else:
                body.append(message.get("body", b""))
                answer.complete = not message.get("more_body", False)

        # A server's receive waits once the body is read; a test's client stays until it was answered.
        async def receive() -> dict[str, Any]:
            message = next(messages, None)
            if message is None:
                await anyio.sleep_forever()
            assert message is not None
            return message

        try:
            await self.api(scope, receive, send)
        finally:
            answer.body = b"".join(body)
        return answer

    @staticmethod
    def _messages(body: Iterable[bytes], gone: bool) -> Iterator[dict[str, Any]]:
        for piece in body:
            yield {"type": "http.request", "body": piece, "more_body": True}
        yield {"type": "http.disconnect"} if gone else {"type": "http.request", "body": b"", "more_body": False}

    def get(self, path: str | bytes, **query: object) -> Answer:
        return self.send("GET", path, query=query)

    def put(self, path: str | bytes, body: bytes | Iterable[bytes] = b"", **query: object) -> Answer:
        return self.send("PUT", path, body=body, query=query)

    def post(self, path: str | bytes, **members: object) -> Answer:
        return self.send("POST", path, body=json.dumps(members).encode())

    def put_json(self, path: str, **members: object) -> Answer:
        return self.send("PUT", path, body=json.dumps(members).encode())

    def delete(self, path: str | bytes, **query: object) -> Answer:
        return self.send("DELETE", path, query=query)


@dataclass
class Node:
    """A node in memory. `owner` and the others are clients with different rights."""

    engines: Engines
    tokens: Tokens
    context: ApiContext
    api: Api
    portal: BlockingPortal

    def client(self, token: str | None) -> Client:
        return Client(self.portal, self.api, token)

    @property
    def guest(self) -> Client:
        return self.client(None)

    @property
    def owner(self) -> Client:
        return self.client(self.secret("the owner", Scope.OWNER))

    def secret(self, name: str, scope: Scope, only: MimeiId | None = None) -> str:
        held = {row.name for row in self.tokens.list()}
        return self.tokens.create(next(f"{name} {n}" for n in count() if f"{name} {n}" not in held), scope, only)[1]

    def fs(self, mark: str = "site", right: str = "private") -> str:
        """Make an fs MiMei and return its id."""
        return str(self.owner.post("/mimei", type="fs", app="test", mark=mark, right=right).json["id"])

    def file(self, mark: str = "notes") -> str:
        """Make a file MiMei and return its id."""
        return str(self.owner.post("/mimei", type="file", app="test", mark=mark).json["id"])


@cache
def shared_api() -> Api:
    """Return the one API of this process; what differs between nodes is its context. Making one takes 0.15 s."""
    engines = make_engines()
    tokens = Tokens(engines)
    facts = NodeFacts("", "", 0, tuple, lambda: None)
    return create_api(
        ApiContext(engines, tokens, Users(engines, tokens, MemorySeeds()), WebSettings(4800), facts, tuple)
    )


@contextmanager
def running(engines: Engines | None = None) -> Iterator[Node]:
    """Run a node's API in an event loop of its own. One node at a time: the one begun last is the one that answers."""
    held = engines or make_engines()
    tokens = Tokens(held)
    facts = NodeFacts("0.0", "home", START_MS, lambda: ["127.0.0.1:4800"], lambda: 1)
    rows = [ConfigRow("port", 4800, "default", "Where HTTP is served.")]
    with start_blocking_portal() as portal:
        context = ApiContext(held, tokens, Users(held, tokens, MemorySeeds()), WebSettings(4800), facts, lambda: rows)
        api = shared_api()
        api.state["context"] = context
        yield Node(held, tokens, context, api, portal)
