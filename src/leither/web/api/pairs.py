"""Paired nodes: pairing by a code, what each keeps for the other, and where copies are."""

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import delete, get, patch, post
from litestar.params import JSONBody, PathParameter
from msgspec import UNSET

from leither.crypto import KeyId, MimeiId, PeerId, id_text, key_id, parse_id
from leither.errors import Conflict
from leither.ports import View
from leither.service.pair_rows import PairRow, change_pair, find_pair, peer_of, read_kept, read_pairs, read_told
from leither.service.pair_status import Backed, Copy, backed, kept_here
from leither.service.pairs import Pairs
from leither.web.api.context import Caller
from leither.web.api.describing import known_moment, moment
from leither.web.api.parameters import CallerGiven
from leither.web.schema_pairs import (
    BackedInfo,
    BackupStatus,
    CodeEntered,
    CodeInfo,
    CodeWanted,
    CopyInfo,
    KeptInfo,
    PairChange,
    PairInfo,
)
from leither.wire.pairing_code import OpenCode, read_invitation, shown_code, write_invitation

PairRef = Annotated[
    str, PathParameter(description="The name of a paired node, or the beginning of its peer id.", max_length=200)
]


class NotServing(Conflict):
    """The node does not run, so it speaks with no others."""

    code = "not-serving"

    def __init__(self) -> None:
        super().__init__("the node does not run, so it can't speak with others; start it with `leither up`")


class NoCodeShown(Conflict):
    """No code is shown."""

    code = "no-code-shown"

    def __init__(self) -> None:
        super().__init__("this node shows no pairing code; `leither pair` shows one")


def _pairs(caller: Caller, what: str) -> Pairs:
    """Return the paired nodes, for the owner. Raises: Denied, NotServing."""
    caller.principal.require_owner(what)
    if caller.context.pairs is None:
        raise NotServing
    return caller.context.pairs


def _connected(caller: Caller) -> set[PeerId]:
    network = caller.context.network
    return {peer.id for peer in network.facts().peers} if network is not None else set()


def _shown(caller: Caller, view: View, node: bytes, row: PairRow) -> PairInfo:
    kept = [one for _, one in read_kept(view, node)]
    peer = peer_of(node)
    return PairInfo(
        name=row.name,
        peer=peer,
        person=id_text(key_id(row.person)),
        since=known_moment(row.since_ms),
        met=moment(row.met_ms),
        connected=peer in _connected(caller),
        quota=row.quota,
        given=row.given,
        everything=row.everything,
        chosen=[id_text(KeyId(mimei)) for mimei in row.chosen],
        keeps=sum(1 for _, told in read_told(view, node) if told.mark),
        kept=sum(1 for one in kept if one.mark),
        kept_bytes=sum(one.size_bytes for one in kept),
    )


@get("/network/pairs", operation_id="listPairs", tags=["network"])
async def list_pairs(caller: CallerGiven) -> Sequence[PairInfo]:
    """List the nodes with which this one is paired."""
    caller.principal.require_owner("listing paired nodes")

    def work() -> Sequence[PairInfo]:
        with caller.engines.state.read() as view:
            return [_shown(caller, view, node, row) for node, row in list(read_pairs(view))]

    return await caller.run(work)


@post("/network/pairs/code", status_code=200, operation_id="showPairingCode", tags=["network"])
async def show_code(caller: CallerGiven, data: JSONBody[CodeWanted]) -> CodeInfo:
    """Show a code by which one node pairs with this one, in the place of the one that was shown before."""
    pairs = _pairs(caller, "pairing")
    code = await caller.run(lambda: pairs.pairing.show(quota=data.quota, name=data.name))
    return await caller.run(lambda: _code(caller, code))


@get("/network/pairs/code", operation_id="getPairingCode", tags=["network"])
async def get_code(caller: CallerGiven) -> CodeInfo:
    """Say how the code stands that was shown last."""
    code = _pairs(caller, "pairing").pairing.shown()
    if code is None:
        raise NoCodeShown
    return await caller.run(lambda: _code(caller, code))


@delete("/network/pairs/code", operation_id="hidePairingCode", tags=["network"])
async def hide_code(caller: CallerGiven) -> None:
    """Let the code that is shown work no longer."""
    _pairs(caller, "pairing").pairing.hide()


def _code(caller: Caller, code: OpenCode) -> CodeInfo:
    network = caller.context.network
    addresses = list(network.facts().addresses) if network is not None else []
    state = "open" if code.is_good(caller.engines.clock.now_ms()) else "ended"
    by = code.paired_with or code.guessed_by
    if by is not None:
        state = "paired" if code.paired_with is not None else "guessed"
    return CodeInfo(
        code=shown_code(code.code),
        expires=known_moment(code.until_ms),
        state=state,  # type: ignore[arg-type]
        by=by,
        addresses=addresses,
        invitation=write_invitation(addresses[0], code.code) if addresses else None,
    )


@post("/network/pairs", operation_id="pair", tags=["network"])
async def pair(caller: CallerGiven, data: JSONBody[CodeEntered]) -> PairInfo:
    """Pair with the node that shows a code. Without an address it is the one connected node that pairs."""
    pairs = _pairs(caller, "pairing")

    def work() -> PairInfo:
        address, code = read_invitation(data.code)
        node, row = pairs.pairing.enter(code, data.address or address, quota=data.quota, name=data.name)
        with caller.engines.state.read() as view:
            return _shown(caller, view, node, row)

    return await caller.run(work)


@post("/network/pairs/sync", status_code=200, operation_id="syncPairs", tags=["network"])
async def sync_pairs(caller: CallerGiven) -> None:
    """Have all paired nodes told anew what to keep, and what they want kept brought, as soon as they are reached."""
    pairs = _pairs(caller, "speaking with paired nodes")

    def work() -> None:
        for node, _ in pairs.all():
            pairs.wake(node)

    await caller.run(work)


@patch("/network/pairs/{pair:str}", operation_id="changePair", tags=["network"])
async def change(caller: CallerGiven, pair: PairRef, data: JSONBody[PairChange]) -> PairInfo:
    """Rename a paired node, change what it may have kept here, or choose what it keeps."""
    caller.principal.require_owner("changing a paired node")

    def work() -> PairInfo:
        changes: dict[str, Any] = {
            name: value
            for name, value in (("name", data.name), ("quota", data.quota), ("everything", data.everything))
            if value is not UNSET
        }
        if data.chosen is not UNSET:
            changes["chosen"] = tuple(sorted({bytes(parse_id(one)) for one in data.chosen}))
        with caller.engines.state.read() as view:
            node, _ = find_pair(view, pair)
        row = change_pair(caller.engines.state, node, **changes)
        if caller.context.pairs is not None:
            caller.context.pairs.wake(node)
        with caller.engines.state.read() as view:
            return _shown(caller, view, node, row)

    return await caller.run(work)


@delete("/network/pairs/{pair:str}", operation_id="unpair", tags=["network"])
async def unpair(caller: CallerGiven, pair: PairRef) -> None:
    """Be paired no more. What was kept sealed for that node is let go of; what is public stays as any MiMei does."""
    pairs = _pairs(caller, "unpairing")

    def work() -> None:
        node, _ = pairs.find(pair)
        pairs.unpair(node)

    await caller.run(work)


@get("/network/backup-status", operation_id="getBackupStatus", tags=["network"])
async def get_backup_status(caller: CallerGiven) -> BackupStatus:
    """Say of all that is the owner's where copies are and how old, and what is kept here for others."""
    caller.principal.require_owner("reading where copies are")

    def work() -> BackupStatus:
        with caller.engines.state.read() as view:
            own = list(backed(caller.engines, view))
            kept = [
                KeptInfo(
                    id=id_text(MimeiId(mimei)),
                    name=row.name,
                    peer=peer_of(node),
                    sealed=one.sealed,
                    current=bool(one.mark) and one.mark == one.wished,
                    at=moment(one.at_ms),
                    bytes=one.size_bytes,
                    reason=one.reason,
                )
                for node, row, mimei, one in kept_here(view)
            ]
        return BackupStatus(
            [_backed(one) for one in own], kept, all(one.is_safe for one in own if one.version_ms or one.unsaved)
        )

    return await caller.run(work)


def _backed(one: Backed) -> BackedInfo:
    topic = one.mimei.genesis
    return BackedInfo(
        id=id_text(one.mimei.id),
        type=topic.type,
        app=topic.app,
        mark=topic.mark,
        private=one.mimei.is_private,
        version=moment(one.version_ms),
        unsaved=one.unsaved,
        safe=one.is_safe,
        copies=[describe_copy(copy) for copy in one.copies],
    )


def describe_copy(copy: Copy) -> CopyInfo:
    """Return a copy as the API shows it."""
    return CopyInfo(
        name=copy.name,
        peer=copy.peer,
        state=copy.state.value,
        at=moment(copy.at_ms),
        current=moment(copy.current_ms),
        bytes=copy.size_bytes,
        reason=copy.reason,
    )


OPERATIONS = (
    list_pairs,
    show_code,
    get_code,
    hide_code,
    pair,
    sync_pairs,
    change,
    unpair,
    get_backup_status,
)
