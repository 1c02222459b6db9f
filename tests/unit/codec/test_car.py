"""CAR streams: round trips, every kind of damage, and where it is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.codec import DAG_PB, RAW, Block, Cid, varint
from leither.codec.car import BadCar, CarReader, TooManyRoots, write_block, write_car, write_header

ROOT = Cid.of(RAW, b"root")
BLOCKS = st.lists(st.binary(max_size=200).map(lambda data: Block.of(RAW, data)), max_size=6)


def car(*blocks: Block, roots: tuple[Cid, ...] = (ROOT,)) -> bytes:
    return b"".join(write_car(roots, blocks))


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """The same bytes in pieces of these sizes, and the rest."""
    for size in sizes:
        yield data[:size]
        data = data[size:]
    yield data


def section(content: bytes) -> bytes:
    return varint.encode(len(content)) + content


def header_of(value: object) -> bytes:
    return section(cbor2.dumps(value))


def read(pieces: Iterable[bytes]) -> list[Block]:
    return list(CarReader(pieces))


@given(blocks=BLOCKS, roots=st.lists(st.just(ROOT), max_size=3), sizes=st.lists(st.integers(0, 60), max_size=20))
def test_what_is_written_reads_back_from_any_pieces(blocks: list[Block], roots: list[Cid], sizes: list[int]) -> None:
    reader = CarReader(cut(car(*blocks, roots=tuple(roots)), sizes))
    assert (reader.roots, list(reader)) == (roots, blocks)


@given(blocks=BLOCKS, data=st.data())
def test_a_stream_cut_anywhere_but_between_blocks_is_refused(blocks: list[Block], data: st.DataObject) -> None:
    whole = car(*blocks)
    ends = {len(write_header([ROOT])) + sum(len(write_block(block)) for block in blocks[:count]) for count in range(7)}
    size = data.draw(st.integers(0, len(whole)).filter(lambda size: size not in ends))
    with pytest.raises(BadCar):
        read([whole[:size]])


@given(blocks=BLOCKS, data=st.data())
def test_a_flipped_bit_is_never_read_as_the_same_blocks(blocks: list[Block], data: st.DataObject) -> None:
    whole = bytearray(car(*blocks))
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] ^= 1 << data.draw(st.integers(0, 7))
    with contextlib.suppress(BadCar):
        reader = CarReader([bytes(whole)])
        found = list(reader)
        # A root is only a name, and a codec is not hashed: their bits can flip to another well-formed CID.
        assert (reader.roots, found) != ([ROOT], blocks)
        assert all(block.cid.matches(block.data) for block in found)


def test_a_good_block_before_a_bad_one_is_given() -> None:
    good, bad = Block.of(RAW, b"good"), Block(Cid.of(RAW, b"x"), b"bad")
    blocks = iter(CarReader([car(good, bad)]))
    assert next(blocks) == good
    with pytest.raises(BadCar, match="does not hash to its CID") as caught:
        next(blocks)
    assert caught.value.offset == len(car(good))


@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        (b"\x00", "section of no bytes"),
        (b"\x80\x00", "length is padded"),
        (b"\xff" * 10, "exceeds 64 bits"),
        (b"\xff" * 9 + b"\x01", "exceeds the limit"),
        (b"\x05ab", "cut off: 5 bytes announced, 2 there"),
        (b"\x80", "cut off"),
        (section(b"garbage"), "block without a CID"),
        (section(b"\x01\x55\x1e\x20" + bytes(32)), "can't be verified"),
        (section(b"\x01\x55\x00\x02abXY"), "differs from the identity CID"),
        (section(Cid.of(RAW, b"") + bytes(limits.BLOCK_BYTES_MAX + 1)), "exceeds the limit of 2,097,152"),
    ],
)
def test_bad_bytes_after_the_header_are_refused_with_their_place(tail: bytes, reason: str) -> None:
    with pytest.raises(BadCar, match=reason) as caught:
        read([car() + tail])
    assert caught.value.offset >= len(car())


@pytest.mark.parametrize(
    "header",
    [
        b"",
        header_of({"roots": [], "version": 2}),
        header_of({"roots": []}),
        header_of({"version": 1}),
        header_of({"version": 1, "roots": []}),
        header_of({"roots": [], "version": 1, "x": 1}),
        header_of({"roots": [b"\0" + ROOT], "version": 1}),
        header_of({"roots": [], "version": 1.0}),
        header_of([1]),
        section(b"\xbf\xff"),
        section(b"\xff"),
        section(cbor2.dumps({"roots": [], "version": 1}) + b"\0"),
        varint.encode(limits.CAR_HEADER_BYTES_MAX + 1),
    ],
)
def test_a_header_of_another_form_is_refused(header: bytes) -> None:
    with pytest.raises(BadCar):
        CarReader([header])


def test_as_many_roots_as_allowed_are_written_and_no_more() -> None:
    roots = (ROOT,) * limits.CAR_ROOTS_MAX
    assert CarReader([car(roots=roots)]).roots == list(roots)
    with pytest.raises(TooManyRoots):
        write_header((*roots, ROOT))


def test_more_roots_than_allowed_are_not_read() -> None:
    roots = [cbor2.CBORTag(42, b"\0" + bytes(ROOT))] * (limits.CAR_ROOTS_MAX + 1)
    with pytest.raises(BadCar, match="1,025 roots exceed the limit of 1,024"):
        CarReader([header_of({"roots": roots, "version": 1})])


def test_a_block_under_a_version_0_cid_is_given_under_version_1() -> None:
    block = Block.of(DAG_PB, b"")
    assert read([car() + section(b"\x12\x20" + block.cid.digest)]) == [block]


def test_a_block_within_an_identity_cid_is_left_out() -> None:
    assert read([car() + section(b"\x01\x55\x00\x02ab" + b"ab") + write_block(Block.of(RAW, b"x"))]) == [
        Block.of(RAW, b"x")
    ]


def version_2(payload: bytes, *, data_offset: int = 51, data_bytes: int | None = None) -> bytes:
    size = len(payload) if data_bytes is None else data_bytes
    fields = (data_offset.to_bytes(8, "little"), size.to_bytes(8, "little"), bytes(8))
    return bytes.fromhex("0aa16776657273696f6e02") + bytes(16) + b"".join(fields) + bytes(data_offset - 51) + payload


@pytest.mark.parametrize("padding", [0, 13])
def test_the_payload_of_a_version_2_file_is_read_and_its_index_is_not(padding: int) -> None:
    block = Block.of(RAW, b"x")
    reader = CarReader([version_2(car(block), data_offset=51 + padding) + b"index"])
    assert (reader.roots, list(reader)) == ([ROOT], [block])


@pytest.mark.parametrize(
    "data",
    [
        version_2(b""),
        version_2(car(), data_bytes=0),
        version_2(car(Block.of(RAW, b"x")), data_bytes=len(car()) + 5),
        version_2(car(), data_bytes=5),
        version_2(car())[:40],
        version_2(car())[:60],
        bytes.fromhex("0aa16776657273696f6e02") + bytes(16) + (7).to_bytes(8, "little") + bytes(8) + bytes(8),
    ],
)
def test_a_malformed_version_2_file_is_refused(data: bytes) -> None:
    with pytest.raises(BadCar):
        read([data])


def test_a_huge_announced_payload_is_not_waited_for_in_memory() -> None:
    with pytest.raises(BadCar, match="cut off"):
        read([version_2(car(), data_offset=51)[:27] + (1 << 60).to_bytes(8, "little") * 2 + bytes(8)])


def test_an_error_of_the_source_passes_through() -> None:
    def broken() -> Iterator[bytes]:
        yield car()
        raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"):
        read(broken())
