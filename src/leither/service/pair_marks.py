"""Marks: a few bytes that stand for where a MiMei is, its control and the heads of its writers.

Two nodes with the same mark hold the same, whether they can read it or not.
"""

import hashlib
from collections.abc import Iterable, Iterator

from leither.crypto import KeyId, MimeiId
from leither.ports import View
from leither.service.demand_rows import read_demand
from leither.service.engines import Engines
from leither.service.holding import Mimei, MimeiNotFound, heads, load, load_all
from leither.service.kept import find_shelf
from leither.service.pair_rows import PairRow, is_wished
from leither.wire.keep_messages import MARK_BYTES, Wished


def mark(control: bytes, heads: Iterable[bytes]) -> bytes:
    """Return the mark of a control and heads, by their CIDs."""
    return hashlib.sha256(b"".join((control, *sorted(heads)))).digest()[:MARK_BYTES]


def mark_of(engines: Engines, view: View, held: Mimei) -> bytes:
    """Return the mark of a MiMei that is here."""
    return mark(held.row.control, (bytes(cid) for _, _, cid in heads(engines, view, held.id)))


def mark_here(engines: Engines, view: View, mimei: MimeiId, author: bytes = b"") -> tuple[bytes, int] | None:
    """Return the mark of what is here of a MiMei, and how large it is; None if nothing is.

    Args: author: whose what is kept of it sealed is, empty where it isn't.
    """
    found = find_shelf(engines, view, KeyId(author), mimei) if author else None
    if found is not None:
        shelf, size_bytes = found
        return mark(shelf.control, shelf.heads), size_bytes
    try:
        held = load(engines, view, mimei)
    except MimeiNotFound:
        return None
    return mark_of(engines, view, held), held.row.size_bytes


def mark_kept(engines: Engines, view: View, mimei: MimeiId, author: bytes = b"") -> tuple[bytes, int] | None:
    """Return what `mark_here` does of what is here whole; None of what is on demand: nobody may count on that."""
    return mark_here(engines, view, mimei, author) if read_demand(view, mimei) is None else None


def wishes(engines: Engines, view: View, row: PairRow) -> Iterator[Wished]:
    """Yield what a paired node is to keep, by id: of what was chosen all that has a version."""
    for held in load_all(engines, view):
        if is_wished(row, held) and held.base is not None:
            yield Wished(held.id, mark_of(engines, view, held), held.is_private)
