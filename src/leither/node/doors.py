"""What a node opens beside the web on this machine: Redis clients, and other machines."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from leither.node.redis_door import redis_door
from leither.web.serve import Listen, no_more

if TYPE_CHECKING:
    from leither.node.node import Node
    from leither.resp import RedisServer


class Doors:
    """The further doors of `node`, as `serving` takes them."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._redis: RedisServer | None = None

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """Serve Redis clients on this machine while the context lasts."""
        async with redis_door(self._node) as self._redis:
            yield

    def more(self, listen: Listen) -> AbstractAsyncContextManager[object]:
        """Serve other machines, where they may reach the node; within `beside`."""
        assert self._redis is not None
        if not self._node.settings.reachable:
            return no_more(listen)
        return self._node.lan.serving(listen, self._redis.listen)
