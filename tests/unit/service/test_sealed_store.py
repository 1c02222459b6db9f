"""What lies on the disk of somebody who keeps a private MiMei and has no key: nothing that is known of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from leither.codec import DAG_CBOR, DAG_PB, RAW, Block, Cid
from leither.codec.sealed import check, walk
from leither.crypto import id_text
from leither.merkle import Entry as MapEntry
from leither.merkle import NodeCache, Nodes, Shape, Stamp, build
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.genesis import Genesis
from leither.mimei.path import path_key
from leither.mimei.sealing import pair_blocks
from leither.mimei.version import Version
from leither.store import MemoryBlocks, MemoryState, PackBlocks
from leither.unixfs import FileBuilder, Get, Link, update_tree
from tests.unit.mimei.samples import AUTHOR, WRITER
from tests.unit.service.sealed_device import MIMEI, keys, open_blocks

SECRETS = {
    ("diary", "monday-the-ninth.txt"): b"Dear diary, nobody shall ever read this line. " * 40,
    ("diary", "tuesday-the-tenth.txt"): b"Today the treasure was buried under the old oak. " * 30_000,
    ("passwords-of-the-house.csv",): b"alarm,correct-horse-battery-staple\n" * 20,
}
MARK, NOTE = "the-secret-project", "before the move to the island"
SALT = bytes(range(100, 116))


GENESIS = Genesis(author=AUTHOR.public, app="notes", ext="", mark=MARK, type="fs", salt=bytes(16))


def tree(get: Get, put: Callable[[Block], None]) -> Version:
    """Store a small private file system through `put`, and return its version."""
    links: dict[tuple[str, ...], Link] = {}
    for path, data in SECRETS.items():
        builder = FileBuilder(put)
        builder.write(data)
        links[path] = builder.finish()
    content = update_tree(get, put, None, dict(links))
    entries = sorted(
        MapEntry(
            path_key(path),
            Stamp(1, 1),
            PathEntry(EntryType.FILE, 0o644, 1_700_000_000_000, Cid(link.cid), link.size_bytes).encode(),
        )
        for path, link in links.items()
    )
    side = build(Nodes(get, put, NodeCache()), entries, Shape(SALT))
    put(GENESIS.block)
    return Version(
        mimei=MIMEI, n=0, content=content.cid, side=side, salt=SALT, size_bytes=1, note=NOTE, key_epoch=0
    ).signed(WRITER)


def known(cids: list[Cid]) -> Iterator[bytes]:
    """What somebody who suspects these files would look for."""
    for path, data in SECRETS.items():
        yield data[:30]
        yield data[-30:]
        yield from (name.encode() for name in path)
    yield from (MARK.encode(), NOTE.encode(), SALT, MIMEI, id_text(MIMEI).encode(), AUTHOR.public, WRITER.public)
    for cid in cids:
        yield cid.digest
        yield cid.digest.hex().encode()
        for codec in (RAW, DAG_PB, DAG_CBOR):
            other = Cid.from_digest(codec, cid.digest)
            yield other.text.encode()
            yield other.text[1:].upper().encode()


def on_disk(folder: Path) -> bytes:
    """All bytes of all files of a store, index included."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def found(folder: Path, cids: list[Cid]) -> set[bytes]:
    data = on_disk(folder)
    return {secret for secret in known(cids) if secret in data}


def test_a_keeper_s_disk_shows_nothing_of_what_is_sealed(tmp_path: Path) -> None:
    owner = open_blocks(inner := MemoryBlocks(), MemoryState())
    with owner.lease() as lease:
        version = tree(owner.get, lease.put)
        form = lease.put_version(version)
    genesis = [cid for cid in inner.cids() if cid not in set(walk(inner.get, [form]))]
    forms = [*walk(inner.get, [form]), *genesis]
    keeper = PackBlocks(tmp_path / "keeper")
    with keeper.lease() as keeping:
        for cid in forms:
            check(cid, inner.get(cid))
            keeping.put(Block(cid, inner.get(cid)))
    keeper.close()
    plain = [GENESIS.cid, *(cid for cid, _ in pair_blocks(inner.get, keys(), [(version.cid, form)]))]
    assert len(plain) == len(set(forms)) == 10
    assert found(tmp_path / "keeper", plain) == set()
    # What it does hold is all there, by the same search.
    assert all(cid.digest in on_disk(tmp_path / "keeper") for cid in forms)


def test_the_same_search_finds_everything_on_a_disk_that_keeps_it_open(tmp_path: Path) -> None:
    blocks = PackBlocks(tmp_path / "open")
    with blocks.lease() as lease:
        version = tree(blocks.get, lease.put)
        lease.put(version.block)
    plain = list(blocks.cids())
    blocks.close()
    texts = {secret for secret in known([]) if secret not in (SALT, MIMEI, id_text(MIMEI).encode())}
    assert found(tmp_path / "open", plain) >= texts | {SALT, MIMEI} | {cid.digest for cid in plain}
