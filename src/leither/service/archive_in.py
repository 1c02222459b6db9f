"""Import: what an archive holds is stored, proved by signatures and hashes, and joined with what is here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from leither.codec import Cid, NotACid
from leither.codec.car import CarReader
from leither.crypto import ID_BYTES, KeyId, MimeiId
from leither.errors import InputError
from leither.merkle import Nodes, scan
from leither.mimei.control import Control
from leither.mimei.export import DELETED, NUMBERED, VERSION_TYPE, Export, Shelf
from leither.mimei.head import Head
from leither.mimei.sealing import EpochKeyMissing, Pair
from leither.ports import Lease
from leither.service import tables
from leither.service.aftermath import settle_arrived
from leither.service.arrival import Arrived, arrive
from leither.service.demand_rows import read_demand
from leither.service.engines import Engines
from leither.service.holding import load
from leither.service.keeping import joined, take_in
from leither.service.kept import Kept, enter, versions_of
from leither.service.private import PrivateBlocks
from leither.service.proof import Came
from leither.service.proof_of_records import Refused


class NotAnArchive(InputError):
    """The CAR is not one that `leither export` made."""

    code = "not-an-archive"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"this CAR is no export of a node: {reason}; make one with `leither export`")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought. `has_identity` says that the archive carries its person's seed."""

    mimei: tuple[Arrived, ...]
    blocks: int
    bytes: int
    has_identity: bool


def sealed_identity(pieces: Iterable[bytes]) -> bytes | None:
    """Return the sealed seed that an archive begins with, if it carries one. Raises: BadCar, NotAnArchive."""
    reader = CarReader(pieces)
    first = next(iter(reader), None)
    if first is None:
        raise NotAnArchive("it is empty")
    return _open(reader, first.cid, first.data).identity


def import_car(engines: Engines, pieces: Iterable[bytes], *, user: KeyId | None = None) -> Imported:
    """Take in an archive: new MiMei are added, known ones get what they lack, diverged ones are merged.

    Private ones that nobody here can read are kept sealed.

    New ones belong to the user who brings them, or the owner. Nothing shows until every block has come and every record
    is proved. The person's identity is not touched.
    Raises: BadCar, NotAnArchive, StoreFull, BadSignature, NotARecord, MapNotCanonical, SealBroken, and what
        `arrive` raises.
    """
    reader = CarReader(pieces)
    blocks = size_bytes = 0
    with engines.blocks.lease() as lease:
        manifest: Export | None = None
        for block in reader:
            if manifest is None:
                manifest = _open(reader, block.cid, block.data)
            lease.put(block)
            blocks += 1
            size_bytes += len(block.data)
        if manifest is None:
            raise NotAnArchive("it is empty")
        lease.flush()
        came = [_shelf(engines, lease, cid, user) for cid in manifest.mimei]
        sealed = [one for one in came if isinstance(one, Kept)]
        _refuse_twice(sealed)
        lease.flush()
        arrived = arrive(engines, lease, [one for one in came if not isinstance(one, Kept)], user=user)
        enter(engines, sealed)
    settle_arrived(engines, [each.id for each in arrived])
    arrived += tuple(Arrived(one.id, "kept", len(one.versions)) for one in sealed)
    return Imported(arrived, blocks, size_bytes, manifest.identity is not None)


def _refuse_twice(sealed: Sequence[Kept]) -> None:
    places = sorted((one.author, one.id) for one in sealed)
    for one, other in pairwise(places):
        if one == other:
            raise Refused(one[1], "it came twice")


def _open(reader: CarReader, cid: Cid, data: bytes) -> Export:
    if list(reader.roots) != [cid]:
        raise NotAnArchive("its first block is not its root")
    try:
        return Export.decode(data)
    except InputError as error:
        raise NotAnArchive(str(error)) from None


def _shelf(engines: Engines, lease: Lease, cid: Cid, user: KeyId | None) -> Came | Kept:
    shelf = Shelf.decode(engines.blocks.get(cid))
    nodes = Nodes(engines.blocks.get, lease.put)
    if shelf.sealed is not None:
        try:
            return _private(engines, lease, shelf, user)
        except EpochKeyMissing:
            with engines.state.read() as view:
                if view.get(tables.holding(MimeiId(shelf.sealed))) is not None:
                    raise  # who was left out keeps what they could read
            return take_in(engines, lease, shelf, user)
    changes = scan(nodes, shelf.cur) if shelf.cur else ()
    mimei = MimeiId(shelf.genesis.digest[:ID_BYTES])
    with engines.state.read() as view:
        is_held = view.get(tables.holding(mimei)) is not None
        on_demand = read_demand(view, mimei) is not None if is_held else shelf.partial
    return Came(
        genesis=shelf.genesis,
        control=shelf.control,
        heads=shelf.heads,
        versions={_version(entry.key): entry.value == NUMBERED for entry in scan(nodes, shelf.versions)},
        changes=[(entry.key, None if entry.value == DELETED else entry.value) for entry in changes],
        on_demand=on_demand,
    )


def _private(engines: Engines, lease: Lease, shelf: Shelf, user: KeyId | None) -> Came:
    shelf, _ = joined(engines, lease, shelf)
    return open_private(
        engines,
        MimeiId(shelf.sealed or b""),
        user,
        genesis=shelf.genesis,
        control=shelf.control,
        heads=shelf.heads,
        forms=versions_of(engines, shelf),
    )


def open_private(
    engines: Engines,
    mimei: MimeiId,
    user: KeyId | None,
    *,
    genesis: Cid,
    control: Cid,
    heads: Sequence[Cid],
    forms: Mapping[Cid, bool],
    drafts: Sequence[Cid] = (),
) -> Came:
    """Open what came of a private MiMei, and note the sealed forms of all its blocks once they are proved.

    Args: user: whose seed opens it if it is new here and its author's isn't, None for the owner. genesis, forms: sealed
        forms, those of versions with whether its number names the version. drafts: those of drafts.
    Raises: EpochKeyMissing: if neither its author's seed is here nor a reader's. Refused, RingRefused, SealBroken,
        NotSealed, BlockMissing.
    """
    standing = engines.record(Control, control).check()
    with engines.state.read() as view:
        held = load(engines, view, mimei) if view.get(tables.holding(mimei)) is not None else None
    if held is not None:
        user = held.facts.user
        if (held.control.key_epoch or 0) > (standing.key_epoch or 0) and held.control.author == standing.author:
            standing = held.control
    within = engines.root.private(mimei, standing, user)
    blocks = within.blocks
    assert isinstance(blocks, PrivateBlocks)
    versions: dict[Cid, bool] = {}
    pairs: list[Pair] = []
    for form, is_numbered in forms.items():
        cid = blocks.open(form).cid
        versions[cid] = is_numbered
        pairs.append((cid, form))
    for head in (engines.record(Head, cid) for cid in heads):
        if head.sealed is None:
            raise Refused(mimei, "a head does not say where its version is sealed")
        if head.tip in versions:
            pairs.append((head.tip, head.sealed))
        elif blocks.note(head.sealed) != head.tip:
            raise Refused(mimei, "a head names another version than the one that is sealed")
    shared = [(blocks.open(form).cid, form) for form in drafts]
    blocks.sealed.adopt([*pairs, *shared])
    opened = tuple(cid for cid, _ in shared)
    return Came(blocks.note(genesis), control, heads, versions, within=within, sealed=genesis, drafts=opened)


def _version(key: bytes) -> Cid:
    if key[:1] != VERSION_TYPE:
        raise NotAnArchive("its list of versions holds something else")
    try:
        return Cid.read(key[1:])
    except NotACid as error:
        raise NotAnArchive(str(error)) from None
