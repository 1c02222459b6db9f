"""This node as a writer: its number in `control`, the heads it signs, and where they leave the MiMei."""

import msgspec

from leither.codec import Cid
from leither.crypto import MimeiId, id_text
from leither.errors import Conflict
from leither.mimei.control import Control, WriterEntry
from leither.mimei.head import Head, Release, winning_release
from leither.people import ALL, Act
from leither.ports import Lease, Transaction
from leither.service import tables
from leither.service.catalog import sign_control
from leither.service.engines import Engines
from leither.service.holding import Holding, Mimei, contents_below, heads, load, save
from leither.service.private import clear, sealed_form
from leither.service.versions import number
from leither.service.writer_number import writer_number


class WriterCut(Conflict):
    """This node was cut off from writing the MiMei."""

    code = "writer-cut"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(
            f"the author of {self.id} has cut this node off as a writer; fork it to go on with what is here, "
            "or ask the author"
        )


def ensure_writer(engines: Engines, mimei: MimeiId, lease: Lease) -> Mimei:
    """Return the MiMei with this node as one of its writers, adding it by a new control where the person is the author.

    Raises: NotTheAuthor, WriterCut.
    """
    node = engines.identity.node
    with engines.state.read() as view:
        held = load(engines, view, mimei)
        standing = held.control.writer(node.public)
        if standing is not None and held.control.cut_of(standing.number) is not None:
            raise WriterCut(mimei)
        if standing is not None and held.row.number == standing.number:
            return held
        seen = held_seen(engines, held)
    control, writer = held.control, standing
    if writer is None:
        taken = {entry.number for entry in control.writers} | set(seen) | {cut.number for cut in control.cut}
        writer = WriterEntry(writer_number(mimei, node.public, taken), node.public, int(ALL))
        writers = tuple(sorted((*control.writers, writer), key=lambda entry: entry.number))
        control = sign_control(engines, held, writers=writers)
        clear(lease).put(control.block)
        lease.flush()

    def join(transaction: Transaction) -> Mimei:
        row = load(engines, transaction, mimei).row
        save(transaction, mimei, msgspec.structs.replace(row, control=control.cid, number=writer.number))
        return load(engines, transaction, mimei)

    return engines.state.write(join)


def held_seen(engines: Engines, mimei: Mimei) -> dict[int, int]:
    """Return `seen` of what is below `cur`."""
    below = contents_below(mimei)
    return below.seen_map if below else {}


def next_head(engines: Engines, held: Mimei, *, tip: Cid, release: Release | None) -> Head:
    """Return this node's signed head that follows its last."""
    return Head(
        mimei=held.id,
        epoch=held.control.epoch,
        seq=held.row.seq + 1,
        tip=tip,
        sealed=sealed_form(held.engines.blocks, tip),
        prev=Cid(held.row.head) if held.row.head else None,
        release=release,
        by=engines.identity.node.public,
    ).signed(engines.identity.node)


def own_release(engines: Engines, held: Mimei) -> Release | None:
    """Return the release that this node's last head put forward."""
    return engines.record(Head, Cid(held.row.head)).release if held.row.head else None


def advance(
    engines: Engines, transaction: Transaction, mimei: MimeiId, row: Holding, head: Head | None, tip: Cid
) -> None:
    """Write `row` with `tip` as what `cur` stands on, this node's new `head` if any, and the release that wins."""
    if head is not None:
        transaction.put(tables.head(mimei, row.number), head.cid)
        row = msgspec.structs.replace(row, seq=head.seq, head=head.cid)
    number(engines, transaction, mimei, tip)
    save(transaction, mimei, with_release(engines, transaction, mimei, msgspec.structs.replace(row, base=tip)))


def with_release(engines: Engines, transaction: Transaction, mimei: MimeiId, row: Holding) -> Holding:
    """Return `row` with the release that wins among all heads; one whose version was dropped does not count."""
    control = engines.record(Control, Cid(row.control))
    release = winning_release(
        (writer, found)
        for writer, found, _ in heads(engines, transaction, mimei)
        if may_release(control, writer) and (found.release is None or found.release.version not in control.dropped)
    )
    held = release is not None and transaction.get(tables.known(mimei, release.version)) is not None
    return msgspec.structs.replace(row, release=release.version if release is not None and held else b"")


def may_release(control: Control, writer: int) -> bool:
    """Tell whether the writer's word on the release counts."""
    entry = next((entry for entry in control.writers if entry.number == writer), None)
    return entry is not None and bool(Act(entry.rights) & Act.RELEASE)
