"""Request bodies, in pieces of bounded size."""

from collections.abc import AsyncIterator

from leither import limits
from leither.errors import InputError
from leither.http.asgi import Receive


class ClientGone(InputError):
    """The client went away before its whole request was there."""

    code = "client-gone"

    def __init__(self) -> None:
        super().__init__("the request ended before its body was complete; nothing of it was kept, send it again")


async def pieces(receive: Receive) -> AsyncIterator[bytes]:
    """Iterate over the body in pieces of BODY_PIECE_BYTES or a little more, reading no further than is asked for.

    Raises: ClientGone.
    """
    held: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        chunk = message.get("body", b"")
        if chunk:
            held.append(chunk)
            size += len(chunk)
        more = message.get("more_body", False)
        if size >= limits.BODY_PIECE_BYTES or not more:
            if size:
                yield held[0] if len(held) == 1 else b"".join(held)
            held, size = [], 0
        if not more:
            return
