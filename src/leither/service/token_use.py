"""When tokens were last used: remembered at once, written down now and then, beside the requests."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from leither import limits
from leither.errors import LeitherError

LOGGER = logging.getLogger("leither.service.tokens")


class TokenUse:
    """The last uses of tokens by their keys, ms. Thread-safe.

    `write` keeps one durably; it is called in a thread of its own, for each token at most once in
    limits.TOKEN_USE_STEP_S. What fails to be kept is tried again after that time.
    """

    def __init__(self, write: Callable[[bytes, int], object]) -> None:
        self._write = write
        self._last: dict[bytes, int] = {}
        self._told: dict[bytes, int] = {}
        self._guard = threading.Lock()
        self._writer: ThreadPoolExecutor | None = None
        self._closed = False

    def note(self, key: bytes, now_ms: int, *, kept_ms: int) -> None:
        """Remember that a token was used now, without waiting for the disk. `kept_ms`: what is kept, 0 for nothing."""
        with self._guard:
            self._last[key] = now_ms
            told_ms = max(kept_ms, self._told.get(key, 0))
            if self._closed or now_ms - told_ms < limits.TOKEN_USE_STEP_S * 1000:
                return
            self._told[key] = now_ms
            if self._writer is None:
                self._writer = ThreadPoolExecutor(1, "leither-token-use")
            self._writer.submit(self._keep, key, now_ms)

    def last_ms(self, key: bytes) -> int:
        """Return when a token was last used as far as is remembered, else 0."""
        with self._guard:
            return self._last.get(key, 0)

    def forget(self, key: bytes) -> None:
        """Forget a token that ended."""
        with self._guard:
            self._last.pop(key, None)
            self._told.pop(key, None)

    def close(self) -> None:
        """Wait until all that was to be kept is kept. Idempotent."""
        with self._guard:
            self._closed = True
        if self._writer is not None:
            self._writer.shutdown()

    def _keep(self, key: bytes, now_ms: int) -> None:
        try:
            self._write(key, now_ms)
        except LeitherError as error:
            LOGGER.warning("the last use of a token was not kept: %s", error)
