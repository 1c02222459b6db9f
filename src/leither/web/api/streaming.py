"""Answers made piece by piece in threads, each piece only once the one before it was taken."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import anyio
from litestar import Response

from leither import limits
from leither.http.asgi import Receive, Scope, Send
from leither.web.api.context import Caller

_END = object()


class ByteStream(Response[None]):
    """An answer whose bytes an iterator gives. Once begun, an error can only break it off, which clients notice."""

    def __init__(
        self,
        caller: Caller,
        make: Callable[[], Iterator[bytes]],
        *,
        media_type: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        size_bytes: int | None = None,
    ) -> None:
        super().__init__(None, status_code=status, media_type=media_type)
        self._caller = caller
        self._make = make
        self._fields = [(b"content-type", media_type.encode("latin-1"))]
        self._fields += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()]
        if size_bytes is not None:
            self._fields.append((b"content-length", str(size_bytes).encode()))

    def to_asgi_response(self, *_: object, **__: object) -> Any:  # noqa: ANN401
        """Return the application that sends this answer."""
        return self._send

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        iterator = self._make()
        try:
            # The first piece is made before the status goes out, so that early errors are answered properly.
            piece = await self._caller.run(next, iterator, _END)
            await self._start(send)
            async with anyio.create_task_group() as group:
                group.start_soon(_cancel_when_gone, receive, group.cancel_scope)
                while piece is not _END:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    piece = await self._caller.run(next, iterator, _END)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                group.cancel_scope.cancel()
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                with anyio.CancelScope(shield=True):
                    await self._caller.run(close)

    async def _start(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self._fields})


async def _cancel_when_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def joined(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Iterate over `chunks`, small ones joined, so that each trip to a thread is worth it."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= limits.BODY_PIECE_BYTES:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)
