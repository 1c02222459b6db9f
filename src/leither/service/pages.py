"""Writes at an offset into a `file` MiMei: kept as pages in the state engine until they are folded into blocks.

A page holds limits.PAGE_BYTES bytes. Folding makes new leaves for the chunks that have pages, and nothing else.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from leither import limits
from leither.codec import EMPTY_RAW, Block, Cid
from leither.crypto import MimeiId, id_text
from leither.errors import Conflict, InputError, LimitError
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.path import ROOT, path_key
from leither.ports import Lease, View, prefix_end
from leither.service import tables
from leither.service.cur import Cur, Edit
from leither.service.editing import edit
from leither.service.engines import Engines
from leither.service.holding import load, within
from leither.unixfs import Get, read
from leither.unixfs.rewriting import rewrite

_KEY = path_key(ROOT)
_PAGES_PER_CHUNK = limits.CHUNK_BYTES // limits.PAGE_BYTES


class NotAFile(InputError):
    """Only a MiMei of type `file` takes writes at an offset."""

    code = "not-a-file"

    def __init__(self, mimei: MimeiId, kind: str) -> None:
        self.id = id_text(mimei)
        self.kind = kind
        super().__init__(
            f"{self.id} is of type {kind}; only type file takes writes at an offset; put the whole file instead"
        )


class FileReplaced(Conflict):
    """The file was replaced as a whole while it was being cut or grown."""

    code = "file-replaced"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(f"{self.id} was replaced meanwhile, so its length was not changed; try again")


class WriteTooLarge(LimitError):
    """A write at an offset exceeds what is taken at once, or leaves too large a hole."""

    code = "write-too-large"

    def __init__(self, what: str, size: int, limit: int) -> None:
        self.what = what
        self.bytes = size
        self.limit_bytes = limit
        super().__init__(f"{what} of {size:,} bytes exceeds the limit of {limit:,}; write smaller pieces in order")


def write_at(
    engines: Engines,
    mimei: MimeiId,
    offset: int,
    data: bytes,
    *,
    expect: Callable[[PathEntry | None], None] | None = None,
) -> PathEntry:
    """Write `data` at byte `offset` of the file, growing it where needed; what lies between reads as zeros.

    `expect` is called with the file as it stands, in the very change; what it raises refuses that. For the
    file's CID, what was written before is folded.
    Raises: MimeiNotFound, NotAFile, WriteTooLarge, QuotaReached.
    """
    if len(data) > limits.WRITE_BYTES_MAX:
        raise WriteTooLarge("write", len(data), limits.WRITE_BYTES_MAX)

    def change(editing: Edit) -> PathEntry:
        entry = _entry(editing)
        if expect is not None:
            expect(editing.entry(ROOT))
        _check_gap(entry.size_bytes, offset)
        if not data:
            return entry
        position = 0
        while position < len(data):
            number, start = divmod(offset + position, limits.PAGE_BYTES)
            piece = data[position : position + limits.PAGE_BYTES - start]
            page = _page(engines, editing, entry, number)
            page[start : start + len(piece)] = piece
            editing.transaction.put(tables.page(mimei, number), bytes(page))
            position += len(piece)
        grown = _resized(entry, max(entry.size_bytes, offset + len(data)), engines.clock.now_ms())
        editing.put(_KEY, grown.encode(), resolve=True)
        return grown

    engines = within(engines, mimei)
    with engines.lock(mimei), engines.blocks.lease() as lease:
        if expect is not None:
            fold(engines, mimei, lease)
        lease.put(Block(EMPTY_RAW, b""))  # what a new file holds below its pages
        lease.flush()
        _bring(engines, mimei, offset, len(data))
        return edit(engines, mimei, change)


def truncate(engines: Engines, mimei: MimeiId, size: int) -> PathEntry:
    """Make the file `size` bytes long; what is added reads as zeros. Raises: as `write_at`."""
    engines = within(engines, mimei)
    with engines.lock(mimei), engines.blocks.lease() as lease:
        fold(engines, mimei, lease)
        with engines.state.read() as view:
            entry = _entry(Cur(engines, view, load(engines, view, mimei)))
        _check_gap(entry.size_bytes, size)
        cid = _shaped(engines, lease, entry, size)
        lease.flush()

        def change(editing: Edit) -> PathEntry:
            if _entry(editing) != entry:
                raise FileReplaced(mimei)
            sized = _resized(entry, size, engines.clock.now_ms(), cid=cid)
            editing.put(_KEY, sized.encode(), resolve=True)
            return sized

        return edit(engines, mimei, change)


def fold(engines: Engines, mimei: MimeiId, lease: Lease) -> None:
    """Turn the pages of a file into blocks. `lease`: one of this MiMei's blocks. Cost: the chunks that have pages."""
    engines = within(engines, mimei)
    with engines.lock(mimei):
        with engines.state.read() as view:
            pages = _Pages(view, mimei)
            if not pages.numbers:
                return
            entry = _entry(Cur(engines, view, load(engines, view, mimei)))
            cid = _shaped(engines, lease, entry, entry.size_bytes, pages)
        lease.flush()

        def change(editing: Edit) -> None:
            if _entry(editing) != entry:
                return  # the file was replaced as a whole meanwhile, and its pages with it
            editing.put(_KEY, _resized(entry, entry.size_bytes, entry.mtime_ms, cid=cid).encode(), resolve=True)
            drop_pages(editing)

        edit(engines, mimei, change)


def has_pages(view: View, mimei: MimeiId) -> bool:
    """Tell whether there are writes not yet folded."""
    prefix = tables.PAGES + mimei
    return next(view.scan(prefix, prefix_end(prefix)), None) is not None


def drop_pages(editing: Edit) -> None:
    """Forget every page: the file was replaced or removed as a whole."""
    for number in _Pages(editing.transaction, editing.mimei.id).numbers:
        editing.transaction.delete(tables.page(editing.mimei.id, number))


class _Pages:
    """The pages of a file, as one snapshot shows them. `numbers` are in memory, their bytes are not."""

    def __init__(self, view: View, mimei: MimeiId) -> None:
        prefix = tables.PAGES + mimei
        self._view = view
        self._mimei = mimei
        self.numbers = [tables.read_u64(key, len(prefix)) for key, _ in view.scan(prefix, prefix_end(prefix))]

    def read(self, number: int) -> bytes:
        """Return the bytes of a page."""
        page = self._view.get(tables.page(self._mimei, number))
        assert page is not None, "its key was scanned in this snapshot"
        return page


class _Chunks(Mapping[int, bytes]):
    """The chunks of a file that have pages, each made when it is asked for."""

    def __init__(self, engines: Engines, entry: PathEntry, size: int, pages: _Pages) -> None:
        self._engines = engines
        self._entry = entry
        self._size = size
        self._pages = pages
        self._numbers: defaultdict[int, list[int]] = defaultdict(list)
        for number in pages.numbers:
            if number * limits.PAGE_BYTES < size:
                self._numbers[number // _PAGES_PER_CHUNK].append(number)

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._numbers))

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, index: int) -> bytes:
        numbers = self._numbers.get(index)
        if not numbers:
            raise KeyError(index)
        begin = index * limits.CHUNK_BYTES
        chunk = _held(self._engines.file_blocks.fetch, self._entry, begin, limits.CHUNK_BYTES)
        for number in numbers:
            start = number * limits.PAGE_BYTES - begin
            chunk[start : start + limits.PAGE_BYTES] = self._pages.read(number)
        return bytes(chunk[: self._size - begin])


def _entry(cur: Cur) -> PathEntry:
    mimei = cur.mimei
    if mimei.genesis.type != "file":
        raise NotAFile(mimei.id, mimei.genesis.type)
    return cur.entry(ROOT) or PathEntry(EntryType.FILE, cid=EMPTY_RAW)


def _resized(entry: PathEntry, size: int, mtime_ms: int, *, cid: Cid | None = None) -> PathEntry:
    return PathEntry(EntryType.FILE, entry.mode, mtime_ms, cid or entry.cid, size)


def _check_gap(size: int, offset: int) -> None:
    if offset - size > limits.FILE_GAP_BYTES_MAX:
        raise WriteTooLarge("hole", offset - size, limits.FILE_GAP_BYTES_MAX)


def _page(engines: Engines, editing: Edit, entry: PathEntry, number: int) -> bytearray:
    stored = editing.transaction.get(tables.page(editing.mimei.id, number))
    if stored is not None:
        return bytearray(stored)
    return _held(engines.blocks.get, entry, number * limits.PAGE_BYTES, limits.PAGE_BYTES)


def _bring(engines: Engines, mimei: MimeiId, offset: int, length: int) -> None:
    """Let the pages be here that a write changes in part: a change of the state waits for no other node."""
    blocks = engines.file_blocks
    if blocks.on_demand is None or not blocks.on_demand.is_used:
        return
    with engines.state.read() as view:
        entry = _entry(Cur(engines, view, load(engines, view, mimei)))
    for number in {offset // limits.PAGE_BYTES, (offset + length) // limits.PAGE_BYTES}:
        _held(blocks.fetch, entry, number * limits.PAGE_BYTES, limits.PAGE_BYTES)


def _held(get: Get, entry: PathEntry, start: int, length: int) -> bytearray:
    """Return `length` bytes of the file's blocks from `start`, zeros past their end."""
    assert entry.cid is not None
    buffer = bytearray()
    if entry.cid != EMPTY_RAW:
        end = min(start + length, entry.size_bytes)
        if start < end:
            for piece in read(get, entry.cid, start, end):
                buffer += piece
    return buffer + bytes(length - len(buffer))


def _shaped(engines: Engines, lease: Lease, entry: PathEntry, size: int, pages: _Pages | None = None) -> Cid:
    """Put the blocks of the file with `pages` over it and `size` bytes long; return its root."""
    assert entry.cid is not None
    if entry.cid == EMPTY_RAW:
        lease.put(Block(EMPTY_RAW, b""))
    chunks: Mapping[int, bytes] = _Chunks(engines, entry, size, pages) if pages else {}
    return rewrite(engines.file_blocks.fetch, lease.put, entry.cid, chunks, size).cid
