"""What goes between this node and others, and which nodes hold a MiMei."""

from contextlib import suppress
from typing import Annotated

from litestar import get
from litestar.params import PathParameter, QueryParameter

from leither import limits
from leither.codec import BlockMissing, Cid
from leither.crypto import id_text
from leither.mimei.version import Version
from leither.ports.network_errors import NetworkOff
from leither.service.holders import HeldBy, compare
from leither.service.holding import Mimei
from leither.service.pair_status import tips_here, where
from leither.service.traffic import Counts
from leither.web.api.context import working_copy
from leither.web.api.describing import known_moment, moment
from leither.web.api.pairs import NotServing, describe_copy
from leither.web.api.parameters import CallerGiven
from leither.web.schema_pairs import CountsInfo, HolderInfo, TipInfo, TrafficInfo, TrafficStretch, WhereInfo

_DAY_S = 24 * 3600


@get("/network/traffic", operation_id="getTraffic", tags=["network"])
async def get_traffic(
    caller: CallerGiven,
    seconds: Annotated[
        int,
        QueryParameter(ge=1, le=_DAY_S, description="Over how long, to ten minutes; an hour if nothing is said."),
    ] = 3600,
) -> TrafficInfo:
    """Say what went to and came from other nodes, by protocol, by peer and over time."""
    caller.principal.require_owner("reading what goes between nodes")
    traffic = caller.context.traffic
    if traffic is None:
        raise NotServing

    def work() -> TrafficInfo:
        return TrafficInfo(
            seconds=seconds,
            protocols=_counts(traffic.by_protocol(seconds)),
            peers=_counts(traffic.by_peer(seconds)),
            stretches=[
                TrafficStretch(known_moment(start), counts.bytes_received, counts.bytes_sent)
                for start, counts in traffic.over_time(seconds)
            ],
        )

    return await caller.run(work)


def _counts(found: dict[str, Counts]) -> list[CountsInfo]:
    """Return them, those that moved most first."""
    ordered = sorted(found.items(), key=lambda pair: (-pair[1].bytes_received - pair[1].bytes_sent, pair[0]))
    return [
        CountsInfo(
            name=name,
            bytes_received=counts.bytes_received,
            bytes_sent=counts.bytes_sent,
            messages_received=counts.messages_received,
            messages_sent=counts.messages_sent,
            streams=counts.streams,
            errors=counts.errors,
        )
        for name, counts in ordered
    ]


@get("/network/where/{id:str}", operation_id="whereIs", tags=["network"])
async def where_is(
    caller: CallerGiven,
    id: Annotated[str, PathParameter(description="The MiMei's id.", max_length=200)],
    look: Annotated[
        bool, QueryParameter(description="Whether to ask on the network as well who holds it now, which takes seconds.")
    ] = False,
) -> WhereInfo:
    """Say which nodes hold a MiMei, which version, and how old that is."""
    caller.principal.require_owner("reading where copies are")
    resolving = caller.context.resolving if look else None

    def work() -> WhereInfo:
        held = caller.catalog.readable(working_copy(id), caller.principal)
        with caller.engines.state.read() as view:
            found = where(caller.engines, view, held.id)
            tips = tips_here(caller.engines, view, held.id)
        holders: list[HeldBy] = []
        if resolving is not None:
            with suppress(NetworkOff):  # then nobody can be asked, and what was told before is all there is
                holders = compare(caller.engines, held.id, resolving.look(held.id, caller.principal))
        return WhereInfo(
            id=id_text(held.id),
            tips=[_tip(held, tip) for tip in tips[: limits.WRITERS_MAX]],
            version=moment(found.version_ms),
            copies=[describe_copy(copy) for copy in found.copies],
            holders=[HolderInfo(one.peer, one.state.value) for one in holders],
        )

    return await caller.run(work)


def _tip(held: Mimei, tip: Cid) -> TipInfo:
    try:
        version = held.engines.record(Version, tip)
    except BlockMissing:
        return TipInfo(tip.text, None, None)
    return TipInfo(tip.text, version.n, moment(version.time))


OPERATIONS = (get_traffic, where_is)
