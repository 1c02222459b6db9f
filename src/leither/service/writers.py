"""This node as a writer: its number in `control`, the heads it signs, and where they leave the MiMei."""

import hashlib

import msgspec

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.mimei.control import Control, WriterEntry
from leither.mimei.head import Head, Release, winning_release
from leither.people import ALL, Act
from leither.ports import Lease, Transaction
from leither.service import tables
from leither.service.catalog import sign_control
from leither.service.engines import Engines
from leither.service.holding import Holding, Mimei, base_version, heads, load, save
from leither.service.versions import number

_NUMBERS = 1 << 16


def free_number(key: bytes, taken: set[int], *, above: int = 1) -> int:
    """Return a writer number for `key` that is not taken.

    It follows from the key, so that two nodes that add themselves, not knowing of each other, don't choose the same.
    """
    start = int.from_bytes(hashlib.sha256(key).digest()[:2], "big")
    for step in range(_NUMBERS):
        candidate = above + 1 + (start + step) % _NUMBERS
        if candidate not in taken:
            return candidate
    raise AssertionError("limits.WRITERS_MAX is far below the numbers there are")


def ensure_writer(engines: Engines, mimei: MimeiId, lease: Lease) -> Mimei:
    """Return the MiMei with this node as one of its writers, adding it by a new control where the person is the author.

    Raises: NotTheAuthor.
    """
    node = engines.identity.node
    with engines.state.read() as view:
        held = load(engines, view, mimei)
        standing = held.control.writer(node.public)
        if standing is not None and held.row.number == standing.number:
            return held
        seen = held_seen(engines, held)
    control, writer = held.control, standing
    if writer is None:
        taken = {entry.number for entry in control.writers} | set(seen) | {cut.number for cut in control.cut}
        writer = WriterEntry(free_number(node.public, taken), node.public, int(ALL))
        writers = tuple(sorted((*control.writers, writer), key=lambda entry: entry.number))
        control = sign_control(engines, held, writers=writers)
        lease.put(control.block)
        lease.flush()

    def join(transaction: Transaction) -> Mimei:
        row = load(engines, transaction, mimei).row
        save(transaction, mimei, msgspec.structs.replace(row, control=control.cid, number=writer.number))
        return load(engines, transaction, mimei)

    return engines.state.write(join)


def held_seen(engines: Engines, mimei: Mimei) -> dict[int, int]:
    """Return `seen` of the version below `cur`."""
    base = base_version(engines, mimei)
    return base.seen_map if base else {}


def next_head(engines: Engines, held: Mimei, *, tip: Cid, release: Release | None) -> Head:
    """Return this node's signed head that follows its last."""
    return Head(
        mimei=held.id,
        epoch=held.control.epoch,
        seq=held.row.seq + 1,
        tip=tip,
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
    control = engines.record(Control, Cid(row.control))
    release = winning_release(
        (writer, found) for writer, found, _ in heads(engines, transaction, mimei) if may_release(control, writer)
    )
    held = release is not None and transaction.get(tables.known(mimei, release.version)) is not None
    save(
        transaction,
        mimei,
        msgspec.structs.replace(row, base=tip, release=release.version if release is not None and held else b""),
    )


def may_release(control: Control, writer: int) -> bool:
    """Tell whether the writer's word on the release counts."""
    entry = next((entry for entry in control.writers if entry.number == writer), None)
    return entry is not None and bool(Act(entry.rights) & Act.RELEASE)
