"""Directories of other makers: read where they are sound, refused where they are not."""

from __future__ import annotations

import pytest

from leither import limits
from leither.codec import DAG_CBOR, DAG_PB, RAW, Cid, dagpb
from leither.codec.dagpb import PBLink
from leither.unixfs import (
    EMPTY_DIRECTORY,
    BadName,
    BadUnixFS,
    DuplicateName,
    HashCollision,
    Misplaced,
    NotUnixFS,
    Path,
    PathNotFound,
    SymlinkTarget,
    WrongKind,
    decode,
    entries,
    lookup,
    message,
    resolve,
)
from leither.unixfs.murmur import HASH_TYPE, murmur64
from tests.unit.unixfs.shelf import Shelf

LEAF = Cid.of(RAW, b"")


def directory(shelf: Shelf, *names: bytes) -> Cid:
    return shelf.store(DAG_PB, dagpb.encode([PBLink(name, LEAF, 0) for name in names], message.encode_directory()))


def shard(
    shelf: Shelf, links: list[tuple[bytes, Cid]], bitfield: int, fanout: int = 256, hash_type: int = HASH_TYPE
) -> Cid:
    data = message.encode_shard(bitfield, fanout, hash_type)
    return shelf.store(DAG_PB, dagpb.encode([PBLink(name, cid, 0) for name, cid in links], data))


def slot_of(name: bytes, digits: int = 2, level: int = 0) -> tuple[bytes, int]:
    """A name's slot at a level, as hex and as its bit."""
    number = murmur64(name) >> 64 - 4 * digits * (level + 1) & (1 << 4 * digits) - 1
    return b"%0*X" % (digits, number), 1 << number


@pytest.mark.parametrize("name", [b"", b".", b"..", b"a/b", b"a\0", b"\xff", b"x" * 256])
def test_a_directory_with_a_hostile_name_is_refused_when_listed(shelf: Shelf, name: bytes) -> None:
    with pytest.raises(BadName):
        shelf.names(directory(shelf, name))


def test_a_directory_with_a_name_twice_is_refused(shelf: Shelf) -> None:
    with pytest.raises(DuplicateName, match="lists 'a' twice"):
        shelf.names(directory(shelf, b"a", b"a"))


def test_a_directory_in_no_order_is_listed_as_it_is(shelf: Shelf) -> None:
    assert shelf.names(directory(shelf, b"b", b"a")) == ["b", "a"]


@pytest.mark.parametrize(("fanout", "digits"), [(16, 1), (256, 2)])
def test_a_sharded_directory_of_any_width_is_read(shelf: Shelf, fanout: int, digits: int) -> None:
    prefix, bit = slot_of(b"name", digits)
    root = shard(shelf, [(prefix + b"name", LEAF)], bit, fanout)
    assert shelf.names(root) == ["name"]
    assert lookup(shelf.get, root, "name").cid == LEAF


def test_a_width_that_cuts_digits_across_bytes_is_read(shelf: Shelf) -> None:
    number = murmur64(b"name") >> 64 - 10
    root = shard(shelf, [(b"%03X" % number + b"name", LEAF)], 1 << number, 1024)
    assert lookup(shelf.get, root, "name").cid == LEAF


def test_changing_a_directory_of_another_width_gives_our_shape(shelf: Shelf) -> None:
    prefix, bit = slot_of(b"name", 1)
    root = shard(shelf, [(prefix + b"name", LEAF)], bit, 16)
    assert shelf.update(root, {}).cid == directory(shelf, b"name")


@pytest.mark.parametrize("fanout", [0, 1, 4, 100, 2048, 1 << 40])
def test_an_impossible_width_is_refused(shelf: Shelf, fanout: int) -> None:
    with pytest.raises(BadUnixFS, match="power of two from 8 to 1024"):
        shelf.names(shard(shelf, [], 0, fanout))


def test_another_hash_is_refused(shelf: Shelf) -> None:
    with pytest.raises(BadUnixFS, match="not murmur3"):
        shelf.names(shard(shelf, [], 0, hash_type=0x23))


def test_a_bitfield_that_does_not_count_the_links_is_refused(shelf: Shelf) -> None:
    with pytest.raises(BadUnixFS, match="marks 2 slots for 0 links"):
        shelf.names(shard(shelf, [], 3))


def test_a_link_in_another_slot_than_its_bit_is_refused(shelf: Shelf) -> None:
    with pytest.raises(BadUnixFS, match="does not begin with its slot 00"):
        shelf.names(shard(shelf, [(b"01name", LEAF)], 1))


def test_an_entry_where_nobody_looks_for_it_is_refused(shelf: Shelf) -> None:
    _, bit = slot_of(b"name")
    wrong = (bit.bit_length() % 256, 1 << bit.bit_length() % 256)
    with pytest.raises(Misplaced):
        shelf.names(shard(shelf, [(b"%02Xname" % wrong[0], LEAF)], wrong[1]))


def test_one_shard_in_many_slots_does_not_unfold(shelf: Shelf) -> None:
    # 256 slots lead to one shard, 8 levels deep: 2^64 entries, if it were believed.
    prefix, bit = slot_of(b"name", level=7)
    below = shard(shelf, [(prefix + b"name", LEAF)], bit)
    for _ in range(7):
        below = shard(shelf, [(b"%02X" % slot, below) for slot in range(256)], (1 << 256) - 1)
    shelf.reads.clear()
    with pytest.raises(Misplaced):
        shelf.names(below)
    assert len(shelf.reads) <= 8


def test_a_shard_deeper_than_the_hash_is_refused(shelf: Shelf) -> None:
    below = shard(shelf, [(b"00name", LEAF)], 1)
    for _ in range(8):
        below = shard(shelf, [(b"00", below)], 1)
    with pytest.raises(BadUnixFS, match="more than the hash can tell apart"):
        shelf.names(below)


def test_an_empty_shard_below_another_is_refused(shelf: Shelf) -> None:
    with pytest.raises(BadUnixFS, match="empty shard"):
        shelf.names(shard(shelf, [(b"00", shard(shelf, [], 0))], 1))


def test_a_shard_below_one_of_another_width_is_refused(shelf: Shelf) -> None:
    prefix, bit = slot_of(b"name", 1)
    with pytest.raises(BadUnixFS, match="fanout 16 below one of 256"):
        shelf.names(shard(shelf, [(b"00", shard(shelf, [(prefix + b"name", LEAF)], bit, 16))], 1))


def test_a_basic_directory_below_a_shard_is_refused(shelf: Shelf) -> None:
    with pytest.raises(WrongKind, match="not a shard"):
        shelf.names(shard(shelf, [(b"00", directory(shelf))], 1))


def test_names_of_one_hash_cannot_share_a_sharded_directory(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leither.unixfs.hamt.murmur64", lambda name: 0)
    names: list[Path] = [("x" * 200 + str(number),) for number in range(2000)]
    with pytest.raises(HashCollision, match="have the same 64-bit hash"):
        shelf.tree(dict.fromkeys(names, EMPTY_DIRECTORY))


def test_an_empty_sharded_directory_is_listed_as_empty(shelf: Shelf) -> None:
    assert shelf.names(shard(shelf, [], 0)) == []


@pytest.mark.parametrize(
    "data", [b"", b"\x08\x03", b"\x08\x09", b"\x08\x01\x08\x01", b"\x08\x81\x00", b"\x4a\x00", b"\x0a"]
)
def test_a_malformed_message_is_refused(shelf: Shelf, data: bytes) -> None:
    with pytest.raises(BadUnixFS):
        shelf.names(shelf.store(DAG_PB, dagpb.encode((), data)))


def test_a_node_without_data_is_refused(shelf: Shelf) -> None:
    with pytest.raises(BadUnixFS, match="no data"):
        shelf.names(shelf.store(DAG_PB, b""))


@pytest.mark.parametrize("target", [b"", b"a\0b", b"x" * (limits.SYMLINK_TARGET_BYTES_MAX + 1)])
def test_a_foreign_symlink_with_a_bad_target_is_refused(shelf: Shelf, target: bytes) -> None:
    block = dagpb.encode((), message.encode_symlink(target))
    with pytest.raises(BadUnixFS, match="symlink target"):
        decode(Cid.of(DAG_PB, block), block)


def test_modes_and_times_of_others_are_read_over(shelf: Shelf) -> None:
    block = dagpb.encode((), b"\x08\x01\x38\xed\x03\x42\x02\x08\x01")
    assert shelf.names(shelf.store(DAG_PB, block)) == []


def test_packed_block_sizes_are_read(shelf: Shelf) -> None:
    leaf = shelf.store(RAW, b"ab")
    block = dagpb.encode([PBLink(b"", leaf, 2)] * 2, b"\x08\x02\x18\x04\x22\x02\x02\x02")
    assert decode(Cid.of(DAG_PB, block), block).block_sizes == [2, 2]


def test_a_path_through_a_file_names_the_file(shelf: Shelf) -> None:
    root = shelf.tree({("a",): shelf.add(b"text")}).cid
    with pytest.raises(WrongKind, match="is a file, not a directory"):
        resolve(shelf.get, root, ["a", "b"])


def test_a_path_does_not_follow_symlinks(shelf: Shelf) -> None:
    root = shelf.tree({("a",): EMPTY_DIRECTORY, ("b",): SymlinkTarget("a")}).cid
    with pytest.raises(WrongKind, match="is a symlink"):
        resolve(shelf.get, root, ["b", "c"])


def test_a_path_that_leads_nowhere_names_the_missing_part(shelf: Shelf) -> None:
    root = shelf.tree({("a", "b"): EMPTY_DIRECTORY}).cid
    with pytest.raises(PathNotFound, match="has no entry 'c'"):
        resolve(shelf.get, root, ["a", "c"])


@pytest.mark.parametrize("path", [[".."], ["a", ".", "b"], [""], ["a/b"]])
def test_a_hostile_path_is_refused(shelf: Shelf, path: list[str]) -> None:
    with pytest.raises(BadName):
        resolve(shelf.get, directory(shelf), path)


def test_a_record_is_no_directory(shelf: Shelf) -> None:
    with pytest.raises(NotUnixFS):
        list(entries(shelf.get, shelf.store(DAG_CBOR, b"\xa0")))


@pytest.mark.parametrize(
    ("data", "reason"), [(b"\x08\x01\x0d\0\0\0\0", "wire type 5"), (b"\x08\x02\x12\x05a", "is cut off")]
)
def test_a_message_of_other_wire_types_or_cut_off_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BadUnixFS, match=reason):
        message.decode(data)


def test_a_lookup_refuses_a_link_in_another_slot_than_its_bit(shelf: Shelf) -> None:
    _, bit = slot_of(b"name")
    with pytest.raises(BadUnixFS, match="does not begin with its slot"):
        lookup(shelf.get, shard(shelf, [(b"zzname", LEAF)], bit), "name")
