"""Serving, in the foreground until a signal comes or beside a command until it is done."""

import asyncio
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext

from leither.http.asgi import App
from leither.node import pace
from leither.web.serve import More, no_more, run, serve

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
Door = Callable[[], AbstractAsyncContextManager[object]]
"""Opens a further front door in the running loop, for as long as the context lasts."""


class _Serving:
    """One run of the server: how it is stopped, and what went wrong once it served."""

    def __init__(self, started: Callable[[], object], beside: Door = nullcontext, more: More = no_more) -> None:
        self._started = started
        self._beside = beside
        self._more = more
        self._stop: asyncio.Event | None = None
        self._stopped = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.failure: BaseException | None = None

    def stop(self) -> None:
        """Let the server finish. Callable from any thread and from a signal handler."""
        self._stopped = True  # before it served, it is looked at when it does
        loop, stop = self._loop, self._stop
        if loop is not None and stop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)

    def _ready(self) -> None:
        try:
            self._started()
        except BaseException as error:
            # Here it would end a task that nobody waits for, so it ends the server, and is raised behind it.
            self.failure = error
            self.stop()

    async def main(self, app: App, sockets: Sequence[socket.socket]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        if self._stopped:
            self._stop.set()
        async with self._beside():
            await serve(app, sockets, stop=self._stop, ready=self._ready, more=self._more)


def serve_until_signalled(
    app: App,
    sockets: Sequence[socket.socket],
    *,
    started: Callable[[], object],
    beside: Door,
    more: More = no_more,
    stopping: Callable[[], object] = lambda: None,
) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is in work; `beside` and `more` as well. Only in the main thread.

    `stopping` is called when the signal comes. The handlers are set even where the parent has the signals ignored, as
    `make` does for what runs beside it.
    """

    def ready() -> None:
        pace.settle()
        started()

    pace.take_turns()
    serving = _Serving(ready, beside, more)

    def stop(*_: object) -> None:
        stopping()
        serving.stop()

    before = [signal.signal(number, stop) for number in _SIGNALS]
    try:
        run(serving.main(app, sockets))
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, handler)
    if serving.failure is not None:
        raise serving.failure


@contextmanager
def serving_in_thread(
    app: App, sockets: Sequence[socket.socket], *, beside: Door = nullcontext, more: More = no_more
) -> Iterator[None]:
    """Serve beside the caller while the context lasts. Raises: what kept the server from starting."""
    up = threading.Event()
    serving = _Serving(up.set, beside, more)
    faults: list[BaseException] = []

    def work() -> None:
        try:
            run(serving.main(app, sockets))
        except BaseException as error:
            faults.append(error)
        finally:
            up.set()

    thread = threading.Thread(target=work, name="node")
    thread.start()
    try:
        up.wait()
        if faults:
            raise faults[0]
        yield
    finally:
        serving.stop()
        thread.join()


def log_to_standard_error(level: str) -> None:
    """Write log lines of `level` and above to standard error."""
    logging.basicConfig(
        stream=sys.stderr, level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
