"""Adding a file: chunks in, blocks out, in the `unixfs-v1-2025` profile.

Leaves are raw blocks of limits.CHUNK_BYTES, the last one shorter; a file of at most one chunk is its leaf. Above stand
nodes of limits.FILE_LINKS_MAX links, all leaves equally deep. Source: IPIP-0499, layout `balanced`.
"""

from collections.abc import Sequence
from io import BytesIO

from leither import limits
from leither.codec import dagpb
from leither.codec.block import Block
from leither.codec.cid import DAG_PB, RAW
from leither.codec.dagpb import PBLink
from leither.unixfs import message
from leither.unixfs.node import FileTooLarge, Link, Put


def leaf(data: bytes, put: Put) -> Link:
    """Store one chunk and return its link. Cost: one SHA-256."""
    block = Block.of(RAW, data)
    put(block)
    return Link(block.cid, len(data), len(data))


def parent(children: Sequence[Link], put: Put) -> Link:
    """Store the file node above `children` and return its link."""
    sizes = [child.size_bytes for child in children]
    size = sum(sizes)
    links = [PBLink(b"", child.cid, child.dag_bytes) for child in children]
    block = Block.of(DAG_PB, dagpb.encode(links, message.encode_file(size, sizes)))
    put(block)
    return Link(block.cid, size, len(block.data) + sum(child.dag_bytes for child in children))


class FileBuilder:
    """Takes a file's bytes piece by piece and stores its blocks as they fill.

    Memory: one chunk and one unfinished node per level (3 levels reach 1 PiB). Cost: hashing; one copy of the bytes,
    and none where `bytes` of exactly one chunk come in step with the chunks.
    """

    def __init__(self, put: Put) -> None:
        self._put = put
        self._pending = BytesIO()
        self._pending_bytes = 0
        self._levels: list[list[Link]] = [[]]
        self.size_bytes = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append `data`, of any length. Raises: FileTooLarge, and what `put` raises."""
        view = memoryview(data).cast("B")
        size = len(view)
        self.size_bytes += size
        if self.size_bytes > limits.FILE_BYTES_MAX:
            raise FileTooLarge(self.size_bytes)
        start = 0
        chunk = limits.CHUNK_BYTES
        if self._pending_bytes:
            start = min(chunk - self._pending_bytes, size)
            self._keep(view[:start])
        elif size == chunk and isinstance(data, bytes):
            self._add(0, leaf(data, self._put))
            return
        while size - start >= chunk:
            self._add(0, leaf(bytes(view[start : start + chunk]), self._put))
            start += chunk
        if start < size:
            self._keep(view[start:])

    def finish(self) -> Link:
        """Store what is left and return the file. The builder is spent."""
        if self._pending_bytes or self.size_bytes == 0:
            self._flush()
        level = 0
        while level + 1 < len(self._levels):
            self._add(level + 1, parent(self._levels[level], self._put))
            level += 1
        top = self._levels[level]
        return top[0] if len(top) == 1 else parent(top, self._put)

    def _keep(self, view: memoryview) -> None:
        self._pending.write(view)
        self._pending_bytes += len(view)
        if self._pending_bytes == limits.CHUNK_BYTES:
            self._flush()

    def _flush(self) -> None:
        # A BytesIO hands out its buffer without a copy as long as nobody writes to it again.
        self._add(0, leaf(self._pending.getvalue(), self._put))
        self._pending = BytesIO()
        self._pending_bytes = 0

    def _add(self, level: int, link: Link) -> None:
        """Append to a level. A full node is stored only when one more link comes: no lone child gets a parent."""
        links = self._levels[level]
        if len(links) == limits.FILE_LINKS_MAX:
            above = parent(links, self._put)
            links.clear()
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._add(level + 1, above)
        links.append(link)
