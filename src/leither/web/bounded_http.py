"""uvicorn's HTTP protocol, with bounds on what comes before a request is known: its size, and the time it takes.

What the application can answer at once is written in one piece, without a task.
"""

from asyncio import BaseTransport, TimerHandle, Transport
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from leither import limits
from leither.http.asgi import AtOnce

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application


class BoundedHttp(HttpToolsProtocol):
    """The parser in use keeps all of a head until it is complete, however long and slow; this ends it."""

    _head_bytes = 0
    _in_head = True
    _head_timer: TimerHandle | None = None
    _is_parsing = False
    _at_once: AtOnce | None = None
    _first: "tuple[RequestResponseCycle, ASGI3Application] | None" = None
    """The request that has come and waits for nothing but the end of what is being parsed."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin to wait for the first request."""
        # uvloop's transports are not asyncio's classes, so only the type checker can be told.
        super().connection_made(cast("Transport", transport))
        self._at_once = getattr(self.app, "at_once", None)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._head_done()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Stop, once the answer in work is there; a request that doesn't come to its end is waited for only so long."""
        super().shutdown()
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and cycle.more_body:
            self.loop.call_later(limits.STOP_BODY_S, self._give_up, cycle)

    def _give_up(self, cycle: RequestResponseCycle) -> None:
        if cycle.more_body:
            self.transport.close()

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
        self._is_parsing = True
        super().data_received(data)
        self._is_parsing = False
        if self._first is not None:
            cycle, app = self._first
            self._first = None
            self._answer(cycle, app)
        if not self._in_head or self.transport.is_closing():
            return
        # What also held the end of the last body counts too; that errs by one read at the most.
        self._head_bytes += len(data)
        if self._head_bytes > limits.REQUEST_HEAD_BYTES_MAX:
            self.send_400_response("The head of the request is too large.")
        elif self._head_timer is None:
            self._wait_for_head()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        # While a piece is parsed, more requests may come to light, and they must queue behind this one.
        if self._is_parsing and self._at_once is not None and app is self.app:
            self._first = cycle, app
        else:
            super()._start_asgi_task(cycle, app)

    def _answer(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        """Write what the application has ready, or begin its task."""
        ready = None
        # A client that does not read is waited for in a task.
        if self._at_once and cycle.keep_alive and not self.flow.write_paused and not self.transport.is_closing():
            ready = self._at_once(cast("dict[str, Any]", cycle.scope))
        if ready is None:
            super()._start_asgi_task(cycle, app)
            return
        lines, body = ready
        head = [b"%b: %b\r\n" % field for field in self.server_state.default_headers]
        cycle.response_started = cycle.response_complete = True
        self.transport.write(b"".join((STATUS_LINE[200], *head, lines, b"\r\n", body)))
        self.on_response_complete()

    def _wait_for_head(self) -> None:
        self._head_timer = self.loop.call_later(limits.REQUEST_HEAD_S, self.transport.close)

    def _head_done(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
