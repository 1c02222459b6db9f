"""The bytes of a database's entries in the ordered map. Source: spec/format/database.md.

A *head* is the derived entry that says a key exists, what it is, when it expires, and how much it holds; so most
commands read one entry before the ones they are about. Its value is

    80  type  flags  [expiry u64]  [what the type adds]  [count u64]

with the count last for all types but strings, which have none.
"""

HEAD = b"\x90"
EXPIRY = b"\x91"
STRING = b"\x92"
PART = b"\x93"
FIELD = b"\x94"
MEMBER = b"\x95"
SCORE = b"\x96"
RANKED = b"\x97"
ELEMENT = b"\x98"
NUMBERS = b"\x99"
FIELD_PART = b"\x9b"

FIRST, LAST = b"\x90", b"\xa0"
"""All database entries stand in `FIRST <= key < LAST`."""
DERIVED = (HEAD, RANKED)
"""Entries that follow from others: stamp (0, 0), left out of no version, rewritten after a join."""

REMNANT_TYPE, STRING_TYPE, HASH_TYPE, LIST_TYPE, SET_TYPE, ZSET_TYPE = range(6)
"""A remnant has no value and so does not exist; expiries without a key are left from a join."""

EXPIRES, PARTS, HIDDEN = 1, 2, 4
"""Flags: it expires; counters have parts; a join left values of other types under the key, which don't show."""

PLAIN_STRING = b"\x80\x01\x00"
"""The head of a string that does not expire and has no parts."""
EMPTY_VALUE = b"\x80"
RETIRED_KEY = NUMBERS + b"\xff\xff\xff\xff"
"""Prefix of the entries in which a writer keeps the list numbers of lists that are gone; no key is so long."""


def collection(entry_type: bytes, key: bytes) -> bytes:
    """Return the prefix of the entries of `entry_type` that belong to `key`."""
    return entry_type + len(key).to_bytes(4) + key


def field_parts(key: bytes, field: bytes) -> bytes:
    """Return the prefix of the counter parts of a hash's field."""
    return collection(FIELD_PART, key) + len(field).to_bytes(4) + field


def after(prefix: bytes) -> bytes:
    """Return the least key above all that begin with `prefix`, whose first byte is below 0xff."""
    end = prefix[-1]
    if end != 255:
        return prefix[:-1] + bytes((end + 1,))
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes((stripped[-1] + 1,))


def user_key(entry_key: bytes) -> bytes | None:
    """Return the key that an entry belongs to, or None if it is no database entry or belongs to none."""
    kind = entry_key[:1]
    if not FIRST <= kind < LAST:
        return None
    if kind in (HEAD, STRING):
        return entry_key[1:]
    size = int.from_bytes(entry_key[1:5])
    return None if size > len(entry_key) - 5 else entry_key[5 : 5 + size]


def signed(value: int) -> bytes:
    """Return the value of a counter's part: 64 bits with a sign."""
    return EMPTY_VALUE + value.to_bytes(8, signed=True)


def read_signed(value: bytes) -> int:
    """Return the number in a counter's part."""
    return int.from_bytes(value[1:], signed=True)


def numbers(low: int, high: int) -> bytes:
    """Return the value that says which list numbers a writer has used."""
    return EMPTY_VALUE + low.to_bytes(8, signed=True) + high.to_bytes(8, signed=True)


def read_numbers(value: bytes | None) -> tuple[int, int]:
    """Return the lowest and the highest list number a writer has used; (0, 0) for none."""
    if value is None:
        return 0, 0
    return int.from_bytes(value[1:9], signed=True), int.from_bytes(value[9:17], signed=True)


def expiry_of(head: bytes) -> int | None:
    """Return when the key of `head` expires, in milliseconds, or None."""
    return int.from_bytes(head[3:11]) if head[2] & EXPIRES else None


def with_expiry(head: bytes, expiry_ms: int | None) -> bytes:
    """Return `head` with another expiry."""
    rest = head[11:] if head[2] & EXPIRES else head[3:]
    if expiry_ms is None:
        return bytes((0x80, head[1], head[2] & ~EXPIRES)) + rest
    return bytes((0x80, head[1], head[2] | EXPIRES)) + expiry_ms.to_bytes(8) + rest


def count_of(head: bytes) -> int:
    """Return how many elements the collection of `head` has."""
    return int.from_bytes(head[-8:])


def with_count(head: bytes, count: int) -> bytes:
    """Return the head of a collection with another count."""
    return head[:-8] + count.to_bytes(8)


def string_sum(head: bytes) -> int:
    """Return the sum of a string's counter parts."""
    return int.from_bytes(head[-16:], signed=True) if head[2] & PARTS else 0


def with_string_sum(head: bytes, total: int) -> bytes:
    """Return the head of a string whose counter parts add up to `total`; only for one that has parts."""
    rest = head[3:-16] if head[2] & PARTS else head[3:]
    return bytes((0x80, head[1], head[2] | PARTS)) + rest + total.to_bytes(16, signed=True)


def field_part_count(head: bytes) -> int:
    """Return how many counter parts the fields of a hash have."""
    return int.from_bytes(head[-16:-8]) if head[2] & PARTS else 0


def with_field_part_count(head: bytes, parts: int) -> bytes:
    """Return the head of a hash whose fields have `parts` counter parts."""
    rest = head[3:-16] if head[2] & PARTS else head[3:-8]
    if not parts:
        return bytes((0x80, head[1], head[2] & ~PARTS)) + rest + head[-8:]
    return bytes((0x80, head[1], head[2] | PARTS)) + rest + parts.to_bytes(8) + head[-8:]


def list_ends(head: bytes) -> tuple[int, int]:
    """Return numbers between which those of all elements of a list are, both included."""
    return int.from_bytes(head[-24:-16], signed=True), int.from_bytes(head[-16:-8], signed=True)


def with_list(head: bytes, low: int, high: int, count: int) -> bytes:
    """Return the head of a list with other ends and another count."""
    return head[:-24] + low.to_bytes(8, signed=True) + high.to_bytes(8, signed=True) + count.to_bytes(8)


NEW_HEADS = {
    STRING_TYPE: PLAIN_STRING,
    HASH_TYPE: bytes((0x80, HASH_TYPE, 0)) + bytes(8),
    LIST_TYPE: bytes((0x80, LIST_TYPE, 0)) + bytes(24),
    SET_TYPE: bytes((0x80, SET_TYPE, 0)) + bytes(8),
    ZSET_TYPE: bytes((0x80, ZSET_TYPE, 0)) + bytes(8),
}
"""Heads of empty values by type."""

VALUE_ENTRIES = {
    STRING_TYPE: (STRING, PART),
    HASH_TYPE: (FIELD, FIELD_PART),
    LIST_TYPE: (ELEMENT,),
    SET_TYPE: (MEMBER,),
    ZSET_TYPE: (SCORE, RANKED),
}
"""The entries in which a value of each type stands."""
