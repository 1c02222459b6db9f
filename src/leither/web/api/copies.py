"""How much of a MiMei is on this node: all of it, or its files when they are read."""

import anyio.to_thread
from litestar import get, put
from litestar.params import JSONBody

from leither.crypto import MimeiId
from leither.service.copies import Copy, count_copy
from leither.service.demand_switch import begin_to_fill, put_on_demand
from leither.web.api.context import Caller
from leither.web.api.parameters import REF, CallerGiven, Ref
from leither.web.schema_copies import CopyGiven, CopyInfo


@get(f"{REF}/copy", operation_id="getCopy", tags=["network"])
async def get_copy(caller: CallerGiven, ref: Ref) -> CopyInfo:
    """Tell how much of a MiMei is on this node."""

    def read() -> CopyInfo:
        return describe_copy(_copy(caller, caller.own(ref, "reading how much of it is here").id))

    return await caller.run(read)


@put(f"{REF}/copy", operation_id="setCopy", tags=["network"])
async def set_copy(caller: CallerGiven, ref: Ref, data: JSONBody[CopyGiven]) -> CopyInfo:
    """Let the files of a MiMei come when they are read, or all of it by and by."""

    def work() -> CopyInfo:
        mimei = caller.own(ref, "changing how much of it is here").id
        settle_copy(caller, mimei, on_demand=data.on_demand, wait_s=data.wait_s)
        return describe_copy(_copy(caller, mimei))

    return await anyio.to_thread.run_sync(work, limiter=caller.context.lookups, abandon_on_cancel=True)


def settle_copy(caller: Caller, mimei: MimeiId, *, on_demand: bool, wait_s: int) -> None:
    """Let a MiMei that is here be on demand, or be whole, and wait for that. Raises: why it can't be."""
    if on_demand:
        put_on_demand(caller.engines, mimei)
    elif begin_to_fill(caller.engines, mimei) and caller.context.filling is not None:
        caller.context.filling.wait(mimei, timeout_s=wait_s)


def describe_copy(copy: Copy) -> CopyInfo:
    """Return how much is here, as the API says it."""
    return CopyInfo(
        on_demand=copy.on_demand,
        fills=copy.fills,
        here_bytes=copy.here_bytes,
        total_bytes=copy.total_bytes,
        error=copy.error.code if copy.error is not None else None,
        message=str(copy.error) if copy.error is not None else None,
    )


def _copy(caller: Caller, mimei: MimeiId) -> Copy:
    filling = caller.context.filling
    return count_copy(caller.engines, mimei) if filling is None else filling.copy(mimei)


OPERATIONS = (get_copy, set_copy)
