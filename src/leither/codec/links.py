"""The links of a block, whatever its codec: what garbage collection keeps and an export carries along.

A link to a block this node can store is a `Cid`. Any other is a `ForeignCid`, reported as such by `all_links`: an
identity CID has its block within itself (its own links count as the block's), any other names what can't be held here.
"""

from leither import limits
from leither.codec import dagpb
from leither.codec.cid import DAG_CBOR, DAG_PB, Cid, NotACid
from leither.codec.foreign import AnyCid, parse_binary
from leither.codec.varint import BadVarint
from leither.errors import InputError

_BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = 2, 3, 4, 5, 6, 7
_LINK_TAG = 42


class BadDagCbor(InputError):
    """A foreign dag-cbor block can't be read for its links."""

    code = "bad-dag-cbor"

    def __init__(self, offset: int, reason: str) -> None:
        self.offset = offset
        self.reason = reason
        super().__init__(f"dag-cbor block is malformed at byte {offset:,}: {reason}; it is refused")


def links(cid: AnyCid, data: bytes) -> list[Cid]:
    """Return the storable targets of the block `data` of `cid`, in document order, repeated ones each time.

    Foreign targets are left out, for nothing can be kept for them; links within identity CIDs are followed.
    Raises: BadDagPB, BadDagCbor. Cost: one decode.
    """
    found: list[Cid] = []
    pending = [all_links(cid, data)[::-1]]
    while pending:
        if not pending[-1]:
            pending.pop()
            continue
        link = pending[-1].pop()
        if isinstance(link, Cid):
            found.append(link)
        elif link.inline is not None:
            # An inlined block is shorter than the link that holds it, so this ends.
            pending.append(all_links(link, link.inline)[::-1])
    return found


def all_links(cid: AnyCid, data: bytes) -> list[AnyCid]:
    """Return all targets of the block as they stand in it; a block of an unknown codec has none that can be known."""
    if cid.codec == DAG_PB:
        return [link.cid for link in dagpb.decode(data).links]
    if cid.codec == DAG_CBOR:
        return cbor_links(data)
    return []


def cbor_links(data: bytes) -> list[AnyCid]:
    """Return the tag-42 items by walking over the items' heads; no value is built, so none can be costly.

    Floats of any width and non-minimal heads of others pass. Indefinite lengths, other tags and trailing bytes don't.
    """
    if len(data) > limits.BLOCK_BYTES_MAX:
        raise BadDagCbor(limits.BLOCK_BYTES_MAX, f"larger than {limits.BLOCK_BYTES_MAX:,} bytes")
    found: list[AnyCid] = []
    offset = 0
    open_items = [1]
    while open_items:
        if not open_items[-1]:
            open_items.pop()
            continue
        open_items[-1] -= 1
        start = offset
        major, number, offset = _head(data, start)
        if major in (_BYTES, _TEXT):
            offset = _skip(data, offset, number)
        elif major in (_ARRAY, _MAP):
            items = number if major == _ARRAY else 2 * number
            if items > len(data) - offset:
                raise BadDagCbor(start, f"{number:,} items are cut off")
            if len(open_items) > limits.FOREIGN_CBOR_DEPTH_MAX:
                raise BadDagCbor(start, f"nested deeper than {limits.FOREIGN_CBOR_DEPTH_MAX}")
            open_items.append(items)
        elif major == _TAG:
            cid, offset = _link(data, start, number, offset)
            found.append(cid)
    if offset != len(data):
        raise BadDagCbor(offset, f"{len(data) - offset:,} bytes follow the value")
    return found


def _head(data: bytes, offset: int) -> tuple[int, int, int]:
    """Return major type, number, and the offset behind the head of the item at `offset`."""
    if offset >= len(data):
        raise BadDagCbor(offset, "an item is missing")
    major, info = data[offset] >> 5, data[offset] & 31
    if info < 24:
        if major == _SIMPLE and info not in (20, 21, 22):
            raise BadDagCbor(offset, f"simple value {info}")
        return major, info, offset + 1
    if info > 27 or (major == _SIMPLE and info == 24):
        raise BadDagCbor(offset, "indefinite length or reserved form")
    stop = offset + 1 + (1 << info - 24)
    if stop > len(data):
        raise BadDagCbor(offset, "a number is cut off")
    return major, int.from_bytes(data[offset + 1 : stop], "big"), stop


def _skip(data: bytes, offset: int, size_bytes: int) -> int:
    if size_bytes > len(data) - offset:
        raise BadDagCbor(offset, f"a string of {size_bytes:,} bytes is cut off")
    return offset + size_bytes


def _link(data: bytes, start: int, tag: int, offset: int) -> tuple[AnyCid, int]:
    """Return the link whose tag stands at `start` and its content at `offset`, and the offset behind it."""
    if tag != _LINK_TAG:
        raise BadDagCbor(start, f"tag {tag}, which is no link")
    major, size, offset = _head(data, offset)
    if major != _BYTES or data[offset : offset + min(size, 1)] != b"\0":
        raise BadDagCbor(start, "link is no byte string that begins with 0")
    stop = _skip(data, offset, size)
    try:
        return parse_binary(data[offset + 1 : stop]), stop
    except (NotACid, BadVarint) as error:
        raise BadDagCbor(start, f"link: {error.reason}") from None
