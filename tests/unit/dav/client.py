"""A WebDAV door over memory engines, and a client that calls it as a server would."""

import asyncio
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from leither.codec import Cid
from leither.crypto import MimeiId, id_text
from leither.dav import create_dav
from leither.dav.element import parse_xml
from leither.http.asgi import Message
from leither.people import Scope as TokenScope
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.tokens import Tokens
from leither.testing.node import memory_engines

HOST = "localhost:4800"
LOCK = (
    b'<lockinfo xmlns="DAV:"><lockscope><%b/></lockscope><locktype><write/></locktype>'
    b"<owner><href>mailto:ada</href></owner></lockinfo>"
)


@dataclass
class Reply:
    """A whole answer. Of a header that comes twice the last counts."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def xml(self) -> Element:
        return parse_xml(self.body)

    @property
    def hrefs(self) -> list[str | None]:
        return [found.text for found in self.xml.findall("{DAV:}response/{DAV:}href")]

    def prop(self, name: str) -> Element | None:
        """The first property of that name."""
        return next(self.xml.iter(name), None)

    @property
    def token(self) -> str:
        return self.headers["lock-token"].strip("<>")


class Dav:
    """A node's WebDAV side with a file system MiMei in it."""

    def __init__(self, *, right: int = 0, quota: int | None = None) -> None:
        self.engines = memory_engines()
        self.tokens = Tokens(self.engines)
        self.owner = self.tokens.create("owner's", TokenScope.OWNER)[1]
        self.catalog = Catalog(self.engines)
        self.mimei: MimeiId = self.catalog.create(kind="fs", mark="tree", right=right, quota=quota)[0].id
        self.base = f"/dav/{id_text(self.mimei)}"
        self.door = create_dav(self.engines, self.tokens)

    def save(self) -> Cid:
        cid = backup(self.engines, self.mimei).cid
        assert cid is not None
        return cid

    def restart(self) -> None:
        """Forget everything that is not in the stores."""
        self.door = create_dav(self.engines, Tokens(self.engines))

    def url(self, path: str) -> str:
        return f"http://{HOST}{self.base}{path}"

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        token: str | None = "",
        headers: Mapping[str, str] | None = None,
        whole: bool = False,
        pieces: Iterable[bytes] | None = None,
    ) -> Reply:
        """Call at `path` of the MiMei, or with `whole` of the host; as the owner, unless a token or None is given."""
        fields = [(b"host", HOST.encode())]
        if token is not None:
            secret = b64encode(f"anybody:{token or self.owner}".encode())
            fields.append((b"authorization", b"Basic " + secret))
        fields += [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        scope: dict[str, object] = {
            "type": "http",
            "method": method,
            "raw_path": (path if whole else self.base + path).encode(),
            "query_string": b"",
            "headers": fields,
            "scheme": "http",
        }
        return asyncio.run(self._call(scope, list(pieces) if pieces is not None else [body]))

    async def _call(self, scope: dict[str, object], pieces: list[bytes]) -> Reply:
        reply = Reply()

        async def receive() -> Message:
            if pieces:
                piece = pieces.pop(0)
                return {"type": "http.request", "body": piece, "more_body": bool(pieces)}
            await asyncio.Event().wait()
            raise AssertionError("nothing more comes")

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                assert reply.status == 0
                reply.status = message["status"]
                reply.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                reply.body += message.get("body", b"")

        await self.door(scope, receive, send)
        return reply

    def put(self, path: str, data: bytes = b"x") -> None:
        assert self.call("PUT", path, data).status in (201, 204)

    def mkcol(self, path: str) -> None:
        assert self.call("MKCOL", path).status == 201

    def lock(self, path: str, *, scope: bytes = b"exclusive", **headers: str) -> Reply:
        return self.call("LOCK", path, LOCK % scope, headers={"Depth": "0", **headers})

    def find(self, path: str, *names: str, depth: str = "0") -> Reply:
        inner = "".join(f"<{name}/>" for name in names)
        body = f'<propfind xmlns="DAV:"><prop>{inner}</prop></propfind>'.encode() if names else b""
        return self.call("PROPFIND", path, body, headers={"Depth": depth})
