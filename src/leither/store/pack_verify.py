"""Reading everything back: every frame against its hash, and index and packs against each other."""

from __future__ import annotations

from collections.abc import Iterator

from leither.codec import Cid
from leither.ports import Checked, Fault
from leither.store.catalog import Catalog
from leither.store.frame import FRAME_HEADER_BYTES, PACK_HEADER_BYTES, Place, pack_header_is_sound, read_frame_header
from leither.store.pack_file import PackFile, PackFiles
from leither.store.pack_walk import Frame, Gap, walk


def verify_packs(files: PackFiles, catalog: Catalog) -> Iterator[Fault | Checked]:
    """Yield what is wrong, and each frame and gap that was read.

    What is written or swept meanwhile may or may not be looked at.
    """
    with catalog.lock:
        sizes = dict(catalog.sizes)
    for number, size_bytes in sizes.items():
        try:
            pack = files.get(number)
        except FileNotFoundError:
            continue  # swept meanwhile; if not, its entries tell below
        yield from _verify_pack(pack, size_bytes, catalog)
    for digest, place in catalog.entries():
        if not place.dropped:
            yield from _verify_entry(digest, place, files, catalog)


def _verify_pack(pack: PackFile, size_bytes: int, catalog: Catalog) -> Iterator[Fault | Checked]:
    if not pack_header_is_sound(pack.read(0, PACK_HEADER_BYTES), pack.number, f"packs/{pack.number}.pack"):
        yield Fault(None, f"packs/{pack.number}.pack:0", "the header of the pack is damaged")
    for seen in walk(pack, PACK_HEADER_BYTES, size_bytes, hashing=True):
        if isinstance(seen, Gap):
            yield Fault(None, seen.where, f"{seen.end - seen.start:,} bytes are damaged")
            yield Checked(seen.end - seen.start)
        else:
            yield from _verify_frame(seen, catalog)
            yield Checked(FRAME_HEADER_BYTES + seen.place.length)


def _verify_frame(frame: Frame, catalog: Catalog) -> Iterator[Fault]:
    cid = Cid.from_digest(frame.place.codec, frame.digest)
    indexed = catalog.look(frame.digest)
    if indexed is None and frame.sound:
        with catalog.lock:  # it may just have been swept
            unknown = catalog.look(frame.digest) is None and frame.place.pack in catalog.sizes
        if unknown:
            yield Fault(cid, frame.place.where, "the block is in no index; remove the index folder to rebuild it")
    elif not frame.sound and indexed is not None and not indexed.dropped and indexed == frame.place:
        with catalog.lock:
            catalog.damaged[frame.digest] = frame.place
        yield Fault(cid, frame.place.where, "the block does not match its hash")
    elif not frame.sound and indexed is None:
        yield Fault(cid, frame.place.where, "a block that the index does not know does not match its hash")


def _verify_entry(digest: bytes, place: Place, files: PackFiles, catalog: Catalog) -> Iterator[Fault]:
    """Check that the index points at the block's frame."""
    try:
        header = read_frame_header(
            place.pack, place.offset, files.get(place.pack).read(place.offset, FRAME_HEADER_BYTES)
        )
    except FileNotFoundError:
        header = None
    agrees = header is not None and (header.digest, header.length) == (digest, place.length)
    if agrees and place.end <= catalog.sizes.get(place.pack, 0):
        return
    if catalog.look(digest) == place:  # not moved or dropped meanwhile
        yield Fault(
            Cid.from_digest(place.codec, digest), place.where, "the index points here, and no such block is here"
        )
