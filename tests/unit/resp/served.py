"""A Redis front door over a node in memory, in a thread, on a loopback port; and a client that speaks in bytes."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from leither.crypto import MimeiId, id_text
from leither.people import Scope
from leither.resp import RedisServer, serve_redis
from leither.resp.context import RedisContext
from leither.service.catalog import Catalog
from leither.service.database import Database
from leither.service.engines import Engines
from leither.service.tokens import Tokens
from leither.testing.node import memory_engines

TIMEOUT_S = 30


@dataclass
class Served:
    """A running server and the database it was made with."""

    engines: Engines
    tokens: Tokens
    mimei: MimeiId
    server: RedisServer
    port: int
    token: str

    @property
    def id(self) -> str:
        return id_text(self.mimei)

    def made_token(self, name: str, scope: Scope, only: MimeiId | None = None) -> str:
        return self.tokens.create(name, scope, only)[1]

    def settle(self) -> None:
        """Wait until the server has done what it was told of by now."""
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self.server.loop).result(TIMEOUT_S)

    @contextmanager
    def client(self, *, user: str | None = None, token: str | None = None) -> Iterator[Client]:
        """Open a connection that has said who it is."""
        with Client(self.port) as client:
            reply = client.ask("AUTH", user or self.id, self.token if token is None else token)
            assert reply == b"+OK\r\n", reply
            yield client


class Client:
    """Bytes to a server and back."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, *words: str | bytes) -> None:
        self.socket.sendall(packed(*words))

    def ask(self, *words: str | bytes) -> bytes:
        self.send(*words)
        return self.reply()

    def reply(self) -> bytes:
        """Read one whole reply."""
        line = self._file.readline()
        kind, told = line[:1], line[1:-2]
        if kind in b"$=" and told not in (b"", b"-1"):
            return line + self._file.read(int(told) + 2)
        if kind in b"*~>%" and told not in (b"", b"-1"):
            return line + b"".join(self.reply() for _ in range(int(told) * (2 if kind == b"%" else 1)))
        return line

    def rest(self) -> bytes:
        """Read until the server closes."""
        try:
            return self._file.read()
        except ConnectionResetError:
            return b""


def packed(*words: str | bytes) -> bytes:
    """Return a command as clients send it."""
    raw = [word.encode() if isinstance(word, str) else word for word in words]
    return b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in raw)


@contextmanager
def served(engines: Engines | None = None) -> Iterator[Served]:
    """Serve while the context lasts."""
    engines = engines or memory_engines()
    mimei, _ = Catalog(engines).create(kind="db", mark="served")
    tokens = Tokens(engines)
    _, token = tokens.create("served", Scope.OWNER)
    listening = socket.create_server(("127.0.0.1", 0))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="redis-front-door")
    thread.start()
    context = RedisContext(engines, tokens, lambda which, version: Database.open(engines, which, version))
    try:
        server = asyncio.run_coroutine_threadsafe(serve_redis(context, [listening]), loop).result(TIMEOUT_S)
        try:
            yield Served(engines, tokens, mimei.id, server, listening.getsockname()[1], token)
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result(TIMEOUT_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        engines.state.close()
        engines.blocks.close()
