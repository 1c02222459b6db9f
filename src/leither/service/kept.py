"""Private MiMei that nobody here can read, kept for their authors: stored, walked, reclaimed and given on.

What is kept is a shelf, as in an archive: one that was imported, or what a paired node told. An id alone says nothing
of whose it is without the key, so they stand by author and id: who claims another's MiMei as theirs is kept beside it,
and takes nothing's place.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import msgspec

from leither.codec import Cid
from leither.crypto import ID_BYTES, KeyId, MimeiId, id_text
from leither.errors import Conflict, NotFound
from leither.merkle import Nodes, scan
from leither.mimei.export import NUMBERED, VERSION_TYPE, Shelf
from leither.ports import Transaction, View, prefix_end
from leither.service import tables
from leither.service.engines import Engines
from leither.service.pair_rows import is_kept_for_pairs
from leither.service.user_rows import charge


class NotKept(NotFound):
    """Nothing of that id is kept sealed."""

    code = "not-kept"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(f"nothing is kept sealed as {self.id}; `leither kept list` shows what is")


class KeptMeanwhile(Conflict):
    """The same came from two sides at once."""

    code = "kept-meanwhile"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(f"{self.id} came from elsewhere at the same time; bring it again")


class Row(msgspec.Struct, frozen=True, array_like=True):
    """What the state engine says.

    Fields: shelf: its CID. size_bytes: of all of it. user: who imported it, empty for the owner. imported: somebody
    did, so that it stays when no paired node wants it any more.
    """

    shelf: bytes
    size_bytes: int
    user: bytes = b""
    imported: bool = True


@dataclass(frozen=True, slots=True)
class Kept:
    """A private MiMei that is kept sealed.

    Fields: author: who signs its control. versions: as `versions_of` returns them. user, imported: as in a row, None
    for the owner. over: the shelf that it was joined with, None where nothing was kept of it.
    """

    author: KeyId
    shelf: Shelf
    versions: dict[Cid, bool]
    size_bytes: int
    user: KeyId | None
    imported: bool = True
    over: Cid | None = None

    @property
    def id(self) -> MimeiId:
        """Its id, as its author says it."""
        return MimeiId(self.shelf.sealed or b"")


_DECODER = msgspec.msgpack.Decoder(Row)
_ENCODER = msgspec.msgpack.Encoder(enc_hook=bytes)


def kept(engines: Engines, view: View, mimei: MimeiId | None = None) -> Iterator[Kept]:
    """Iterate over what is kept sealed, by author and id; with `mimei`, over what is kept as that id."""
    cut = len(tables.SHELVED) + ID_BYTES
    for key, value in view.scan(tables.SHELVED, prefix_end(tables.SHELVED)):
        if mimei in (None, key[cut:]):
            yield read_kept(engines, KeyId(key[len(tables.SHELVED) : cut]), value)


def keeps_of(view: View, author: KeyId) -> bool:
    """Tell whether anything is kept sealed of an author's."""
    prefix = tables.SHELVED + author
    return next(iter(view.scan(prefix, prefix_end(prefix))), None) is not None


def read_kept(engines: Engines, author: KeyId, value: bytes) -> Kept:
    """Return what a row of the table says. Raises: BlockMissing, NotARecord."""
    row = _DECODER.decode(value)
    shelf = _shelf(engines, row)
    user = KeyId(row.user) if row.user else None
    return Kept(author, shelf, versions_of(engines, shelf), row.size_bytes, user, row.imported)


def find_kept(engines: Engines, view: View, author: KeyId, mimei: MimeiId) -> Kept | None:
    """Return what is kept sealed of an author's MiMei, None if nothing is. Raises: BlockMissing, NotARecord."""
    value = view.get(tables.shelved(author, mimei))
    return read_kept(engines, author, value) if value is not None else None


def find_shelf(engines: Engines, view: View, author: KeyId, mimei: MimeiId) -> tuple[Shelf, int] | None:
    """Return the shelf of what is kept sealed, and how large all of it is; None if nothing is. Raises: BlockMissing."""
    value = view.get(tables.shelved(author, mimei))
    if value is None:
        return None
    row = _DECODER.decode(value)
    return _shelf(engines, row), row.size_bytes


def _shelf(engines: Engines, row: Row) -> Shelf:
    return Shelf.decode(engines.blocks.get(Cid(row.shelf)))


def versions_of(engines: Engines, shelf: Shelf) -> dict[Cid, bool]:
    """Return the sealed versions of a shelf, each with whether its number names it. Raises: NotARecord, NotACid."""
    found: dict[Cid, bool] = {}
    for entry in scan(Nodes(engines.blocks.get, _refuse), shelf.versions):
        if entry.key[:1] != VERSION_TYPE:
            raise shelf.refuse("its list of versions holds something else")
        found[Cid.read(entry.key[1:])] = entry.value == NUMBERED
    return found


def enter(engines: Engines, found: Iterable[Kept], beside: Callable[[Transaction, Kept], object] | None = None) -> None:
    """Keep what was proved, its blocks being durable, in the place of what was kept of it.

    Args: beside: what is changed with it. Raises: KeptMeanwhile, UserQuotaReached, what `beside` raises.
    """
    for one in found:
        engines.state.write(partial(_enter, one=one, beside=beside))


def _enter(transaction: Transaction, one: Kept, beside: Callable[[Transaction, Kept], object] | None) -> None:
    if beside is not None:
        beside(transaction, one)
    key = tables.shelved(one.author, one.id)
    row = transaction.get(key)
    before = _DECODER.decode(row) if row is not None else None
    if (before.shelf if before is not None else None) != one.over:
        raise KeptMeanwhile(one.id)
    was_imported = before is not None and before.imported
    user = before.user if before is not None and was_imported else one.user or b""
    if user:
        charged = before.size_bytes if before is not None and was_imported else 0
        charge(transaction, KeyId(user), one.size_bytes - charged)
    kept_now = Row(one.shelf.cid, one.size_bytes, user, imported=was_imported or one.imported)
    transaction.put(key, _ENCODER.encode(kept_now))


def let_go(transaction: Transaction, author: KeyId, mimei: MimeiId) -> None:
    """Keep a MiMei sealed no longer, as it is read here by now."""
    key = tables.shelved(author, mimei)
    row = transaction.get(key)
    if row is not None:
        _discharge(transaction, _DECODER.decode(row))
        transaction.delete(key)


def _discharge(transaction: Transaction, row: Row) -> None:
    """Count it no longer against the quota of a user who imported it."""
    if row.user:
        charge(transaction, KeyId(row.user), -row.size_bytes)


def unwanted(transaction: Transaction, author: KeyId, mimei: MimeiId) -> None:
    """Keep a MiMei sealed no longer, unless somebody imported it or paired nodes want it kept."""
    row = transaction.get(tables.shelved(author, mimei))
    if row is not None and not _DECODER.decode(row).imported and not is_kept_for_pairs(transaction, author, mimei):
        transaction.delete(tables.shelved(author, mimei))


def leave_kept(transaction: Transaction, user: KeyId, *, keep: bool) -> None:
    """Hand what a user keeps sealed to the owner, as they leave the node; or let go of it."""
    rows = [
        (key, _DECODER.decode(value)) for key, value in transaction.scan(tables.SHELVED, prefix_end(tables.SHELVED))
    ]
    for key, row in rows:
        if row.user == user:
            transaction.put(key, _ENCODER.encode(msgspec.structs.replace(row, user=b"", imported=keep)))
            if not keep:
                cut = len(tables.SHELVED) + ID_BYTES
                unwanted(transaction, KeyId(key[len(tables.SHELVED) : cut]), MimeiId(key[cut:]))


def give_up(engines: Engines, mimei: MimeiId, user: KeyId | None) -> int:
    """Let go of what a user, or the owner, imported as an id; return how many it was. Raises: NotKept.

    What paired nodes want kept stays for them.
    """
    with engines.state.read() as view:
        theirs = [one for one in kept(engines, view, mimei) if one.imported and one.user == user]
    if not theirs:
        raise NotKept(mimei)
    for one in theirs:
        engines.state.write(partial(_give_up, author=one.author, mimei=mimei))
    return len(theirs)


def _give_up(transaction: Transaction, author: KeyId, mimei: MimeiId) -> None:
    key = tables.shelved(author, mimei)
    row = transaction.get(key)
    if row is not None:
        found = _DECODER.decode(row)
        _discharge(transaction, found)
        transaction.put(key, _ENCODER.encode(msgspec.structs.replace(found, user=b"", imported=False)))
        unwanted(transaction, author, mimei)


def _refuse(block: object) -> None:
    raise AssertionError("nothing is written here")
