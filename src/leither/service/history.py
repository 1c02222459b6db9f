"""A MiMei's life after backup: release, restore, discard, fork, deleting versions."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import msgspec

from leither.codec import Cid
from leither.crypto import KeyId, KeyPair, MimeiId, id_text
from leither.db.layout import NUMBERS
from leither.errors import Conflict
from leither.merkle import EMPTY_MAP, Change
from leither.mimei.address import LAST, Selector
from leither.mimei.control import Control, WriterEntry
from leither.mimei.entry import GRANT_TYPE, REFERENCE_TYPE, TAG_TYPE
from leither.mimei.facts import facts_of
from leither.mimei.genesis import Genesis
from leither.mimei.head import Release
from leither.mimei.version import Version, seen_tuple
from leither.people import ALL
from leither.ports import Transaction, View, prefix_end
from leither.service import tables
from leither.service.catalog import checked_topic, referrers, sign_control
from leither.service.cur import Cur, Edit
from leither.service.demand_rows import inherited, put_demand, read_demand
from leither.service.editing import open_edit
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import (
    Holding,
    Mimei,
    VersionNotFound,
    base_version,
    contents_below,
    ended_at,
    heads,
    load,
    save,
    within,
)
from leither.service.index import index_entry
from leither.service.merge import maximal_tips
from leither.service.pages import drop_pages
from leither.service.private import clear, put_version, sealed_form, sealed_forms
from leither.service.resealing import reseal, roots_of
from leither.service.versions import resolve
from leither.service.writer_number import writer_number
from leither.service.writers import advance, ensure_writer, next_head


class UnsavedChanges(Conflict):
    """`cur` has changes that the request would lose."""

    code = "unsaved-changes"

    def __init__(self, mimei: MimeiId, changes: int) -> None:
        self.id = id_text(mimei)
        self.changes = changes
        super().__init__(
            f"{self.id} has {changes} unsaved changes; back them up first, or discard them by name (--discard)"
        )


class VersionInUse(Conflict):
    """A version can't be deleted because something points at it."""

    code = "version-in-use"

    def __init__(self, mimei: MimeiId, version: int, why: str) -> None:
        self.id = id_text(mimei)
        self.version = version
        self.why = why
        super().__init__(f"version {version} of {self.id} can't be deleted: it is {why}; nothing was deleted")


_STAYING = (NUMBERS, GRANT_TYPE)
"""What a restore leaves: which list numbers were used, for none is ever used again; and who may do what."""


class TopicTaken(Conflict):
    """A MiMei of that topic is there already."""

    code = "topic-taken"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(f"a MiMei of that topic is there already: {self.id}; choose another mark")


def release(engines: Engines, mimei: MimeiId, selector: Selector = LAST) -> Cid:
    """Point the release at a version and return its CID. Releasing an older one is rolling back.

    Raises: VersionNotFound, NotTheAuthor.
    """
    engines = within(engines, mimei)
    with engines.lock(mimei), engines.blocks.lease() as lease:
        held = ensure_writer(engines, mimei, lease)
        with engines.state.read() as view:
            cid = resolve(engines, view, held, selector)
            standing = [head.release.turn for _, head, _ in heads(engines, view, mimei) if head.release]
        tip = held.base
        assert tip is not None, "a version was found, so there is a last one"
        head = next_head(engines, held, tip=tip, release=Release(cid, max(standing, default=0) + 1))
        clear(lease).put(head.block)
        lease.flush()

        def point(transaction: Transaction) -> None:
            advance(engines, transaction, mimei, load(engines, transaction, mimei).row, head, tip)

        engines.state.write(point)
    engines.events.tell(Event(mimei, "release", cid.text))
    return cid


def discard(engines: Engines, mimei: MimeiId) -> int:
    """Throw away the unsaved changes of `cur`, but not its grants, and return how many there were.

    What other nodes have seen of them already is taken back there as well.
    """
    engines = within(engines, mimei)
    with engines.lock(mimei):
        dropped = engines.state.write(partial(_discard, engines, mimei))
    engines.events.tell(Event(mimei, "restore"))
    return dropped


def _discard(engines: Engines, mimei: MimeiId, transaction: Transaction) -> int:
    editing = open_edit(engines, transaction, load(engines, transaction, mimei))
    granted = [(key, value) for key, value, _ in editing.changes() if key[:1] == GRANT_TYPE]
    dropped = editing.unsaved_count() - len(granted)
    editing.discard()
    drop_pages(editing)
    editing.save()
    if granted or editing.mimei.row.draft:
        again = open_edit(engines, transaction, load(engines, transaction, mimei))
        _take_back(again)
        for key, value in granted:  # who may do what isn't what was written
            if value is None:
                again.delete(key)
            else:
                again.put(key, value)
        again.save()
    return dropped


def _take_back(editing: Edit) -> None:
    """Change back what was shared as a draft, over which `cur` has no changes, to what `last` holds."""
    if not editing.mimei.row.draft:
        return
    engines, draft, last = editing.engines, contents_below(editing.mimei), base_version(editing.engines, editing.mimei)
    assert draft is not None
    shared = engines.map(draft.side, draft.salt)
    _rewrite(editing, shared.diff(shared.at(last.side if last is not None else EMPTY_MAP.cid)))


def _rewrite(editing: Edit, changes: Iterable[Change]) -> None:
    """Make changes, but none of what stays whatever is restored."""
    for key, _, after in changes:
        if key[:1] in _STAYING:
            continue
        if after is None:
            editing.delete(key)
        else:
            editing.put(key, after.value)


def restore(engines: Engines, mimei: MimeiId, selector: Selector, *, discard: bool = False) -> Cid:
    """Make `cur` equal a version, but for its grants, and return its CID. The next backup appends that state.

    Cost: the difference between that version and `last`. Raises: VersionNotFound, UnsavedChanges.
    """
    engines = within(engines, mimei)
    with engines.lock(mimei):
        with engines.state.read() as view:
            held = load(engines, view, mimei)
            cid = resolve(engines, view, held, selector)
        wanted, base = engines.record(Version, cid), base_version(engines, held)
        assert base is not None, "a version was found, so there is a last one"

        def rewrite(transaction: Transaction) -> None:
            now = load(engines, transaction, mimei)
            if not now.is_saved and not discard:
                raise UnsavedChanges(mimei, Cur(engines, transaction, now).unsaved_count())
            _discard(engines, mimei, transaction)
            edit = open_edit(engines, transaction, load(engines, transaction, mimei))
            before = engines.map(base.side, base.salt)
            _rewrite(edit, before.diff(engines.map(wanted.side, wanted.salt)))
            edit.save()

        engines.state.write(rewrite)
    engines.events.tell(Event(mimei, "restore", cid.text))
    return cid


def fork(
    engines: Engines,
    mimei: MimeiId,
    selector: Selector,
    *,
    mark: str,
    app: str | None = None,
    user: KeyId | None = None,
) -> Mimei:
    """Make a new MiMei of `user`, or the owner, whose version 0 has that version as its parent. Nothing is copied.

    Of a private MiMei the fork is private as well, and has keys of its own: all that the version holds is sealed again.
    Of one that is on demand the fork is so, too.
    Raises: VersionNotFound, TopicTaken, NotARecord.
    """
    with engines.lock(mimei):  # so that the version is not deleted before the fork holds to it
        forked = _fork(engines, mimei, selector, mark=mark, app=app, user=user)
    engines.events.tell(Event(forked.id, "create"))
    return forked


def _fork(
    engines: Engines, mimei: MimeiId, selector: Selector, *, mark: str, app: str | None, user: KeyId | None
) -> Mimei:
    author, node = engines.persons.of_user(user), engines.identity.node
    person = author.key
    with engines.state.read() as view:
        held = load(engines, view, mimei)
        cid = resolve(engines, view, held, selector)
    source = held.engines
    parent = source.record(Version, cid)
    topic = held.genesis
    draft = Genesis(
        author=person.public, app=topic.app if app is None else app, ext=topic.ext, mark=mark, type=topic.type
    )
    genesis = checked_topic(draft, author, private=held.is_private)
    with engines.state.read() as view:
        if view.get(tables.holding(genesis.id)) is not None:
            raise TopicTaken(genesis.id)
        seq = ended_at(view, genesis.id)
    taken = {*parent.seen_map, *(entry.number for entry in held.control.writers)}
    number = writer_number(genesis.id, node.public, taken)
    control = _first_control(engines, genesis, person, number)
    version = msgspec.structs.replace(
        parent,
        mimei=genesis.id,
        n=0,
        key_epoch=None if genesis.salt is None else 0,
        parents=(cid,),
        seen=seen_tuple(parent.seen_map | {number: seq + 1}),
        note="",
        time=engines.clock.now_ms(),
    ).signed(node)
    row = Holding(genesis.cid, control.cid, size_bytes=parent.size_bytes, number=number, seq=seq, user=user or b"")
    row = msgspec.structs.replace(row, entries=source.map(parent.side, parent.salt).count())
    target = engines.root.private(genesis.id, control, user) if held.is_private else engines.root
    facts = replace(facts_of(genesis, control, revoked=frozenset(), own=True), user=user)
    made = Mimei(genesis.id, genesis, control, row, facts, target)
    with target.blocks.lease() as lease:
        if held.is_private:
            reseal(source, roots_of(source, parent), lease)
        lease.put(genesis.block)
        put_version(lease, version, source.map(parent.side, parent.salt).nodes)
        head = next_head(engines, made, tip=version.cid, release=None)
        clear(lease).put_many((control.block, head.block))
        lease.flush()
        sealed = sealed_form(target.blocks, genesis.cid) or b""

        def add(transaction: Transaction) -> Mimei:
            if transaction.get(tables.holding(genesis.id)) is not None:
                raise TopicTaken(genesis.id)
            named = msgspec.structs.replace(row, sealed=sealed)
            advance(target, transaction, genesis.id, named, head, version.cid)
            put_demand(transaction, genesis.id, inherited(read_demand(transaction, mimei), engines.clock.now_ms()))
            for entry in target.map(version.side, version.salt).scan(REFERENCE_TYPE, prefix_end(TAG_TYPE)):
                index_entry(transaction, genesis.id, entry.key, entry.value)
            return load(engines, transaction, genesis.id)

        return engines.state.write(add)


def _first_control(engines: Engines, genesis: Genesis, author: KeyPair, number: int) -> Control:
    """Return the control with which a fork begins: this node alone may write, as `number`."""
    return Control(
        genesis=genesis.cid,
        created=engines.clock.now_ms(),
        epoch=0,
        right=0,
        writers=(WriterEntry(number, engines.identity.node.public, int(ALL)),),
        by=author.public,
    ).signed(author)


def delete_versions(engines: Engines, mimei: MimeiId, first: int, last: int) -> list[Cid]:
    """Drop the versions numbered `first` to `last`, both included, and return their CIDs. `gc` reclaims the space.

    The newest and the released version stay, and so does what another MiMei refers to.
    Raises: VersionNotFound, VersionInUse, NotTheAuthor.
    """
    engines = within(engines, mimei)
    with engines.lock(mimei), engines.blocks.lease() as lease:
        with engines.state.read() as view:
            held = load(engines, view, mimei)
            doomed = _doomed(engines, held, view, first, last)
        # Who keeps it sealed knows its versions by their sealed forms alone.
        forms = (form for cid in doomed.values() for form in sealed_forms(engines.blocks, cid))
        dropped = tuple(sorted({*held.control.dropped, *doomed.values(), *forms}))
        control = sign_control(engines, held, dropped=dropped)
        clear(lease).put(control.block)
        lease.flush()

        def drop(transaction: Transaction) -> None:
            for n, cid in doomed.items():
                transaction.delete(tables.version(mimei, n))
                transaction.delete(tables.known(mimei, cid))
            row = load(engines, transaction, mimei).row
            save(transaction, mimei, msgspec.structs.replace(row, control=control.cid))

        engines.state.write(drop)
    engines.events.tell(Event(mimei, "drop"))
    return list(doomed.values())


def _doomed(engines: Engines, held: Mimei, view: View, first: int, last: int) -> dict[int, Cid]:
    """Return {n: CID} of the versions in the range that are held. Raises: VersionNotFound, VersionInUse."""
    if not 0 <= first <= last:
        raise VersionNotFound(held.id, f"{first} to {last}")
    stop = min(last, (1 << 63) - 1) + 1
    span = view.scan(tables.version(held.id, min(first, stop)), tables.version(held.id, stop))
    doomed = {tables.read_u64(key, 1 + len(held.id)): Cid(value) for key, value in span}
    if not doomed:
        raise VersionNotFound(held.id, f"{first} to {last}")
    joined = maximal_tips(engines, (head.tip for _, head, _ in heads(engines, view, held.id)))
    pinned = {version: source for source, version, _ in referrers(view, held.id) if version is not None}
    for n, cid in doomed.items():
        if cid == held.base:
            raise VersionInUse(held.id, n, "the newest")
        if cid in joined:
            raise VersionInUse(held.id, n, "a writer's newest, which the newest joins; back up first")
        if cid == held.release:
            raise VersionInUse(held.id, n, "released")
        if cid in pinned:
            raise VersionInUse(held.id, n, f"referred to by {id_text(pinned[cid])}")
    return doomed
