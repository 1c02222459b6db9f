"""Sending to a client that is slow, or goes away."""

import asyncio
from collections.abc import Iterator

from leither.http.asgi import Message
from leither.http.exchange import Exchange
from leither.http.request import Request
from leither.http.sending import send_stream
from leither.http.threads import Threads

PIECE = bytes(1 << 20)
OPENING: dict[str, object] = {"type": "http.response.start", "status": 200, "headers": []}


class Client:
    """Takes `patience` pieces and then goes away."""

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.taken = 0
        self.read = 0
        self.ahead_most = 0
        self._gone = asyncio.Event()

    def pieces(self) -> Iterator[bytes]:
        for _ in range(1000):
            self.read += 1
            self.ahead_most = max(self.ahead_most, self.read - self.taken)
            yield PIECE

    async def receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            self.taken += 1
            if self.taken == self.patience:
                self._gone.set()
        await asyncio.sleep(0)

    async def ask(self) -> None:
        scope = {"raw_path": b"/", "query_string": b"", "headers": []}
        exchange = Exchange(Request(scope), self.receive, self.send)
        await send_stream(exchange, OPENING, self.pieces(), Threads(), first_bytes=1)


def _asked(patience: int) -> Client:
    async def run() -> Client:
        client = Client(patience)
        await client.ask()
        return client

    return asyncio.run(run())


def test_reading_ends_when_the_client_goes_away() -> None:
    client = _asked(5)
    assert client.taken < 10
    assert client.read < 10


def test_no_more_is_read_than_the_client_takes() -> None:
    assert _asked(2000).ahead_most == 1
