"""What changed in `cur`, on its way into blocks: the maps and the content that a version or a draft of it holds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.db import DERIVED
from leither.merkle import Entry, Stamp, resolve
from leither.mimei.contents import Contents, seen_tuple
from leither.ports import Lease, Transaction
from leither.service.catalog import NotTheAuthor
from leither.service.complete import CompleteEdit
from leither.service.content import derive_content
from leither.service.cur import Cur, Edit
from leither.service.derived import NOBODY
from leither.service.editing import open_edit
from leither.service.engines import Engines
from leither.service.holding import Mimei, contents_below, load
from leither.service.maps import OrderedMap
from leither.service.private import key_epoch


@dataclass(frozen=True, slots=True)
class Gathered:
    """What `cur` holds at one moment, its blocks put.

    Fields: held: the MiMei at that moment. below: what `cur` stands on. side, siblings, content: roots. saved: for each
    key that was changed, the tick of the change; of a database only the deleted ones. changed: how many were.
    """

    held: Mimei
    below: Contents | None
    side: OrderedMap
    siblings: Cid | None
    content: Cid
    saved: dict[bytes, int]
    changed: int

    @property
    def is_new(self) -> bool:
        """Whether `cur` holds what is below holds not. A command may set what is there already."""
        below = self.below
        return below is None or self.side.root != below.side or self.siblings != below.siblings

    @property
    def seq(self) -> int:
        """This writer's number for what is made of it, as in the stamps."""
        return self.held.row.seq + 1

    def fields(self) -> dict[str, Any]:
        """Return what a version and a draft of it have in common, but for what they stand on."""
        return {
            "mimei": self.held.id,
            "content": self.content,
            "side": self.side.root,
            "siblings": self.siblings,
            "salt": self.side.shape.salt,
            "size_bytes": self.held.row.size_bytes,
            "seen": seen_tuple((self.below.seen_map if self.below else {}) | {self.held.row.number: self.seq}),
            "key_epoch": key_epoch(self.held.engines.blocks),
        }

    def settle(self, engines: Engines, transaction: Transaction) -> Edit:
        """Count as saved what was gathered; return `cur`, whose row is to be written."""
        editing = open_edit(engines, transaction, load(engines, transaction, self.held.id))
        if isinstance(editing, CompleteEdit):
            editing.settle_all(self.held.row.tick, self.saved)
        else:
            editing.settle(self.saved)
        return editing

    def settle_alone(self, engines: Engines) -> None:
        """Clear changes that came to what is below."""
        engines.state.write(partial(_settle, engines, self))


def _settle(engines: Engines, gathered: Gathered, transaction: Transaction) -> None:
    gathered.settle(engines, transaction).save()


def gather(engines: Engines, mimei: MimeiId, lease: Lease, *, renewed: frozenset[bytes]) -> Gathered:
    """Put the blocks of what `cur` holds now. `renewed`: what is stamped anew although it is as it was.

    Cost: in proportion to what changed over what is below. Raises: NotTheAuthor, StoreFull.
    """
    with engines.state.read() as view:
        held = load(engines, view, mimei)
        below = contents_below(held)
        cur = Cur(engines, view, held)
        salt = below.salt if below else _salt(engines, held)
        stamp = Stamp(held.row.number, held.row.seq + 1)
        entries = engines.map(below.side, salt, lease) if below else engines.empty_map(salt, lease)
        siblings = below.siblings if below else None
        changes = _Changes(held, stamp, renewed, has_siblings=siblings is not None)
        # A command of a database may set what is there already; that is no change.
        side = entries.update(changes.read(cur.changes()), renewed=renewed if held.genesis.type == "db" else None)
        if below is not None and not changes.count:
            return Gathered(held, below, side, siblings, below.content, changes.saved, 0)
        if siblings is not None:
            siblings = resolve(entries.nodes, siblings, changes.keys, entries.shape)
        if below is not None and side.root == below.side and siblings == below.siblings:
            return Gathered(held, below, side, siblings, below.content, changes.saved, changes.count)
        content = derive_content(
            engines,
            lease,
            kind=held.genesis.type,
            side=side.root,
            before=below.content if below else None,
            changed=changes.keys,
            look=cur.entry,
        )
    return Gathered(held, below, side, siblings, content, changes.saved, changes.count)


def _salt(engines: Engines, held: Mimei) -> bytes:
    """Return the salt of a map that begins. Raises: NotTheAuthor: only where the author's seed is."""
    author = engines.persons.of_key(held.genesis.author)
    if author is None:
        raise NotTheAuthor(held.id)
    return author.map_salt(held.id)


class _Changes:
    """The changes of `cur` on their way into the map: as its entries, and noted as far as it matters afterwards.

    `count`: how many there were. `keys`: theirs, unless it is a database's without siblings, where nobody asks.
    `saved`: as in Gathered.
    """

    def __init__(self, held: Mimei, stamp: Stamp, renewed: frozenset[bytes], *, has_siblings: bool) -> None:
        self._database = held.genesis.type == "db"
        self._stamp = stamp
        self._renewed = renewed
        self._keep_keys = has_siblings or not self._database
        self.count = 0
        self.keys: list[bytes] = []
        self.saved: dict[bytes, int] = {}

    def read(self, changes: Iterable[tuple[bytes, bytes | None, int]]) -> Iterator[tuple[bytes, Entry | None]]:
        """Yield `changes` as the map takes them. What follows from other entries has nobody's stamp."""
        for key, value, tick in changes:
            self.count += 1
            if self._keep_keys:
                self.keys.append(key)
            if value is None or not self._database:
                self.saved[key] = tick
            yield key, None if value is None else Entry(key, self._stamp_of(key), value)

    def _stamp_of(self, key: bytes) -> Stamp:
        follows = self._database and key[:1] in DERIVED and key not in self._renewed
        return NOBODY if follows else self._stamp
