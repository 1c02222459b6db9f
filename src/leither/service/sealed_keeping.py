"""Keeping private MiMei of others without their key: what came is checked as far as it shows, kept, and given back.

Control and heads stand in the clear and are signed, so a keeper never goes back behind what it knew, and nobody makes
it put one writer's word in another's place. Blocks are sealed; names and links of theirs are checked without a key.
"""

from collections.abc import Sequence

from leither.codec import BlockMissing, Cid
from leither.codec.sealed import walk
from leither.crypto import ID_BYTES, MimeiId
from leither.mimei.control import Control
from leither.mimei.head import Head
from leither.mimei.revoking import undone
from leither.ports import Lease, View
from leither.service.controls import ControlDiverged, ControlUndone, is_or_follows
from leither.service.engines import Engines
from leither.service.pair_rows import persons_of
from leither.service.proof import Incomplete
from leither.service.proof_of_records import Refused
from leither.service.sealed_kept_rows import SealedRow, put_sealed, read_sealed
from leither.service.sync_offer import Offer
from leither.wire.sync_messages import Listed, Standing


def keep_sealed(
    engines: Engines, lease: Lease, mimei: MimeiId, standing: Standing, listed: Sequence[Listed]
) -> SealedRow:
    """Keep what came of a private MiMei, over what was kept of it before; return what is kept now.

    Args: listed: the versions of all pages. Raises: Refused, Incomplete, NotARecord, BadSignature, NotSealed,
        ControlUndone, ControlDiverged, StoreFull. Cost: reads every sealed block that has links.
    """
    if not standing.sealed:
        raise Refused(mimei, "it was to be private, and comes in the clear")
    with engines.state.read() as view:
        before = read_sealed(view, mimei)
    try:
        control = _control(engines, mimei, standing, before)
        heads = _heads(engines, mimei, control, [*(before.heads if before is not None else ()), *standing.heads])
        versions = dict(before.versions) if before is not None else {}
        versions |= {bytes(one.version): one.numbered for one in listed}
        tips = [head.sealed for head in heads.values() if head.sealed is not None]
        if len(tips) < len(heads):
            raise Refused(mimei, "a head does not say where its version is sealed")
        roots = [Cid(form) for form in versions] + tips + [standing.genesis]
        size_bytes = sum(engines.blocks.size_bytes(cid) for cid in walk(engines.blocks.get, roots))
    except BlockMissing as error:
        raise Incomplete(mimei, "what it is said to hold", [Cid.parse(error.cid)]) from None
    row = SealedRow(
        author=control.by,
        genesis=bytes(standing.genesis),
        control=bytes(control.cid),
        heads=tuple(bytes(cid) for cid in heads),
        versions=tuple(versions.items()),
        size_bytes=size_bytes,
    )
    lease.flush()
    engines.state.write(lambda transaction: put_sealed(transaction, mimei, row))
    return row


def _control(engines: Engines, mimei: MimeiId, standing: Standing, before: SealedRow | None) -> Control:
    came = engines.record(Control, standing.control).check()
    if came.genesis.digest[:ID_BYTES] != mimei:
        raise Refused(mimei, "its control is another MiMei's")
    if before is None:
        return came
    held = engines.record(Control, Cid(before.control))
    if came.by != held.by or standing.genesis != before.genesis:
        raise Refused(mimei, "another author claims it")
    if is_or_follows(engines, held, came.cid):
        return held
    if not is_or_follows(engines, came, held.cid):
        raise ControlDiverged(held.cid, came.cid)
    if (reason := undone(held, came)) is not None:
        raise ControlUndone(came.cid, reason)
    return came


def _heads(engines: Engines, mimei: MimeiId, control: Control, found: Sequence[bytes]) -> dict[Cid, Head]:
    """Return the newest head of each writer, by CID. Of two with one number the one that was known first stays."""
    newest: dict[int, tuple[Cid, Head]] = {}
    for cid in map(Cid, found):
        head = engines.record(Head, cid).check()
        writer = control.writer(head.by)
        if head.mimei != mimei or writer is None:
            raise Refused(mimei, "a head is not by one of its writers")
        cut = control.cut_of(writer.number)
        known = newest.get(writer.number)
        if (cut is None or head.seq <= cut.seq) and (known is None or head.seq > known[1].seq):
            newest[writer.number] = cid, head
    return dict(newest.values())


def sealed_offer(view: View, mimei: MimeiId, keys: Sequence[bytes]) -> Offer | None:
    """Return what who has shown these keys is told of a private MiMei that is kept without its key.

    Its author is told all, and whoever is paired with this node and had it kept.
    """
    row = read_sealed(view, mimei)
    if row is None or not ({row.author} | persons_of(view, mimei)).intersection(keys):
        return None
    heads = tuple(Cid(cid) for cid in row.heads)
    versions = tuple((Cid(form), is_numbered) for form, is_numbered in row.versions)
    return Offer(
        genesis=Cid(row.genesis),
        control=Cid(row.control),
        heads=heads,
        records=(Cid(row.genesis), Cid(row.control), *heads),
        versions=versions,
        plain=(),
        released=False,
        sealed=True,
    )
