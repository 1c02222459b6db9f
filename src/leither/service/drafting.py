"""Sharing `cur` while it is worked on: what changed becomes blocks as in a backup, and a draft instead of a version.

`cur` then stands on the draft. So what is shared next costs what changed since, and what others make of the draft
meets what is changed here by the stamps, as versions do.
"""

from functools import partial

import msgspec

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.mimei.draft import Draft
from leither.ports import Transaction
from leither.service import tables
from leither.service.complete import forget_eras
from leither.service.derived import prepare_stamping
from leither.service.engines import Engines
from leither.service.gathering import Gathered, gather
from leither.service.holding import drafts, load, save
from leither.service.merge import maximal_tips
from leither.service.pages import fold
from leither.service.private import lease_over, put_version
from leither.service.writers import ensure_writer


def share_cur(engines: Engines, mimei: MimeiId) -> Cid | None:
    """Make a draft of what changed in `cur` since it was shared last; None where nothing did.

    Runs beside readers and writers: what changes meanwhile comes with the next one. Cost: in proportion to the changes.
    Raises: MimeiNotFound, NotTheAuthor, WriterCut, StoreFull.
    """
    with engines.lock(mimei):
        with engines.state.read() as view:
            held = load(engines, view, mimei)
        if not held.row.dirty:
            return None
        engines = held.engines
        with lease_over(engines.blocks, held.below) as lease:
            held = ensure_writer(engines, mimei, lease)
            if held.genesis.type == "file":
                fold(engines, mimei, lease)
            renewed = prepare_stamping(engines, mimei, expire=False) if held.genesis.type == "db" else frozenset()
            gathered = gather(engines, mimei, lease, renewed=renewed)
            if not gathered.is_new:
                gathered.settle_alone(engines)
                return None
            tips = maximal_tips(engines, (held.base,)) if held.base is not None else ()
            draft = Draft(**gathered.fields(), parents=tuple(tips)).signed(engines.identity.node)
            draft = Draft.decode(draft.encode())
            put_version(lease, draft, gathered.side.nodes)
            lease.flush()
            engines.state.write(partial(_share, engines, gathered, draft))
            if held.genesis.type == "db":
                forget_eras(engines, mimei)
    return draft.cid


def _share(engines: Engines, gathered: Gathered, draft: Draft, transaction: Transaction) -> None:
    """Let `cur` stand on the draft, which includes all that it stood on."""
    mimei, cid = gathered.held.id, draft.cid
    for number in drafts(transaction, gathered.held):
        transaction.delete(tables.draft(mimei, number))
    transaction.put(tables.draft(mimei, gathered.held.row.number), cid)
    row = gathered.settle(engines, transaction).row()
    save(transaction, mimei, msgspec.structs.replace(row, draft=cid, seq=gathered.seq))
