"""CAR version 1: a header with roots, then blocks, each behind its length and CID; written and read as a stream.

Every block read is bounded and checked against its CID; every error says at which byte of the stream. A version 2 file
is read for the version 1 stream within; its index isn't used. Source: ipld.io/specs/transport/car.
"""

from collections.abc import Iterable, Iterator, Sequence

import cbor2

from leither import limits
from leither.codec import varint
from leither.codec.block import Block
from leither.codec.cid import Cid, NotACid
from leither.codec.foreign import AnyCid, ForeignCid, read_prefix
from leither.codec.links import BadDagCbor, cbor_links
from leither.errors import InputError, LimitError

_LINK_TAG = 42
_CID_BYTES_MAX = 4 * varint.VARINT_BYTES_MAX + limits.FOREIGN_DIGEST_BYTES_MAX
_PRAGMA_V2 = bytes.fromhex("0aa16776657273696f6e02")
_HEADER_V2_BYTES = 40


class BadCar(InputError):
    """A CAR stream is malformed, cut off, or holds a block that isn't what its CID says."""

    code = "bad-car"

    def __init__(self, offset: int, reason: str) -> None:
        self.offset = offset
        self.reason = reason
        super().__init__(f"CAR is malformed at byte {offset:,}: {reason}; nothing from there on is taken")


class TooManyRoots(LimitError):
    """A CAR was to be written with more roots than are read back."""

    code = "too-many-roots"

    def __init__(self, roots: int) -> None:
        self.roots = roots
        super().__init__(f"{roots:,} roots exceed the limit of {limits.CAR_ROOTS_MAX:,} in one CAR; write several")


def write_header(roots: Sequence[AnyCid]) -> bytes:
    """Return the bytes a CAR with these roots begins with. Raises: TooManyRoots."""
    if len(roots) > limits.CAR_ROOTS_MAX:
        raise TooManyRoots(len(roots))
    header = _header(roots)
    return varint.encode(len(header)) + header


def write_block(block: Block) -> bytes:
    """Return the bytes of one block in a CAR. Cost: one copy."""
    return b"".join((varint.encode(len(block.cid) + len(block.data)), block.cid, block.data))


def write_car(roots: Sequence[Cid], blocks: Iterable[Block]) -> Iterator[bytes]:
    """Yield a CAR piece by piece: the header, then each block. The caller sees that no block comes twice."""
    yield write_header(roots)
    for block in blocks:
        yield write_block(block)


class CarReader:
    """Reads a CAR from pieces of any size. `roots` is known once made; iterating yields the blocks in their order.

    Memory: one block and one piece. Blocks within identity CIDs are checked for form and left out, as nothing refers to
    them by hash. Blocks of other hashes than SHA2-256 are refused, for they can't be verified here.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        """Read the header. Raises: BadCar."""
        self._source = _Source(pieces)
        self._stop: int | None = None
        start = self._source.offset
        header = self._section(limits.CAR_HEADER_BYTES_MAX)
        if header is None:
            raise BadCar(start, "empty")
        if varint.encode(len(header)) + header == _PRAGMA_V2:
            start = self._enter_v2()
            header = self._section(limits.CAR_HEADER_BYTES_MAX)
            if header is None:
                raise BadCar(start, "no header in the version 2 payload")
        self.roots: list[AnyCid] = _parse_header(header, start)

    def __iter__(self) -> Iterator[Block]:
        """Yield verified blocks. Raises: BadCar, and what the pieces' source raises."""
        while True:
            start = self._source.offset
            section = self._section(_CID_BYTES_MAX + limits.BLOCK_BYTES_MAX)
            if section is None:
                return
            try:
                cid, position = read_prefix(section)
            except (NotACid, varint.BadVarint) as error:
                raise BadCar(start, f"block without a CID: {error.reason}") from None
            data = section[position:]
            if len(data) > limits.BLOCK_BYTES_MAX:
                raise BadCar(start, f"block of {len(data):,} bytes exceeds the limit of {limits.BLOCK_BYTES_MAX:,}")
            if isinstance(cid, ForeignCid):
                if cid.inline is None:
                    raise BadCar(start, f"block {cid} has a codec or hash that can't be verified here")
                if cid.inline != data:
                    raise BadCar(start, f"block differs from the identity CID {cid}")
                continue
            if not cid.matches(data):
                raise BadCar(start, f"block does not hash to its CID {cid}")
            yield Block(cid, data)

    def _section(self, size_max: int) -> bytes | None:
        """Return the next length-delimited section, None at the end."""
        start = self._source.offset
        if start == self._stop or (self._stop is None and self._source.at_end()):
            return None
        size = self._source.varint()
        if size == 0:
            raise BadCar(start, "section of no bytes")
        if size > size_max:
            raise BadCar(start, f"section of {size:,} bytes exceeds the limit of {size_max:,}")
        if self._stop is not None and self._source.offset + size > self._stop:
            raise BadCar(start, "section reaches past the payload of the version 2 file")
        return self._source.take(size, start)

    def _enter_v2(self) -> int:
        """Skip to the payload of a version 2 file and return where it begins."""
        start = self._source.offset
        header = self._source.take(_HEADER_V2_BYTES, start)
        data_offset = int.from_bytes(header[16:24], "little")
        data_bytes = int.from_bytes(header[24:32], "little")
        if data_offset < self._source.offset or data_bytes == 0:
            raise BadCar(start, f"version 2 header places {data_bytes:,} bytes at {data_offset:,}")
        self._source.skip(data_offset - self._source.offset, start)
        self._stop = data_offset + data_bytes
        return data_offset


class _Source:
    """Pieces joined to a stream that is taken from in any portions. `offset` counts what was taken."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece = memoryview(b"")
        self.offset = 0

    def at_end(self) -> bool:
        """Tell whether nothing is left."""
        while not self._piece:
            piece = next(self._pieces, None)
            if piece is None:
                return True
            self._piece = memoryview(piece)
        return False

    def take(self, size_bytes: int, section: int) -> bytes:
        """Return the next bytes. Raises: BadCar: at `section`, where what they belong to begins, if there are fewer."""
        if len(self._piece) >= size_bytes:
            return bytes(self._advance(size_bytes))
        return b"".join(self._portions(size_bytes, section))

    def skip(self, size_bytes: int, section: int) -> None:
        """Pass over the next bytes. Raises: BadCar, as `take`."""
        for _ in self._portions(size_bytes, section):
            pass

    def varint(self) -> int:
        """Return the number that stands next. Raises: BadCar."""
        start = self.offset
        taken = bytearray()
        while not taken or (taken[-1] >= 0x80 and len(taken) < varint.VARINT_BYTES_MAX):
            taken += self.take(1, start)
        try:
            return varint.decode(bytes(taken))[0]
        except varint.BadVarint as error:
            raise BadCar(start, f"length {error.reason}") from None

    def _portions(self, size_bytes: int, section: int) -> Iterator[memoryview]:
        left = size_bytes
        while left:
            if self.at_end():
                raise BadCar(section, f"cut off: {size_bytes:,} bytes announced, {size_bytes - left:,} there")
            portion = self._advance(min(left, len(self._piece)))
            left -= len(portion)
            yield portion

    def _advance(self, size_bytes: int) -> memoryview:
        portion, self._piece = self._piece[:size_bytes], self._piece[size_bytes:]
        self.offset += size_bytes
        return portion


def _parse_header(header: bytes, offset: int) -> list[AnyCid]:
    """Return the roots. The header must be canonical: a map of `roots` and `version` 1, and nothing else."""
    try:
        roots = cbor_links(header)
    except BadDagCbor as error:
        raise BadCar(offset, f"header: {error.reason}") from None
    if len(roots) > limits.CAR_ROOTS_MAX:
        raise BadCar(offset, f"{len(roots):,} roots exceed the limit of {limits.CAR_ROOTS_MAX:,}")
    # Whatever the canonical form of these roots is, the header must be it.
    if _header(roots) != header:
        raise BadCar(offset, "header is not the canonical map of roots and version 1")
    return roots


def _header(roots: Sequence[AnyCid]) -> bytes:
    links = [cbor2.CBORTag(_LINK_TAG, b"\0" + bytes(root)) for root in roots]
    return cbor2.dumps({"roots": links, "version": 1}, canonical=True)
