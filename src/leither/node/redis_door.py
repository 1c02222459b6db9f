"""The Redis protocol beside the web, in the same loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from leither.service.database import Database

if TYPE_CHECKING:
    from leither.node.node import Node
    from leither.resp import RedisServer


@asynccontextmanager
async def redis_door(node: "Node") -> AsyncIterator["RedisServer"]:
    """Serve Redis clients on the node's sockets while the context lasts."""
    from leither.resp import serve_redis
    from leither.resp.context import RedisContext

    engines = node.engines
    context = RedisContext(engines, node.tokens, lambda mimei, version: Database.open(engines, mimei, version))
    server = await serve_redis(context, node.redis_sockets)
    try:
        yield server
    finally:
        await server.stop()
