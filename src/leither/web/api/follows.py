"""What is brought up to date from other nodes, and from which."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

from litestar import delete, get, put
from litestar.params import JSONBody, PathParameter

from leither import limits
from leither.crypto import MimeiId, PeerId, id_text, parse_id, parse_peer_id
from leither.errors import LeitherError, NotFound
from leither.ports.network_errors import NetworkOff
from leither.service.arrival import Arrived
from leither.service.follow_rows import FollowRow, drop_follow, put_follow, read_follows
from leither.service.holding import MimeiNotFound
from leither.web.api.context import Caller
from leither.web.api.copies import settle_copy
from leither.web.api.parameters import CallerGiven
from leither.web.schema_follows import FollowGiven, FollowInfo, SourceInfo

IdGiven = Annotated[str, PathParameter(description="The id of a MiMei.", max_length=32)]


class NotFollowed(NotFound):
    """A MiMei is not followed."""

    code = "not-followed"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(f"{self.id} is not followed; `leither follow` lists what is")


@get("/follows", operation_id="listFollows", tags=["network"])
async def list_follows(caller: CallerGiven) -> Sequence[FollowInfo]:
    """List what is brought up to date from other nodes."""
    caller.principal.require_owner("reading what is followed")

    def read() -> list[FollowInfo]:
        with caller.engines.state.read() as view:
            rows = list(read_follows(view))
        return [_info(caller, mimei, row) for mimei, row in rows]

    return await caller.run(read)


@put("/follows/{id:str}", operation_id="follow", tags=["network"])
async def follow(caller: CallerGiven, id: IdGiven, data: JSONBody[FollowGiven]) -> FollowInfo:
    """Bring a MiMei here from other nodes, and keep it up to date; or do so from more nodes."""
    caller.principal.require_owner("following")
    mimei = MimeiId(parse_id(id))
    return await caller.run(_follow, caller, mimei, data)


@delete("/follows/{id:str}", operation_id="unfollow", tags=["network"])
async def unfollow(caller: CallerGiven, id: IdGiven) -> None:
    """Bring a MiMei up to date no more. What is here of it stays."""
    caller.principal.require_owner("following no more")
    mimei, following = MimeiId(parse_id(id)), caller.context.following

    def drop() -> bool:
        return drop_follow(caller.engines.state, mimei) if following is None else following.unfollow(mimei)

    if not await caller.run(drop):
        raise NotFollowed(mimei)


def _follow(caller: Caller, mimei: MimeiId, given: FollowGiven) -> FollowInfo:
    peers = [_peer(caller, source) for source in given.sources] or _around(caller)
    row = FollowRow(tuple(peers)[: limits.FOLLOW_SOURCES_MAX], given.live, on_demand=given.on_demand)
    with suppress(MimeiNotFound):  # it comes as the row says
        settle_copy(caller, mimei, on_demand=given.on_demand, wait_s=0)
    following = caller.context.following
    if following is None:
        return _info(caller, mimei, put_follow(caller.engines.state, mimei, row))
    kept = following.follow(mimei, row)
    if given.wait_s:
        following.wait(mimei, timeout_s=given.wait_s)
    return _info(caller, mimei, kept)


def _peer(caller: Caller, source: str) -> PeerId:
    """Return the peer that a text names. Raises: NotAPeerId, BadAddress, NetworkOff."""
    if "/" not in source:
        return parse_peer_id(source)
    if caller.context.network is None:
        raise NetworkOff
    return caller.context.network.add(source)


def _around(caller: Caller) -> list[PeerId]:
    """Return the peers that are chosen or connected."""
    if caller.context.network is None:
        return []
    facts = caller.context.network.facts()
    return list(dict.fromkeys([*(each.id for each in facts.kept), *(peer.id for peer in facts.peers)]))


def _info(caller: Caller, mimei: MimeiId, row: FollowRow) -> FollowInfo:
    following = caller.context.following
    last = {} if following is None else following.last(mimei)
    peers = dict.fromkeys((*row.peers, *last))
    sources = [_source(peer, last.get(peer)) for peer in peers]
    return FollowInfo(id=id_text(mimei), live=row.live, on_demand=row.on_demand, sources=sources)


def _source(peer: PeerId, last: LeitherError | Arrived | None) -> SourceInfo:
    arrived = last if isinstance(last, Arrived) else None
    error = last if isinstance(last, LeitherError) else None
    return SourceInfo(
        peer=peer,
        state=arrived.state if arrived is not None else None,
        versions=arrived.versions if arrived is not None else 0,
        error=error.code if error is not None else None,
        message=str(error) if error is not None else None,
    )


OPERATIONS = (list_follows, follow, unfollow)
