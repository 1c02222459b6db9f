"""Checking entries of side maps that come from elsewhere, each by its type; one that isn't named here is refused."""

from collections.abc import Callable

from leither.codec import RAW
from leither.crypto import key_id
from leither.db.foreign import check_entry as check_database_entry
from leither.mimei.entry import (
    GRANT_TYPE,
    REFERENCE_TYPE,
    TAG_TYPE,
    EntryType,
    decode_count,
    decode_grant_key,
    decode_path_entry,
    decode_reference,
)
from leither.mimei.entry import decode_record_value as record_value
from leither.mimei.genesis import Genesis
from leither.mimei.path import PATH_TYPE, ROOT, key_path
from leither.mimei.property import PROPERTY_TYPE, decode_property, decode_property_key
from leither.mimei.tag import Tag
from leither.people import prove_chain
from leither.service.engines import Engines
from leither.service.proof_of_records import Refused
from leither.unixfs import size_bytes


def check_entry(engines: Engines, topic: Genesis, key: bytes, value: bytes) -> None:
    """Make sure that a foreign entry can be used.

    Raises: Refused, BadEntry, NotARecord, BadSignature, ChainTooLong, ChainBroken, BlockMissing.
    """
    _KINDS.get(key[:1], _check_database)(engines, topic, key, value)


def _check_database(engines: Engines, topic: Genesis, key: bytes, value: bytes) -> None:
    if topic.type != "db":
        raise Refused(topic.id, f"an entry of type {key[:1].hex()} has no place in a MiMei of type {topic.type}")
    check_database_entry(key, value)


def _check_path(engines: Engines, topic: Genesis, key: bytes, value: bytes) -> None:
    path, entry = key_path(key), decode_path_entry(value)
    if topic.type == "db":
        raise Refused(topic.id, "a database holds no paths")
    if topic.type == "file" and (path != ROOT or entry.type is not EntryType.FILE):
        raise Refused(topic.id, "a MiMei of type file holds more than one file")
    if topic.type == "fs" and path == ROOT and entry.type is not EntryType.DIRECTORY:
        raise Refused(topic.id, "the root of a file system is no directory")
    if entry.type is EntryType.FILE:
        assert entry.cid is not None
        # The length of a raw leaf that need not be here is looked at when it comes.
        is_here = entry.cid.codec != RAW or engines.blocks.has(entry.cid)
        if is_here and size_bytes(engines.blocks.get, entry.cid) != entry.size_bytes:
            raise Refused(topic.id, f"file {entry.cid} is not as long as its entry says")


def _check_reference(engines: Engines, topic: Genesis, key: bytes, value: bytes) -> None:
    decode_reference(key)
    decode_count(value)


def _check_tag(engines: Engines, topic: Genesis, key: bytes, value: bytes) -> None:
    Tag.decode(record_value(value)).check()


def _check_grant(engines: Engines, topic: Genesis, key: bytes, value: bytes) -> None:
    chain = prove_chain(record_value(value))
    if decode_grant_key(key) != (key_id(chain.to), chain.digest):
        raise Refused(topic.id, "a grant stands under another key than its own")


def _check_property(engines: Engines, topic: Genesis, key: bytes, value: bytes) -> None:
    decode_property_key(key)
    decode_property(value)


_KINDS: dict[bytes, Callable[[Engines, Genesis, bytes, bytes], None]] = {
    PATH_TYPE: _check_path,
    PROPERTY_TYPE: _check_property,
    REFERENCE_TYPE: _check_reference,
    TAG_TYPE: _check_tag,
    GRANT_TYPE: _check_grant,
}
