"""What `cur` stands on, changed beneath it.

Changes of `cur` that nothing holds yet stay above, where what comes touches other entries: the outcome is then what a
join of both comes to. Where both touched one, the changes are to be shared or backed up first; of who writes that one
without end, the change counts as made after what came.
"""

from collections.abc import Iterable, Sequence

import msgspec

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.db import DERIVED, Cursors, user_key
from leither.db.merging import rewrite
from leither.merkle import EMPTY_MAP, Change
from leither.mimei.contents import Contents
from leither.mimei.path import PATH_TYPE, below, key_path, path_key
from leither.mimei.version import Version
from leither.ports import Transaction
from leither.service import tables
from leither.service.catalog import referrers
from leither.service.complete import CompleteEdit
from leither.service.cur import Edit
from leither.service.database import Call, EditSpace
from leither.service.editing import open_edit
from leither.service.engines import Engines
from leither.service.holding import Holding, Mimei, base_version, contents_below, drafts, heads, load, save
from leither.service.versions import forget_version
from leither.service.writers import advance


class CurChanged(Exception):
    """`cur` has changes of what comes, which neither a version nor a draft holds."""


def stand_on(
    engines: Engines,
    transaction: Transaction,
    mimei: MimeiId,
    tip: Cid | None,
    draft: Cid | None = None,
    *,
    insist: bool = False,
) -> None:
    """Make `tip` the newest version, if there is one, and let `cur` stand on it, or on `draft`, which includes it.

    insist: let changes of `cur` stand over what comes, even where both are of one entry.
    Cost: in proportion to what differs, and to the changes of `cur`. Raises: CurChanged.
    """
    held = load(engines, transaction, mimei)
    engines = held.engines
    before, wanted = contents_below(held), draft or tip
    after = engines.record(Contents, wanted) if wanted is not None else None
    salt = next(contents.salt for contents in (after, before) if contents is not None)
    side = engines.map(after.side if after is not None else EMPTY_MAP.cid, salt)
    changes = side.at(before.side if before is not None else EMPTY_MAP.cid).diff(side)
    editing = open_edit(engines, transaction, held)
    if held.row.dirty:
        if not _includes(after, before):
            raise CurChanged
        _slip_in(editing, list(changes), insist=insist)
        row = editing.row()
    else:
        for key, _, entry in changes:
            editing.refresh(key, entry.value if entry else None)
        size_bytes = after.size_bytes if after is not None else 0
        row = msgspec.structs.replace(editing.row(), size_bytes=size_bytes, entries=side.count())
    _settle(engines, transaction, held, msgspec.structs.replace(row, draft=draft or b""), tip)


def _includes(after: Contents | None, before: Contents | None) -> bool:
    """Tell whether all that `before` holds was seen by `after`."""
    seen = after.seen_map if after is not None else {}
    return before is None or all(seen.get(writer, 0) >= seq for writer, seq in before.seen_map.items())


def _slip_in(editing: Edit, changes: Sequence[Change], *, insist: bool) -> None:
    """Change what is below without touching what was changed above. Raises: CurChanged: where both are of one entry."""
    if isinstance(editing, CompleteEdit):
        _slip_into_database(editing, changes, insist=insist)
        return
    both = {key for key, _, _ in changes if editing.has_changed(key)}
    if (both and not insist) or any(key[:1] == PATH_TYPE and _is_near_change(editing, key) for key, _, _ in changes):
        raise CurChanged
    for key, old, new in changes:
        if key in both:
            continue
        editing.refresh(key, new.value if new else None)
        editing.count(key, old.value if old else None, new.value if new else None)


def _is_near_change(editing: Edit, key: bytes) -> bool:
    """Tell whether something above or below a path was changed: one of the two may be no directory."""
    path = key_path(key)
    above = (path_key(path[:depth]) for depth in range(1, len(path)))
    return any(map(editing.has_changed, above)) or editing.has_changed_within(*below(path))


def _slip_into_database(editing: CompleteEdit, changes: Iterable[Change], *, insist: bool) -> None:
    """Do so in a database: what follows from entries of both is written anew."""
    mine = {key for key, _, _ in editing.changes()}
    names = {user_key(key) for key in mine}
    both = set()
    for key, _, entry in changes:
        name = user_key(key)
        if name is not None and name in names:
            both.add(name)
        if key not in mine:
            editing.refresh(key, entry.value if entry else None)
        elif key[:1] not in DERIVED and not insist:
            raise CurChanged
    call = Call(0, editing.mimei.row.number, Cursors(), editing.engines.random)
    rewrite(EditSpace(editing, call), sorted(both))


def _settle(engines: Engines, transaction: Transaction, held: Mimei, row: Holding, tip: Cid | None) -> None:
    """Write the row, with `tip` as the newest version, and let go of what it includes."""
    if tip is None or tip == held.base:
        save(transaction, held.id, row)
        return
    advance(engines, transaction, held.id, row, None, tip)
    seen, base = engines.record(Version, tip).seen_map, base_version(engines, held)
    for number, shared in drafts(transaction, held).items():
        if shared.seen_map[number] <= seen.get(number, 0):
            transaction.delete(tables.draft(held.id, number))
    if held.base is not None and base is not None and base.is_merge:
        _forget_superseded(engines, transaction, load(engines, transaction, held.id), held.base, base.n)


def _forget_superseded(engines: Engines, transaction: Transaction, mimei: Mimei, merge: Cid, n: int) -> None:
    """Let go of a merge that nothing stands on: its tips make it again wherever it is wanted."""
    engines = mimei.engines
    needed = {head.tip for _, head, _ in heads(engines, transaction, mimei.id)}
    needed |= {head.release.version for _, head, _ in heads(engines, transaction, mimei.id) if head.release}
    needed |= {version for _, version, _ in referrers(transaction, mimei.id) if version is not None}
    pending = [mimei.base, *needed]
    while pending:
        cid = pending.pop()
        if cid is None or not engines.blocks.has(cid):
            continue
        record = engines.record(Version, cid)
        needed.update(record.parents)
        pending += record.parents if record.n > n + 1 else ()
    if merge not in needed and merge != mimei.base:
        forget_version(transaction, mimei.id, merge)
