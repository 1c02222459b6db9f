"""Writes the audit every few seconds while there is something to write, beside everything else."""

import logging
import threading

from leither import limits
from leither.errors import LeitherError
from leither.service.audit import Audit

LOGGER = logging.getLogger("leither.node.audit")


class AuditWriter:
    """Sleeps until something waits; what can't be written is tried again."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._woken = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="leither-audit", daemon=True)
        audit.wake = self._woken.set
        self._thread.start()

    def close(self) -> None:
        """Write what waits, and end. To be called before the stores close."""
        self._closed.set()
        self._woken.set()
        self._thread.join()
        self._write()

    def _work(self) -> None:
        while not self._closed.is_set():
            self._woken.wait()
            self._woken.clear()
            while not self._closed.wait(limits.AUDIT_WRITE_S):
                self._write()
                if self._audit.is_idle:
                    break

    def _write(self) -> None:
        try:
            self._audit.write()
        except LeitherError as error:
            LOGGER.warning("who did what was not written down, and is kept in memory: %s", error)
