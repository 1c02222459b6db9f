"""A gateway in memory, which does as it is told: gives, lies, fails, or never answers."""

import threading
from collections.abc import Callable, Iterator
from enum import Enum
from itertools import chain, islice

from leither import unixfs
from leither.codec import Block, BlockMissing, Cid, write_block, write_header
from leither.ports.gateway_errors import GatewayFailed


class Manner(Enum):
    """How a gateway answers."""

    HONEST = "honest"
    LIES = "lies"
    FAILS = "fails"
    SILENT = "silent"


class MemoryGateway:
    """Gives what `get` gives. `asked` lists what it was asked for, in order; `when_asked` is called each time."""

    def __init__(self, url: str, get: Callable[[Cid], bytes], manner: Manner = Manner.HONEST) -> None:
        self.url = url
        self.manner = manner
        self.asked: list[Cid] = []
        self.car_blocks: int | None = None
        """How many blocks a CAR brings before it breaks off; None for all."""
        self.extra: list[Block] = []
        """What a CAR brings before what belongs in it."""
        self.when_asked: Callable[[], None] | None = None
        self._get = get
        self._closed = threading.Event()

    def fetch_block(self, cid: Cid) -> bytes | None:
        """Return a block, or what the gateway's manner makes of it. Raises: GatewayFailed."""
        self.asked.append(cid)
        if self.when_asked is not None:
            self.when_asked()
        if self.manner is Manner.FAILS:
            raise GatewayFailed(self.url, "it was told to fail")
        if self.manner is Manner.SILENT:
            self._closed.wait()
            raise GatewayFailed(self.url, "it was closed")
        try:
            data = self._get(cid)
        except BlockMissing:
            return None
        return data + b"!" if self.manner is Manner.LIES else data

    def fetch_car(self, root: Cid) -> Iterator[bytes]:
        """Yield the CAR of all below `root`. Raises: GatewayFailed."""
        if self.manner is Manner.FAILS:
            raise GatewayFailed(self.url, "it was told to fail")
        yield write_header([root])
        blocks = chain(self.extra, unixfs.blocks(self._get, root))
        for block in islice(blocks, self.car_blocks):
            yield write_block(block)
        if self.car_blocks is not None:
            raise GatewayFailed(self.url, "it was told to break off")

    def close(self) -> None:
        """Let those that wait go."""
        self._closed.set()
