"""The end of a process that was told to stop and doesn't: what still runs in it is left where it is.

Nothing that was acknowledged is lost: a node that is killed at any moment begins again where it was.
"""

import faulthandler
import os
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from leither import limits

STATUS = 1


class LastResort:
    """Ends the process `limits.STOP_HARD_S` after `begin`, unless the context was left by then."""

    def __init__(self, end: Callable[[int], object] = os._exit) -> None:
        self._end = end
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def begin(self) -> None:
        """Begin to wait. Callable from a signal handler, and more than once."""
        if self._timer is None:
            self._timer = threading.Timer(limits.STOP_HARD_S, self.act)
            self._timer.daemon = True
            self._timer.start()

    def act(self) -> None:
        """Say what still runs, and end the process."""
        print(
            f"leither: something was still at work {limits.STOP_HARD_S} s after the node was told to stop; it is left "
            "undone, and nothing that was acknowledged is lost",
            file=sys.stderr,
            flush=True,
        )
        if os.environ.get("LEITHER_DEBUG"):
            faulthandler.dump_traceback(sys.stderr)
        self._end(STATUS)
