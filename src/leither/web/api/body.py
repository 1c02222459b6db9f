"""Request bodies: JSON ones that may be left out, and streams in pieces of bounded size."""

from collections.abc import AsyncIterator
from typing import Any

from litestar import Request
from litestar.datastructures import State

from leither import limits
from leither.errors import InputError


class ClientGone(InputError):
    """The client went away before its whole request was there."""

    code = "client-gone"

    def __init__(self) -> None:
        super().__init__("the request ended before its body was complete; nothing of it was kept, send it again")


class ApiRequest(Request[Any, Any, State]):
    """A request whose JSON body may be left out: nothing counts as an object without members."""

    async def body(self) -> bytes:
        """Return the whole body, bounded by the operation's limit."""
        return await super().body() or b"{}"


async def pieces(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """Iterate over the body in pieces of BODY_PIECE_BYTES or a little more, reading no further than is asked for.

    Raises: ClientGone.
    """
    held: list[bytes] = []
    size = 0
    while True:
        message = await request.receive()
        if message["type"] != "http.request":
            raise ClientGone
        chunk = message.get("body", b"")
        if chunk:
            held.append(chunk)
            size += len(chunk)
        more = message.get("more_body", False)
        if size >= limits.BODY_PIECE_BYTES or not more:
            if size:
                yield b"".join(held)
            held, size = [], 0
        if not more:
            return
