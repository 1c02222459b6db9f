"""uvicorn's HTTP protocol, with bounds on what comes before a request is known: its size, and the time it takes."""

from asyncio import BaseTransport, TimerHandle, Transport
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from leither import limits


class BoundedHttp(HttpToolsProtocol):
    """The parser in use keeps all of a head until it is complete, however long and slow; this ends it."""

    _head_bytes = 0
    _in_head = True
    _head_timer: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin to wait for the first request."""
        # uvloop's transports are not asyncio's classes, so only the type checker can be told.
        super().connection_made(cast("Transport", transport))
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._head_done()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin a head."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """End a head."""
        self._head_done()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Take what came, and refuse a head that grows past its bound."""
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        # What also held the end of the last body counts too; that errs by one read at the most.
        self._head_bytes += len(data)
        if self._head_bytes > limits.REQUEST_HEAD_BYTES_MAX:
            self.send_400_response("The head of the request is too large.")
        elif self._head_timer is None:
            self._wait_for_head()

    def _wait_for_head(self) -> None:
        self._head_timer = self.loop.call_later(limits.REQUEST_HEAD_S, self.transport.close)

    def _head_done(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
