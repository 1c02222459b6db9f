"""HEAD for an application that only knows GET."""

import asyncio

from leither.http.asgi import App, Message
from leither.http.exchange import Exchange


async def answer_head(app: App, exchange: Exchange) -> None:
    """Run `app` as for a GET, and send only the head of its answer.

    Once that is out, the app is told that the client went away, so that a long answer ends early.
    """
    done = asyncio.Event()

    async def receive() -> Message:
        if not done.is_set():
            return await exchange.receive()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            await exchange.send(message)
            await exchange.send({"type": "http.response.body"})
            done.set()

    await app({**exchange.request.scope, "method": "GET"}, receive, send)
