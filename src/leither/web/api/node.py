"""The node as a whole: status, settings, verification, garbage."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import QueryParameter

from leither import limits
from leither.crypto import id_text
from leither.ports import Fault, Reclaimed
from leither.service.collect import check, collect
from leither.web.api.context import Caller
from leither.web.api.describing import known_moment
from leither.web.api.parameters import CallerGiven
from leither.web.api.streaming import ByteStream
from leither.web.schema_node import Collected, ConfigRow, FaultInfo, Status, VerifyLine

NDJSON = "application/x-ndjson"


@get("/status", operation_id="getStatus", tags=["node"])
async def get_status(caller: CallerGiven) -> Status:
    """Say how the node stands. What only its owner should know is told to its owner only."""

    def work() -> Status:
        engines, node = caller.engines, caller.context.node
        stats = engines.blocks.stats()
        owner = caller.principal.is_owner
        return Status(
            version=node.version,
            id=id_text(engines.identity.node.id),
            person=id_text(engines.identity.person.id),
            url=caller.reach.url,
            mimei=len(caller.catalog.list(caller.principal)),
            started=known_moment(node.started_ms),
            listening=list(node.listening()),
            blocks=stats.blocks if owner else None,
            bytes_on_disk=stats.bytes_on_disk if owner else None,
            users=len(caller.context.users.list()) if owner else None,
            home=node.home if owner else None,
            memory_bytes=node.memory_bytes() if owner else None,
        )

    return await caller.run(work)


@get("/config", operation_id="getConfig", tags=["node"])
async def get_config(caller: CallerGiven) -> Sequence[ConfigRow]:
    """List the settings, and where each came from."""
    caller.principal.require_owner("reading the settings")
    return list(caller.context.config_rows())


@post("/verify", status_code=200, operation_id="verify", tags=["node"])
async def verify(caller: CallerGiven) -> ByteStream:
    """Read all that is stored and tell what is damaged, as it is found: lines of JSON, the last one `done`."""
    caller.principal.require_owner("verifying the store")
    return ByteStream(caller, lambda: _verify_lines(caller), media_type=NDJSON)


def _verify_lines(caller: Caller) -> Iterator[bytes]:
    faults = checked = read_bytes = told_bytes = 0
    yield _line(VerifyLine(checked=0, bytes=0))
    for found in check(caller.engines):
        if isinstance(found, Fault):
            faults += 1
            cid = found.cid.text if found.cid is not None else None
            yield _line(VerifyLine(fault=FaultInfo(cid, found.where, found.reason)))
            continue
        checked += 1
        read_bytes += found.size_bytes
        if read_bytes - told_bytes >= limits.VERIFY_STEP_BYTES:
            told_bytes = read_bytes
            yield _line(VerifyLine(checked=checked, bytes=read_bytes))
    stats = caller.engines.blocks.stats()
    yield _line(VerifyLine(done=True, faults=faults, blocks=stats.blocks, bytes=stats.bytes_on_disk))


def _line(line: VerifyLine) -> bytes:
    return msgspec.json.encode(line) + b"\n"


@post("/gc", status_code=200, operation_id="collectGarbage", tags=["node"])
async def collect_garbage(
    caller: CallerGiven,
    thorough: Annotated[
        bool, QueryParameter(description="Whether to write files anew, so that nothing deleted is left in them.")
    ] = False,
) -> Collected:
    """Drop the blocks that nothing refers to. Runs beside readers and writers."""
    caller.principal.require_owner("collecting garbage")

    def work() -> tuple[Reclaimed, bool]:
        found = collect(caller.engines, thorough=thorough)
        return found, thorough and caller.engines.state.compact()

    found, compacted = await caller.run(work)
    return Collected(
        found.blocks_kept,
        found.blocks_dropped,
        found.bytes_before,
        found.bytes_after,
        max(0, found.bytes_before - found.bytes_after),
        compacted,
    )


OPERATIONS = (get_status, get_config, verify, collect_garbage)
