"""A front door over memory engines, and a client that calls it as a server would."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from leither.codec import Cid
from leither.crypto import MimeiId, id_text
from leither.http.asgi import Message, Receive, Scope, Send
from leither.mimei.path import parse_path
from leither.people import right as rights
from leither.ports import NOTHING_DENIED, Denied
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.engines import Engines, Identity
from leither.service.history import release
from leither.service.tokens import Tokens
from leither.service.uploads import TreeUpload
from leither.store import MemoryBlocks, MemoryState
from leither.web.app import FrontDoor, create_app
from leither.web.settings import WebSettings

PORT = 4800
PUBLIC = rights.parse("everyone=read-release")
OPEN = rights.parse("everyone=read-release,read-versions")
PRIVATE = 0


class StillClock:
    """A clock that only moves when told."""

    def __init__(self) -> None:
        self.ms = 1_700_000_000_000

    def now_ms(self) -> int:
        return self.ms


class CountedRandom:
    """Different bytes each time, the same in every run."""

    def __init__(self) -> None:
        self._count = 0

    def token(self, size_bytes: int) -> bytes:
        self._count += 1
        return self._count.to_bytes(size_bytes, "big")


@dataclass
class Reply:
    """A whole answer. `complete` is False where it broke off."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    complete: bool = False


async def stub_api(scope: Scope, receive: Receive, send: Send) -> None:
    """Stand where the API stands, and tell what came."""
    if scope["type"] == "http":
        body = f"{scope['method']} {scope['raw_path'].decode()}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})


class Front:
    """A node's web side with memory engines."""

    def __init__(self, settings: WebSettings | None = None, *, denied: Denied = NOTHING_DENIED) -> None:
        self.clock = StillClock()
        self.engines = Engines(
            blocks=MemoryBlocks(),
            state=MemoryState(),
            clock=self.clock,
            random=CountedRandom(),
            identity=Identity.of(b"p" * 32, b"n" * 32),
            denied=denied,
        )
        self.tokens = Tokens(self.engines)
        self.settings = settings or WebSettings(port=PORT)
        self.door: FrontDoor = create_app(self.engines, self.settings, tokens=self.tokens, api=stub_api, dav=stub_api)

    def owner_token(self) -> str:
        code, _ = self.tokens.one_time_code()
        return self.tokens.redeem(code)[0]

    def make(self, mark: str, files: Mapping[str, bytes], *, right: int = PUBLIC, kind: str = "fs") -> MimeiId:
        mimei, _ = Catalog(self.engines).create(kind=kind, app="test", mark=mark, right=right)
        self.fill(mimei.id, files)
        return mimei.id

    def fill(self, mimei: MimeiId, files: Mapping[str, bytes]) -> None:
        with TreeUpload(self.engines, mimei, replace=True) as tree:
            for path, data in files.items():
                file = tree.file(parse_path(path))
                file.write(data)
                file.finish()
            tree.finish()

    def save(self, mimei: MimeiId) -> Cid:
        cid = backup(self.engines, mimei).cid
        assert cid is not None
        return cid

    def publish(self, mark: str, files: Mapping[str, bytes], *, right: int = PUBLIC) -> tuple[MimeiId, Cid]:
        mimei = self.make(mark, files, right=right)
        version = self.save(mimei)
        release(self.engines, mimei, version)
        return mimei, version

    def content(self, version: Cid) -> Cid:
        from leither.mimei.version import Version

        return self.engines.record(Version, version).content

    def get(self, path: str, **options: object) -> Reply:
        return self.call("GET", path, **options)  # type: ignore[arg-type]

    def app(self, mimei: MimeiId, path: str = "/", **options: object) -> Reply:
        return self.call("GET", path, host=f"{id_text(mimei)}.localhost:{PORT}", **options)  # type: ignore[arg-type]

    def call(
        self,
        method: str,
        path: str,
        *,
        host: str | None = f"localhost:{PORT}",
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
        client: str = "127.0.0.1",
        scheme: str = "http",
    ) -> Reply:
        raw_path, _, query = path.partition("?")
        fields = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        if host is not None:
            fields.append((b"host", host.encode()))
        if token is not None:
            fields.append((b"authorization", f"Bearer {token}".encode()))
        scope: Scope = {
            "type": "http",
            "method": method,
            "raw_path": quote(raw_path, safe="/%:@!$&'()*+,;=~").encode(),
            "path": raw_path,
            "query_string": query.encode(),
            "headers": fields,
            "scheme": scheme,
            "client": (client, 50_000),
        }
        return asyncio.run(self._call(scope))

    async def _call(self, scope: Scope) -> Reply:
        reply = Reply()

        async def receive() -> Message:
            await asyncio.Event().wait()
            raise AssertionError("nothing comes")

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                assert reply.status == 0
                reply.status = message["status"]
                reply.headers = {name.decode(): value.decode() for name, value in message["headers"]}
                assert len(reply.headers) == len(message["headers"]), "a header comes twice"
            else:
                assert not reply.complete
                reply.body += message.get("body", b"")
                reply.complete = not message.get("more_body", False)

        await self.door(scope, receive, send)
        if reply.complete and "content-length" in reply.headers and scope["method"] != "HEAD" and reply.status != 304:
            assert int(reply.headers["content-length"]) == len(reply.body)
        return reply
