"""Bringing MiMei here from other nodes."""

from typing import Annotated

import anyio.to_thread
from litestar import post
from litestar.params import QueryParameter

from leither import limits
from leither.mimei.address import CUR, parse_address
from leither.ports.network_errors import NetworkOff
from leither.service.holding import load
from leither.service.resolving import Fetched, Resolving
from leither.web.api.context import Caller
from leither.web.api.copies import settle_copy
from leither.web.api.describing import describe_mimei
from leither.web.api.parameters import REF, CallerGiven, Ref
from leither.web.schema_resolving import FetchDone


def _resolving(caller: Caller) -> Resolving:
    """Return what finds MiMei elsewhere, for a resident. Raises: Denied, NetworkOff."""
    caller.principal.require_resident("bringing a MiMei here from other nodes")
    if caller.context.resolving is None:
        raise NetworkOff
    return caller.context.resolving


@post(f"{REF}/fetch", status_code=200, operation_id="fetchMimei", tags=["network"])
async def fetch_mimei(
    caller: CallerGiven,
    ref: Ref,
    on_demand: Annotated[bool, QueryParameter(description="Whether its files are to come when they are read.")] = False,
    wait_s: Annotated[
        int, QueryParameter(ge=0, le=limits.FILL_WAIT_S_MAX, description="How long to wait until all of it is here.")
    ] = limits.FILL_WAIT_S_MAX,
) -> FetchDone:
    """Look for a MiMei on other nodes, and bring it here or up to date. With a selector, that version must be there."""
    address, resolving = parse_address(ref), _resolving(caller)

    def work() -> Fetched:
        found = resolving.fetch(address.id, caller.principal, again=True)
        if not on_demand:
            settle_copy(caller, address.id, on_demand=False, wait_s=wait_s)
        return found

    fetched = await anyio.to_thread.run_sync(work, limiter=caller.context.lookups, abandon_on_cancel=True)

    def describe() -> FetchDone:
        with caller.engines.state.read() as view:
            mimei = load(caller.engines, view, address.id)
            if address.version not in (None, CUR):
                caller.readable(view, mimei, address.version)
            info = describe_mimei(caller, view, mimei)
        arrived = fetched.arrived
        return FetchDone(
            state=arrived.state,  # type: ignore[arg-type]  # one of those that `Arrived` names
            versions=arrived.versions,
            peer=fetched.peer,
            holders=fetched.holders,
            mimei=info,
        )

    return await caller.run(describe)


OPERATIONS = (fetch_mimei,)
