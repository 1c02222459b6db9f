"""Records of every kind, signed by keys of fixed seeds."""

from itertools import pairwise

import msgspec

from leither import limits
from leither.codec import RAW, dagcbor
from leither.crypto import KeyPair
from leither.mimei.contents import Contents
from leither.mimei.control import Control, Cut, WriterEntry
from leither.mimei.genesis import Genesis
from leither.mimei.head import Head, Release
from leither.mimei.record import Record, SignedRecord
from leither.mimei.tag import Tag
from leither.mimei.version import Seen, Version
from leither.people.successor import Successor
from tools.vector_cases.case import (
    AUTHOR,
    CID_LIKE,
    SEEDS,
    STRANGER,
    WRITER,
    Case,
    changed,
    cid,
    flipped,
    invalid,
    plain,
    valid,
)

_TIME = 1_700_000_000_000
_NOT, _SIGNATURE = "not-a-record", "bad-signature"
_GENESIS = Genesis(author=AUTHOR.public, app="notes", ext="", mark="home", type="fs")
_CONTROL = Control(
    genesis=_GENESIS.cid,
    created=_TIME,
    epoch=0,
    right=4,
    writers=(WriterEntry(1, WRITER.public, 511),),
    by=AUTHOR.public,
).signed(AUTHOR)
_VERSION = Version(
    mimei=_GENESIS.id,
    n=4,
    content=cid("content", RAW),
    side=cid("side"),
    salt=bytes(range(16)),
    size_bytes=1234,
    parents=(cid("parent"),),
    seen=(Seen(1, 9), Seen(7, 2)),
    note="before the move",
    time=_TIME,
).signed(WRITER)
_MERGE = Version(
    mimei=_GENESIS.id,
    n=5,
    content=cid("content", RAW),
    side=cid("side"),
    salt=bytes(range(16)),
    size_bytes=1234,
    parents=tuple(sorted((cid("tip a"), cid("tip b")))),
    seen=(Seen(1, 9), Seen(7, 3)),
)
_HEAD = Head(mimei=_GENESIS.id, epoch=0, seq=9, tip=_VERSION.cid, prev=cid("head before"), by=WRITER.public).signed(
    WRITER
)
_TAG = Tag(mimei=_GENESIS.id, dimension="topic", value="music", at=_TIME, by=AUTHOR.public).signed(AUTHOR)


def bad_of_any(record: Record, *, link: str | None, raw: str | None, text: str | None) -> list[Case]:
    """Return what no kind of record may be. `link`, `raw`, `text`: a field that holds a link, bytes, text."""
    kind = record.KIND
    fields: dict[str, dict[str, object]] = {
        "version 2 of the format": {"v": 2},
        "no version of the format": {"v": ...},
        "true for the version of the format": {"v": True},
        "no kind": {"kind": ...},
        "another kind": {"kind": "genesis" if kind != "genesis" else "head"},
        "an unknown field": {"colour": "red"},
    }
    if raw is not None:
        fields |= {
            f"no {raw}": {raw: ...},
            f"null for {raw}": {raw: None},
            f"a link for {raw}": {raw: cid("block")},
            f"text for {raw}": {raw: "a" * len(plain(record)[raw])},
            f"{raw} a byte short": {raw: plain(record)[raw][:-1]},
        }
    if link is not None:
        fields |= {f"bytes for the link {link}": {link: bytes(cid("block"))}, f"no {link}": {link: ...}}
    if text is not None:
        fields |= {f"bytes for the text {text}": {text: b"a"}, f"a number for the text {text}": {text: 1}}
    found = [invalid(name, changed(record, **change), _NOT) for name, change in fields.items()]
    items = sorted(plain(record).items())
    unsorted = b"".join(dagcbor.encode(name) + dagcbor.encode(value) for name, value in items)
    found.append(invalid("keys sorted as text", bytes([0xA0 + len(items)]) + unsorted, _NOT, grammar=False))
    found.append(invalid("a byte behind it", record.encode() + b"\0", _NOT, grammar=False))
    found.append(invalid("a byte short", record.encode()[:-1], _NOT))
    return found


def bad_signatures(record: SignedRecord | Contents, forged: bytes) -> list[Case]:
    """Return signatures that don't hold. `forged`: the same record with a field changed after signing."""
    other = "tag" if record.KIND != "tag" else "head"
    unsigned = changed(record, sig=...)
    signer = AUTHOR if record.by == AUTHOR.public else WRITER
    assert record.sig is not None
    signatures = {
        "a flipped bit in the first half of the signature": flipped(record.sig, 0),
        "a flipped bit in the second half of the signature": flipped(record.sig, 300),
        "a signature of another key": STRANGER.sign(record.KIND, unsigned),
        "a signature for another kind": signer.sign(other, unsigned),
        "zeros for the signature": bytes(64),
    }
    found = [invalid(name, changed(record, sig=sig), _SIGNATURE, grammar=False) for name, sig in signatures.items()]
    found.append(invalid("a field changed after signing", forged, _SIGNATURE, grammar=False))
    found.append(invalid("another signer", changed(record, by=STRANGER.public), _SIGNATURE, grammar=False))
    found.append(invalid("null for the signature", changed(record, sig=None), _NOT))
    found.append(invalid("a signature a byte short", changed(record, sig=record.sig[:-1]), _NOT))
    return found


def genesis() -> list[Case]:
    """Return genesis records."""
    made = {
        "a file system": _GENESIS,
        "a file with nothing but its author": Genesis(author=AUTHOR.public, app="", ext="", mark="", type="file"),
        "a database": msgspec.structs.replace(_GENESIS, type="db"),
        "a stream, which is reserved": msgspec.structs.replace(_GENESIS, type="stream"),
        "a private one": msgspec.structs.replace(_GENESIS, salt=bytes(range(16))),
        "a mark in any script, not normalized": msgspec.structs.replace(_GENESIS, mark="e\u0301 \u0647 \U0001f600"),
        "the longest texts": msgspec.structs.replace(
            _GENESIS,
            app="a" * limits.APP_BYTES_MAX,
            ext="e" * limits.EXT_BYTES_MAX,
            mark="é" * (limits.MARK_BYTES_MAX // 2),
        ),
    }
    return [valid(name, record, id=record.id.hex(), id_text=record.id_text) for name, record in made.items()]


def bad_genesis() -> list[Case]:
    """Return what is no genesis record."""
    fields: dict[str, dict[str, object]] = {
        "another type": {"type": "dir"},
        "a type in capitals": {"type": "FS"},
        "a salt of 15 bytes": {"salt": bytes(15)},
        "null for the salt": {"salt": None},
        "an app of 256 bytes": {"app": "é" * 128},
        "an ext of 256 bytes": {"ext": "e" * (limits.EXT_BYTES_MAX + 1)},
        "a mark of 1,025 bytes": {"mark": "m" * (limits.MARK_BYTES_MAX + 1)},
        "an id for the author": {"author": AUTHOR.id},
    }
    found = [invalid(name, changed(_GENESIS, **change), _NOT) for name, change in fields.items()]
    return found + bad_of_any(_GENESIS, link=None, raw="author", text="mark")


def control() -> list[Case]:
    """Return control records."""
    second = _CONTROL.following(
        epoch=1,
        right=0x0007_0004,
        writers=(WriterEntry(1, WRITER.public, 511), WriterEntry((1 << 32) - 1, STRANGER.public, 0)),
        cut=(Cut(3, 12, cid("last head of 3")),),
        dropped=tuple(sorted((cid("dropped a"), cid("dropped b")))),
        quota=0,
    )
    whole = second.following(
        org=AUTHOR.id, key_epoch=0, revoked=cid("revoked"), ipns=STRANGER.public, fresh_until=limits.TIME_MS_MAX
    )
    shared = _CONTROL.following(key_epoch=2, ring=cid("ring"))
    made = {
        "the first one": _CONTROL,
        "one with a key ring": shared.signed(AUTHOR),
        "one that follows": second.signed(AUTHOR),
        "every field": whole.signed(AUTHOR),
    }
    succeeded = {
        "under the key that took the author's place": (_succeeded(WRITER, AUTHOR, WRITER), "writer"),
        "under the third key, with grants upheld": (
            msgspec.structs.replace(
                _succeeded(STRANGER, AUTHOR, WRITER, STRANGER), upheld=(bytes(32), b"\1" * 32)
            ).signed(STRANGER),
            "stranger",
        ),
    }
    return [valid(name, record, signer_seed=SEEDS["author"].hex()) for name, record in made.items()] + [
        valid(name, record, signer_seed=SEEDS[signer].hex()) for name, (record, signer) in succeeded.items()
    ]


def _succeeded(signer: KeyPair, *keys: KeyPair) -> Control:
    """Return a control by `signer` whose succession leads along `keys`."""
    records = tuple(Successor.make(old, new, at=_TIME).encode() for old, new in pairwise(keys))
    return _CONTROL.following(by=signer.public, succession=records).signed(signer)


def bad_control() -> list[Case]:
    """Return what is no control record."""
    key, other = WRITER.public, STRANGER.public
    taken, elsewhere = (Successor.make(*keys, at=_TIME).encode() for keys in ((AUTHOR, WRITER), (STRANGER, WRITER)))
    back = Successor.make(WRITER, AUTHOR, at=_TIME).encode()
    seen: dict[str, dict[str, object]] = {
        "no writers": {"writers": []},
        "writer number 0": {"writers": [[0, key, 1]]},
        "writer number 2^32": {"writers": [[1 << 32, key, 1]]},
        "a writer without rights": {"writers": [[1, key]]},
        "a writer with more than rights": {"writers": [[1, key, 1, 1]]},
        "a writer as a map": {"writers": [{"key": key, "number": 1, "rights": 1}]},
        "a cut at sequence number 0": {"cut": [[3, 0, cid("head")]]},
        "a cut whose head is bytes": {"cut": [[3, 1, bytes(cid("head"))]]},
        "a negative epoch": {"epoch": -1},
        "an epoch of 2^63": {"epoch": 1 << 63},
        "true for the epoch": {"epoch": True},
        "a time past the year 9999": {"created": limits.TIME_MS_MAX + 1},
        "null for the quota": {"quota": None},
        "an organization of 32 bytes": {"org": key},
        "a succession that is no list": {"succession": taken},
        "an empty succession": {"succession": []},
        "an upheld grant of 20 bytes": {"succession": [taken], "upheld": [AUTHOR.id]},
        "bytes for the key ring": {"key_epoch": 0, "ring": bytes(cid("ring"))},
    }
    unseen: dict[str, dict[str, object]] = {
        "a reserved bit of the right": {"right": 1 << 9},
        "the topmost bit of the right": {"right": 1 << 62},
        "a reserved bit of a writer's rights": {"writers": [[1, key, 1 << 16]]},
        "writers out of order": {"writers": [[2, key, 1], [1, other, 1]]},
        "a writer number twice": {"writers": [[1, key, 1], [1, other, 1]]},
        "a key with two numbers": {"writers": [[1, key, 1], [2, key, 1]]},
        "cuts out of order": {"cut": [[4, 1, cid("a")], [3, 1, cid("b")]]},
        "dropped versions out of order": {"dropped": sorted((cid("a"), cid("b")), reverse=True)},
        "a dropped version twice": {"dropped": [cid("a"), cid("a")]},
        "an empty list of cuts": {"cut": []},
        "a key ring without its epoch": {"ring": cid("ring")},
        "an empty list of dropped versions": {"dropped": []},
        "a succession to another key": {"succession": [taken]},
        "a succession with a gap": {"by": key, "succession": [taken, elsewhere]},
        "a succession that comes back": {"succession": [taken, back]},
        "a successor that is no record": {"by": key, "succession": [b"\xa0"]},
        "upheld grants without a succession": {"upheld": [bytes(32)]},
        "upheld grants out of order": {"by": key, "succession": [taken], "upheld": [b"\1" * 32, bytes(32)]},
    }
    found = [invalid(name, changed(_CONTROL, **change), _NOT) for name, change in seen.items()]
    found += [invalid(name, changed(_CONTROL, **change), _NOT, grammar=False) for name, change in unseen.items()]
    found += bad_of_any(_CONTROL, link="genesis", raw="by", text=None)
    unaccepted = Successor(by=AUTHOR.public, new=WRITER.public, at=_TIME).signed(AUTHOR).encode()
    usurped = _CONTROL.following(by=WRITER.public, succession=(unaccepted,)).signed(WRITER)
    found.append(invalid("a successor that did not accept", usurped.encode(), "bad-signature", grammar=False))
    return found + bad_signatures(_CONTROL, changed(_CONTROL, right=0))


def version() -> list[Case]:
    """Return versions."""
    first = msgspec.structs.replace(_VERSION, n=0, parents=(), seen=(Seen(1, 1),), note="").signed(WRITER)
    whole = msgspec.structs.replace(
        _VERSION, siblings=cid("siblings"), key_epoch=0, note="é" * (limits.NOTE_BYTES_MAX // 2)
    )
    made = {
        "the first one": first,
        "one with a parent": _VERSION,
        "a fork, number 0 with a parent": msgspec.structs.replace(
            _VERSION, n=0, seen=(Seen(1, 9), Seen(900, 1))
        ).signed(WRITER),
        "every field": whole.signed(WRITER),
        "a merge, which nobody signs": _MERGE,
        "a merge with siblings": msgspec.structs.replace(_MERGE, siblings=cid("siblings"), key_epoch=3),
    }
    return [
        valid(name, record, signer_seed=None if record.is_merge else SEEDS["writer"].hex())
        for name, record in made.items()
    ]


def bad_version() -> list[Case]:
    """Return what is no version."""
    seen: dict[str, dict[str, object]] = {
        "a salt of 17 bytes": {"salt": bytes(17)},
        "a negative number": {"n": -1},
        "a size of 2^63": {"bytes": 1 << 63},
        "a note of 4,097 bytes": {"note": "x" * (limits.NOTE_BYTES_MAX + 1)},
        "seen of writer 0": {"seen": [[0, 1]]},
        "seen up to sequence number 0": {"seen": [[1, 0]]},
        "seen up to sequence number 2^53": {"seen": [[1, limits.MAP_SEQ_MAX + 1]]},
        "seen as a map": {"seen": {"1": 9}},
        "a parent that is bytes": {"parents": [bytes(cid("parent"))]},
        "null for the siblings": {"siblings": None},
    }
    unseen: dict[str, dict[str, object]] = {
        "seen out of order": {"seen": [[7, 2], [1, 9]]},
        "a writer seen twice": {"seen": [[1, 2], [1, 9]]},
        "a parent twice": {"parents": [cid("parent"), cid("parent")]},
        "an empty note": {"note": ""},
        "number 4 without a parent": {"parents": ...},
    }
    merges: dict[str, dict[str, object]] = {
        "a merge with a note": {"note": "x"},
        "a merge with a time": {"time": 0},
        "a merge with a signature": {"sig": bytes(64)},
    }
    merges_unseen: dict[str, dict[str, object]] = {
        "a merge of one parent": {"parents": [cid("parent")]},
        "a merge of parents out of order": {"parents": sorted(_MERGE.parents, reverse=True)},
        "a merge numbered 0": {"n": 0},
    }
    found = [invalid(name, changed(_VERSION, **change), _NOT) for name, change in seen.items()]
    found += [invalid(name, changed(_VERSION, **change), _NOT, grammar=False) for name, change in unseen.items()]
    found += [invalid(name, changed(_MERGE, **change), _NOT) for name, change in merges.items()]
    found += [invalid(name, changed(_MERGE, **change), _NOT, grammar=False) for name, change in merges_unseen.items()]
    found.append(invalid("no signature", changed(_VERSION, sig=...), _SIGNATURE))
    found += bad_of_any(_VERSION, link="content", raw="mimei", text="note")
    return found + bad_signatures(_VERSION, changed(_VERSION, n=5))


def head() -> list[Case]:
    """Return heads."""
    first = msgspec.structs.replace(_HEAD, seq=1, prev=None)
    released = msgspec.structs.replace(_HEAD, release=Release(_VERSION.cid, 3))
    whole = msgspec.structs.replace(released, seq=limits.MAP_SEQ_MAX, sealed=cid("sealed"))
    made = {"the first one": first, "one that follows": _HEAD, "one that releases": released, "every field": whole}
    made |= {
        f"an id that begins like {name}": msgspec.structs.replace(_HEAD, mimei=(data + bytes(20))[:20])
        for name, data in CID_LIKE.items()
    }
    return [valid(name, record.signed(WRITER), signer_seed=SEEDS["writer"].hex()) for name, record in made.items()]


def bad_head() -> list[Case]:
    """Return what is no head."""
    fields: dict[str, dict[str, object]] = {
        "sequence number 0": {"seq": 0},
        "sequence number 2^53": {"seq": limits.MAP_SEQ_MAX + 1},
        "null for the release": {"release": None},
        "a release without a turn": {"release": [cid("version")]},
        "a release with more than a turn": {"release": [cid("version"), 1, 1]},
        "a release as a map": {"release": {"turn": 1, "version": cid("version")}},
        "a release whose version is bytes": {"release": [bytes(cid("version")), 1]},
        "a negative turn": {"release": [cid("version"), -1]},
        "bytes for the head before": {"prev": bytes(cid("head"))},
    }
    found = [invalid(name, changed(_HEAD, **change), _NOT) for name, change in fields.items()]
    return found + bad_of_any(_HEAD, link="tip", raw="mimei", text=None) + bad_signatures(_HEAD, changed(_HEAD, seq=10))


def tag() -> list[Case]:
    """Return tags."""
    longest = {"dimension": "d" * limits.TAG_DIMENSION_BYTES_MAX, "value": "é" * (limits.TAG_VALUE_BYTES_MAX // 2)}
    made = {
        "a topic": _TAG,
        "a value with a colon": msgspec.structs.replace(_TAG, dimension="when", value="12:30"),
        "the longest": msgspec.structs.replace(_TAG, **longest),
    }
    return [valid(name, record.signed(AUTHOR), signer_seed=SEEDS["author"].hex()) for name, record in made.items()]


def bad_tag() -> list[Case]:
    """Return what is no tag."""
    seen: dict[str, dict[str, object]] = {
        "an empty dimension": {"dimension": ""},
        "an empty value": {"value": ""},
        "a dimension of 129 bytes": {"dimension": "d" * (limits.TAG_DIMENSION_BYTES_MAX + 1)},
        "a value of 514 bytes": {"value": "é" * 257},
        "a negative time": {"at": -1},
        "a time past the year 9999": {"at": limits.TIME_MS_MAX + 1},
    }
    unseen: dict[str, dict[str, object]] = {
        "a dimension with a colon": {"dimension": "a:b"},
        "a zero byte": {"value": "a\0b"},
        "a delete character": {"value": "a\x7fb"},
        "a control character above ASCII": {"dimension": "a\x85b"},
    }
    found = [invalid(name, changed(_TAG, **change), _NOT) for name, change in seen.items()]
    found += [invalid(name, changed(_TAG, **change), _NOT, grammar=False) for name, change in unseen.items()]
    return (
        found
        + bad_of_any(_TAG, link=None, raw="mimei", text="value")
        + bad_signatures(_TAG, changed(_TAG, value="art"))
    )


RESERVED = (
    "letter-of-credit",
    "owed",
    "paid",
)


def reserved() -> list[Case]:
    """Return the names that later kinds of records will have."""
    return [{"name": name, "kind": name} for name in RESERVED]


def bad_reserved() -> list[Case]:
    """Return records of reserved kinds, which nothing reads yet."""
    return [invalid(name, changed(_TAG, kind=name), _NOT) for name in RESERVED]
