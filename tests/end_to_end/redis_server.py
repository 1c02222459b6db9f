"""A process with a node and its Redis front door: HOME. It prints port, id and token on one line, then serves."""

from __future__ import annotations

import asyncio
import socket
import sys

from leither.config import load
from leither.crypto import id_text
from leither.node import Node
from leither.resp import serve_redis
from leither.resp.context import RedisContext
from leither.service.catalog import Catalog
from leither.service.database import Database
from leither.web.serve import run


async def serve(node: Node) -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    mimei, _ = Catalog(node.engines).create(kind="db", mark="tried")
    context = RedisContext(
        node.engines, node.tokens, lambda which, version: Database.open(node.engines, which, version)
    )
    await serve_redis(context, [listening])
    print(listening.getsockname()[1], id_text(mimei.id), node.token, flush=True)
    await asyncio.Event().wait()


def main() -> None:
    with Node.open(load({"home": sys.argv[1]}), listening=False) as node:
        run(serve(node))


if __name__ == "__main__":
    main()
