"""Export: one MiMei, several or the whole node as a CAR, with all that is needed to have them again elsewhere."""

from collections.abc import Iterator, Sequence

from leither.codec import Block, BlockMissing, Cid
from leither.codec.car import write_block, write_header
from leither.crypto import KeyId, MimeiId, seal_seed
from leither.merkle import Entry, Nodes, Shape, Stamp, build
from leither.mimei.export import BESIDE, DELETED, NUMBERED, VERSION_TYPE, Export, Shelf
from leither.ports import View, prefix_end
from leither.service import tables
from leither.service.backup import backup
from leither.service.cur import Cur
from leither.service.demand_rows import read_demand, read_demands
from leither.service.engines import Engines
from leither.service.holding import Mimei, heads, load, load_all, within
from leither.service.kept import Kept, kept
from leither.service.pages import fold, has_pages
from leither.service.persons import Person
from leither.service.private import sealed_form
from leither.service.reach import Reach
from leither.service.versions import held_versions

_NOBODY = Stamp(0, 0)
_SHAPE = Shape(bytes(16))


def seal_identity(engines: Engines, person: Person, passphrase: str) -> bytes:
    """Return the person's seed under `passphrase`, to go into an export."""
    random = engines.random
    return seal_seed(person.seed, passphrase, salt=random.token(16), nonce=random.token(12))


def own_ids(engines: Engines, user: KeyId | None) -> list[MimeiId]:
    """Return the MiMei that belong to a user, or to the owner."""
    with engines.state.read() as view:
        held = [mimei.id for mimei in load_all(engines, view) if mimei.facts.user == user]
        return held + [one.id for one in kept(engines, view) if one.imported and one.user == user]


def export_car(
    engines: Engines, ids: Sequence[MimeiId] | None = None, *, identity: bytes | None = None
) -> Iterator[bytes]:
    """Iterate over the bytes of a CAR of these MiMei, or of all. `identity` is what `seal_identity` returned.

    What changes meanwhile is not in it. Unsaved changes of private MiMei are backed up first. Of what is on demand it
    has what is here.
    Memory: 100 bytes for each block. Raises: MimeiNotFound, BlockMissing, NotTheAuthor.
    """
    _save_private(engines, ids)
    _fold_files(engines, ids)
    with engines.state.read() as view:
        held, sealed = _chosen(engines, view, ids)
        made: dict[Cid, bytes] = {}
        shelves = [*(_shelve(engines, view, mimei, made) for mimei in held), *(one.shelf for one in sealed)]
        manifest = Export(mimei=tuple(shelf.cid for shelf in shelves), identity=identity).block
        yield write_header([manifest.cid])
        yield write_block(manifest)
        for block in (*(shelf.block for shelf in shelves), *(Block(cid, data) for cid, data in made.items())):
            yield write_block(block)
        reach = Reach(engines)
        on_demand = {mimei for mimei, _ in read_demands(view)}
        for mimei in sorted(held, key=lambda mimei: mimei.id in on_demand):
            reach.on_demand = mimei.id in on_demand
            for cid in reach.mimei(view, mimei):
                yield write_block(Block(cid, engines.blocks.get(cid)))
            if reach.missing:
                raise BlockMissing(reach.missing[0])
        reach.on_demand = False
        for one in sealed:
            for cid in reach.kept(one):
                if cid != one.shelf.cid:
                    yield write_block(Block(cid, engines.blocks.get(cid)))
            if reach.missing:
                raise BlockMissing(reach.missing[0])


def _chosen(engines: Engines, view: View, ids: Sequence[MimeiId] | None) -> tuple[list[Mimei], list[Kept]]:
    """Return what is to be exported: what can be read here, and what is kept sealed. Raises: MimeiNotFound.

    What is kept for paired nodes alone is exported only where it is named: they bring it again.
    """
    if ids is None:
        return list(load_all(engines, view)), [one for one in kept(engines, view) if one.imported]
    held: list[Mimei] = []
    sealed: list[Kept] = []
    for mimei in ids:
        found = list(kept(engines, view, mimei))
        sealed += found
        if not found or view.get(tables.holding(mimei)) is not None:
            held.append(load(engines, view, mimei))
    return held, sealed


def _save_private(engines: Engines, ids: Sequence[MimeiId] | None) -> None:
    """Back up what is unsaved in private MiMei, since only what a version holds is found by its sealed form."""
    with engines.state.read() as view:
        found, _ = _chosen(engines, view, ids)
        unsaved = [mimei.id for mimei in found if mimei.is_private and not mimei.is_saved]
    for mimei in unsaved:
        backup(engines, mimei, note="before an export")


def _fold_files(engines: Engines, ids: Sequence[MimeiId] | None) -> None:
    """Turn writes at an offset into blocks first, so that `cur` is in the archive whole."""
    with engines.state.read() as view:
        found = ids if ids is not None else [mimei.id for mimei in load_all(engines, view)]
        written = [mimei for mimei in found if has_pages(view, mimei)]
    for mimei in written:
        with within(engines, mimei).blocks.lease() as lease:
            fold(engines, mimei, lease)


def _shelve(engines: Engines, view: View, held: Mimei, made: dict[Cid, bytes]) -> Shelf:
    def keep(block: Block) -> None:
        made[block.cid] = block.data

    nodes = Nodes(made.__getitem__, keep)
    numbered = {Cid(value) for _, value in view.scan(tables.version(held.id, 0), prefix_end(tables.VERSIONS + held.id))}
    named = {sealed_form(held.engines.blocks, cid) or cid: cid in numbered for cid in held_versions(view, held.id)}
    versions = (
        Entry(VERSION_TYPE + cid, _NOBODY, NUMBERED if is_numbered else BESIDE)
        for cid, is_numbered in sorted(named.items())
    )
    if held.is_private:
        return Shelf(
            genesis=Cid(held.row.sealed),
            control=Cid(held.row.control),
            versions=build(nodes, versions, _SHAPE),
            heads=tuple(cid for _, _, cid in heads(engines, view, held.id)),
            sealed=held.id,
        )
    changes = [
        Entry(key, _NOBODY, DELETED if value is None else value) for key, value in Cur(engines, view, held).unsaved()
    ]
    return Shelf(
        genesis=Cid(held.row.genesis),
        control=Cid(held.row.control),
        versions=build(nodes, versions, _SHAPE),
        heads=tuple(cid for _, _, cid in heads(engines, view, held.id)),
        cur=build(nodes, changes, _SHAPE) if changes else None,
        partial=read_demand(view, held.id) is not None,
    )
