"""Fuzz reading of files and directories: any blocks give bytes and entries as claimed, or an error of the project.

Run with `--runs N` for a short run; other arguments go to libFuzzer.
"""

from __future__ import annotations

import itertools
import sys

import atheris

with atheris.instrument_imports(include=["leither"]):
    from leither import unixfs
    from leither.codec import DAG_PB, RAW, Block, Cid, dagpb
    from leither.codec.block import BlockMissing
    from leither.errors import LeitherError
    from leither.unixfs import EntityBytes, Scope, message
    from leither.unixfs.murmur import murmur64

STEPS_MAX = 2000


def check(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    blocks: dict[Cid, bytes] = {}
    sizes: dict[Cid, int] = {}
    root = _store(blocks, RAW, b"leaf")
    sizes[root] = 4
    for _ in range(provider.ConsumeIntInRange(1, 6)):
        # Links, sizes and slots are made to fit here, mostly, for no fuzzer finds a hash.
        targets = [provider.PickValueInList(list(blocks)) for _ in range(provider.ConsumeIntInRange(0, 4))]
        told, names = _message(provider, [sizes[target] for target in targets])
        links = [dagpb.PBLink(name, target, sizes[target]) for name, target in zip(names, targets, strict=True)]
        block = dagpb.encode(links, told)
        if provider.ConsumeProbability() < 0.1:
            block += provider.ConsumeBytes(8)
        root = _store(blocks, DAG_PB, block)
        sizes[root] = sum(sizes[target] for target in targets)
    _attempt(blocks, root, provider.ConsumeUnicodeNoSurrogates(4))


def _message(provider: atheris.FuzzedDataProvider, sizes: list[int]) -> tuple[bytes, list[bytes]]:
    """Return a node's message and the names of its links."""
    names = [provider.ConsumeBytes(provider.ConsumeIntInRange(0, 4)) for _ in sizes]
    match provider.ConsumeIntInRange(0, 4):
        case 0:
            return message.encode_directory(), names
        case 1:
            return message.encode_file(sum(sizes), sizes), names
        case 2:
            return message.encode_file(
                provider.ConsumeIntInRange(0, 20), [provider.ConsumeIntInRange(0, 9) for _ in sizes]
            ), names
        case 3:
            # An entry in the slot of its hash, or, without a name, a shard somewhere.
            slots = sorted({murmur64(name) >> 56: name for name in names}.items())
            fields = 0
            for slot, _ in slots:
                fields |= 1 << slot
            named = [b"%02X" % slot + name for slot, name in slots]
            return message.encode_shard(fields, 256, 0x22), (named + names)[: len(sizes)]
    return provider.ConsumeBytes(provider.ConsumeIntInRange(0, 40)), names


def _store(blocks: dict[Cid, bytes], codec: int, data: bytes) -> Cid:
    block = Block.of(codec, data)
    blocks[block.cid] = block.data
    return block.cid


def _attempt(blocks: dict[Cid, bytes], root: Cid, name: str) -> None:
    def get(cid: Cid) -> bytes:
        if cid not in blocks:
            raise BlockMissing(cid)
        return blocks[cid]

    def put(block: Block) -> None:
        blocks[block.cid] = block.data

    def read_all() -> None:
        size = unixfs.size_bytes(get, root)
        pieces = list(itertools.islice(unixfs.read(get, root), STEPS_MAX))
        assert sum(map(len, pieces)) <= size
        assert len(pieces) == STEPS_MAX or sum(map(len, pieces)) == size

    def list_all() -> None:
        listed = list(itertools.islice(unixfs.entries(get, root), STEPS_MAX))
        assert len({entry.name for entry in listed}) == len(listed)
        for entry in listed:
            assert unixfs.lookup(get, root, entry.name) == entry

    def change() -> None:
        link = unixfs.write_symlink("target", put)
        changed = unixfs.update_tree(get, put, root, {("new",): link})
        assert unixfs.lookup(get, changed.cid, "new").cid == link.cid

    def send() -> None:
        for scope in Scope:
            sent = list(itertools.islice(unixfs.blocks(get, root, scope=scope), STEPS_MAX))
            assert len({block.cid for block in sent}) == len(sent)
        list(itertools.islice(unixfs.blocks(get, root, [name], entity_bytes=EntityBytes(1, -1)), STEPS_MAX))

    for act in (read_all, list_all, change, send):
        try:
            act()
        except LeitherError:
            continue


def main() -> None:
    arguments = ["-runs=" + sys.argv[2], *sys.argv[3:]] if sys.argv[1:2] == ["--runs"] else sys.argv[1:]
    atheris.Setup([sys.argv[0], *arguments], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
