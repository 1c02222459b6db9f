"""Keys and records that the tests of this folder share."""

from typing import Any

from leither.codec import DAG_CBOR, RAW, Cid, dagcbor
from leither.crypto import KeyPair
from leither.mimei.control import Control, Cut, WriterEntry
from leither.mimei.genesis import Genesis
from leither.mimei.head import Head, Release
from leither.mimei.record import Record
from leither.mimei.tag import Tag
from leither.mimei.version import Seen, Version

AUTHOR, WRITER, STRANGER = (KeyPair(bytes([number]) * 32) for number in (1, 2, 3))
GENESIS = Genesis(author=AUTHOR.public, app="notes", ext="", mark="home", type="fs")


def cid(name: str, codec: int = DAG_CBOR) -> Cid:
    return Cid.of(codec, name.encode())


CONTROL = Control(
    genesis=GENESIS.cid,
    created=1_700_000_000_000,
    epoch=2,
    right=4,
    writers=(WriterEntry(1, WRITER.public, 511), WriterEntry(7, STRANGER.public, 8)),
    cut=(Cut(3, 12, cid("last head of 3")),),
    prev=cid("control before"),
    dropped=tuple(sorted((cid("dropped a"), cid("dropped b")))),
    quota=1 << 30,
    by=AUTHOR.public,
).signed(AUTHOR)
VERSION = Version(
    mimei=GENESIS.id,
    n=4,
    content=cid("content", RAW),
    side=cid("side"),
    salt=bytes(range(16)),
    size_bytes=1234,
    parents=(cid("parent"),),
    seen=(Seen(1, 9), Seen(7, 2)),
    note="a note",
    time=1_700_000_000_001,
).signed(WRITER)
MERGE = Version(
    mimei=GENESIS.id,
    n=5,
    content=cid("content", RAW),
    side=cid("side"),
    siblings=cid("siblings"),
    salt=bytes(range(16)),
    size_bytes=1234,
    parents=tuple(sorted((cid("tip a"), cid("tip b")))),
    seen=(Seen(1, 9), Seen(7, 3)),
)
HEAD = Head(
    mimei=GENESIS.id,
    epoch=2,
    seq=9,
    tip=VERSION.cid,
    prev=cid("head before"),
    release=Release(VERSION.cid, 3),
    by=WRITER.public,
).signed(WRITER)
TAG = Tag(mimei=GENESIS.id, dimension="topic", value="music", at=1_700_000_000_002, by=AUTHOR.public).signed(AUTHOR)
RECORDS: tuple[Record, ...] = (GENESIS, CONTROL, VERSION, MERGE, HEAD, TAG)


def changed(record: Record, **fields: object) -> bytes:
    """The canonical bytes of `record` with other fields; `...` takes one away."""
    plain: Any = dagcbor.decode(record.encode())
    return dagcbor.encode({name: value for name, value in (plain | fields).items() if value is not ...})
