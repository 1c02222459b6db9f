"""What is not here and may be elsewhere: a read that finds nothing here is tried again once it was brought here."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from leither import limits
from leither.crypto import parse_id
from leither.crypto.ids import MimeiId
from leither.errors import NotFound
from leither.people import Principal
from leither.ports.network_errors import NetworkOff
from leither.service.holding import MimeiNotFound
from leither.service.resolving import Resolving

T = TypeVar("T")


class Elsewhere:
    """Brings MiMei here for readings that miss them. Nothing is done where there is no network."""

    def __init__(self, resolving: Resolving | None = None) -> None:
        self._resolving = resolving
        self._limiter: anyio.CapacityLimiter | None = None

    async def read(self, work: Callable[[], Awaitable[T]], principal: Principal) -> T:
        """Return what `work` returns, which only reads; if it misses a MiMei, after bringing that here.

        What may not be read is looked for as well, so that it can't be told from what is absent. Raises: what `work`
        raises; OnlyOlder, HolderChanged, TooManyLookups, what taking it in raises.
        """
        try:
            return await work()
        except MimeiNotFound as absent:
            resolving = self._resolving
            if resolving is None or not resolving.may_look(principal):
                raise
            try:
                await self._fetch(resolving, MimeiId(parse_id(absent.id)), principal)
            except (NotFound, NetworkOff):
                raise absent from None
        return await work()

    async def _fetch(self, resolving: Resolving, mimei: MimeiId, principal: Principal) -> None:
        """Look for a MiMei in a thread that nothing else waits for."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(limits.LOOKUP_THREADS_MAX)
        await anyio.to_thread.run_sync(
            lambda: resolving.fetch(mimei, principal), limiter=self._limiter, abandon_on_cancel=True
        )
