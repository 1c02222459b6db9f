"""COPY and MOVE: entries change places, bytes never do. Both ends may be in different MiMei."""

from dataclasses import dataclass

from leither.dav.change import keep_above, present, require_cur, require_parent, wipe
from leither.dav.fault import ReadOnly, SamePlace, Unmet
from leither.dav.guard import Guard
from leither.dav.place import Place
from leither.mimei.entry import PathEntry
from leither.mimei.path import ROOT, Path
from leither.people import Act
from leither.ports import Transaction
from leither.service.catalog import authorize
from leither.service.cur import Edit
from leither.service.editing import open_edit
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import load
from leither.service.locks import drop_locks
from leither.service.paths import place as put_in_place
from leither.service.properties import drop_properties, properties, properties_below, set_property
from leither.service.tree import Tree, open_tree, tree_at


@dataclass(frozen=True, slots=True)
class Load:
    """What is carried over: (path below the source, entry), and (path below the source, property, its XML)."""

    entries: list[tuple[Path, PathEntry]]
    properties: list[tuple[Path, str, bytes]]


@dataclass(frozen=True, slots=True)
class Transfer:
    """One COPY or MOVE.

    Fields: keep: whether the source stays. overwrite: whether what is at the target may go. shallow: whether a
    collection is copied without its members.
    """

    engines: Engines
    guard: Guard
    target: Place
    keep: bool
    overwrite: bool
    shallow: bool

    @property
    def source(self) -> Place:
        """Where it comes from."""
        return self.guard.place

    def run(self) -> bool:
        """Do it, and tell whether the target is new.

        Raises: SamePlace, ReadOnly, NothingAtPath, NoParent, Unmet, Locked, QuotaReached, MimeiNotFound, Denied.
        """
        source, target = self.source, self.target
        require_cur(target)
        if not self.keep:
            require_cur(source)
            if source.path == ROOT:
                raise ReadOnly("the place of a whole MiMei")
        if target.path == ROOT and source.path != ROOT:
            raise SamePlace
        self._fold()
        new = self.engines.state.write(self._change)
        for mimei in {source.address.id, target.address.id} if not self.keep else {target.address.id}:
            self.engines.events.tell(Event(mimei, "change"))
        return new

    def _fold(self) -> None:
        """Make writes at an offset of a `file` into blocks, which opening it does."""
        with open_tree(self.engines, self.source.address.id, self.source.address.version, self.guard.principal):
            pass

    def _change(self, transaction: Transaction) -> bool:
        engines, guard, target = self.engines, self.guard, self.target
        into = open_edit(engines, transaction, load(engines, transaction, target.address.id))
        authorize(guard.principal, into.mimei, Act.WRITE)
        tree = self._tree(transaction)
        entry = self._look(tree)
        guard.check(transaction, entry)
        same = tree.version is None and tree.mimei.id == into.mimei.id
        if same and _within(self.source.path, target.path):
            raise SamePlace
        before = present(into, target.path)
        require_parent(into, target.path)
        guard.claim(transaction, into.mimei.id, target.path, deep=True, member=before is None)
        if before is not None and not self.overwrite:
            raise Unmet("Overwrite")
        load_ = self._load(tree, entry)
        out = into
        if not self.keep:
            if not same:
                out = open_edit(engines, transaction, tree.mimei)
            authorize(guard.principal, out.mimei, Act.WRITE)
            guard.claim(transaction, out.mimei.id, self.source.path, deep=True, member=True)
            wipe(engines, out, self.source.path)
        self._put(into, load_, replacing=before is not None)
        now_ms = engines.clock.now_ms()
        drop_locks(transaction, into.mimei.id, target.path, itself=False, now_ms=now_ms)
        if not self.keep:
            drop_locks(transaction, out.mimei.id, self.source.path, itself=True, now_ms=now_ms)
        into.save()
        if out is not into:
            out.save()
        return before is None

    def _tree(self, transaction: Transaction) -> Tree:
        """Return the state the source is in, as the transaction shows it."""
        engines, address = self.engines, self.source.address
        return tree_at(engines, transaction, address.id, address.version, self.guard.principal)

    def _look(self, tree: Tree) -> PathEntry:
        """Return what stands at the source itself: a reference or symbolic link is carried over as one."""
        path = self.source.path
        if path == ROOT:
            return tree.entry(ROOT)
        above = tree.follow(path[:-1])
        if above.tree is not tree or above.path != path[:-1]:
            raise ReadOnly("what lies behind a reference or a link")
        if not self.keep and tree.version is not None:
            raise ReadOnly("a version")
        return tree.entry(path)

    def _load(self, tree: Tree, entry: PathEntry) -> Load:
        path = self.source.path
        if self.shallow and entry.is_directory:
            own: list[tuple[Path, str, bytes]] = [((), name, value) for name, value in properties(tree.entries, path)]
            return Load([((), entry)], own)
        below = [(found[len(path) :], one) for found, one in tree.walk(path)] if entry.is_directory else []
        kept = [(found[len(path) :], name, value) for found, name, value in properties_below(tree.entries, path)]
        return Load([((), entry), *below], kept)

    def _put(self, into: Edit, carried: Load, *, replacing: bool) -> None:
        path = self.target.path
        if replacing and path != ROOT:
            wipe(self.engines, into, path)
        else:
            keep_above(into, path)
            drop_properties(into, path, below=True)
        known: set[Path] = set()
        for rest, entry in carried.entries:
            put_in_place(into, path + rest, entry, known=known)
        for rest, name, value in carried.properties:
            set_property(into, path + rest, name, value)


def _within(one: Path, other: Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
