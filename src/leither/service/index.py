"""Indexes over what `cur` of every MiMei holds: who refers to whom, which carry a tag, what was granted to whom."""

from leither.crypto import ID_BYTES, MimeiId
from leither.mimei.entry import (
    GRANT_TYPE,
    REFERENCE_TYPE,
    TAG_TYPE,
    decode_count,
    decode_grant_key,
    decode_record_value,
    decode_reference,
)
from leither.mimei.tag import Tag
from leither.people import Grant
from leither.ports import Transaction
from leither.service import tables


def index_entry(transaction: Transaction, mimei: MimeiId, key: bytes, value: bytes | None) -> None:
    """Bring the indexes in step with `value`, or its absence, at `key` of `mimei`'s `cur`."""
    kind = key[:1]
    if kind == REFERENCE_TYPE:
        reference = decode_reference(key)
        place = tables.referrer(reference.mimei, mimei, reference.version)
        if value is None:
            transaction.delete(place)
        else:
            transaction.put(place, tables.u64(decode_count(value)))
    elif kind == TAG_TYPE:
        if value is not None and Tag.decode(decode_record_value(value)).mimei != mimei:
            return  # a fork holds what was said of its parent
        # A tag of several people is one index entry: `mimei` last, then who tagged it.
        place = tables.TAGS + key[1:-ID_BYTES] + mimei + key[-ID_BYTES:]
        if value is None:
            transaction.delete(place)
        else:
            transaction.put(place, b"")
    elif kind == GRANT_TYPE:
        holder, digest = decode_grant_key(key)
        place = tables.granted(holder, mimei, digest)
        if value is None:
            transaction.delete(place)
        elif Grant.decode(record := decode_record_value(value)).mimei == mimei:
            transaction.put(place, record)
