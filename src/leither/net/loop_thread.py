"""The network's event loop, in a thread of its own, and the way into it from other threads."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, TypeVar

from leither.errors import Conflict

T = TypeVar("T")


class NetworkClosed(Conflict):
    """The network was closed while something was asked of it."""

    code = "network-closed"

    def __init__(self) -> None:
        super().__init__("the network is closed, as the node stops or switches it over; ask again")


class LoopThread:
    """Started at once. Everything but `run` and `post` is for whoever made it."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._guard = threading.Lock()
        self._open = True
        self._thread = threading.Thread(target=self._turn, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], timeout_s: float) -> T:
        """Do `work` in the loop and return what it returns. Raises: TimeoutError, NetworkClosed, what `work` does."""
        with self._guard:
            if not self._open:
                work.close()
                raise NetworkClosed
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout_s)
        except FutureTimeoutError:
            future.cancel()
            raise TimeoutError from None
        except CancelledError:
            raise NetworkClosed from None

    def post(self, call: Callable[..., object], *arguments: object) -> None:
        """Call something in the loop soon. Nothing happens once it is stopped."""
        with self._guard:
            if self._open:
                self._loop.call_soon_threadsafe(call, *arguments)

    def stop(self) -> None:
        """Cancel what still runs, and end the thread. Idempotent."""
        with self._guard:
            if not self._open:
                return
            self._open = False
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _turn(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()
