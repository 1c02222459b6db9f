"""Drafts: working copies as they were shared, and the merges of them."""

import msgspec

from leither import limits
from leither.codec import RAW
from leither.mimei.contents import Seen
from leither.mimei.draft import Draft
from leither.mimei.genesis import Genesis
from tools.vector_cases.case import AUTHOR, SEEDS, WRITER, Case, changed, cid, invalid, valid
from tools.vector_cases.records import bad_of_any, bad_signatures

_NOT = "not-a-record"
_DRAFT = Draft(
    mimei=Genesis(author=AUTHOR.public, app="notes", ext="", mark="home", type="fs").id,
    content=cid("content", RAW),
    side=cid("side"),
    salt=bytes(range(16)),
    size_bytes=1234,
    parents=(cid("version"),),
    seen=(Seen(1, 10), Seen(7, 2)),
).signed(WRITER)
_MERGE = msgspec.structs.replace(
    _DRAFT, parents=tuple(sorted((cid("draft a"), cid("draft b")))), seen=(Seen(1, 10), Seen(7, 3)), by=None, sig=None
)


def draft() -> list[Case]:
    """Return drafts."""
    made = {
        "one that stands on a version": _DRAFT,
        "one that stands on nothing": msgspec.structs.replace(_DRAFT, parents=(), seen=(Seen(1, 1),)).signed(WRITER),
        "every field": msgspec.structs.replace(_DRAFT, siblings=cid("siblings"), key_epoch=0).signed(WRITER),
        "a merge, which nobody signs": _MERGE,
        "a merge with siblings": msgspec.structs.replace(_MERGE, siblings=cid("siblings")),
    }
    return [
        valid(name, record, signer_seed=None if record.is_merge else SEEDS["writer"].hex())
        for name, record in made.items()
    ]


def bad_draft() -> list[Case]:
    """Return what is no draft."""
    seen: dict[str, dict[str, object]] = {
        "a number": {"n": 4},
        "a note": {"note": "x"},
        "a time": {"time": 0},
        "a salt of 17 bytes": {"salt": bytes(17)},
        "a size of 2^63": {"bytes": 1 << 63},
        "seen up to sequence number 2^53": {"seen": [[1, limits.MAP_SEQ_MAX + 1]]},
        "a parent that is bytes": {"parents": [bytes(cid("version"))]},
    }
    unseen: dict[str, dict[str, object]] = {
        "seen out of order": {"seen": [[7, 2], [1, 9]]},
        "a parent twice": {"parents": [cid("version"), cid("version")]},
        "an empty list of parents": {"parents": []},
    }
    found = [invalid(name, changed(_DRAFT, **change), _NOT) for name, change in seen.items()]
    found += [invalid(name, changed(_DRAFT, **change), _NOT, grammar=False) for name, change in unseen.items()]
    found.append(invalid("a merge with a signature", changed(_MERGE, sig=bytes(64)), _NOT))
    found.append(invalid("a merge of one parent", changed(_MERGE, parents=[cid("draft a")]), _NOT, grammar=False))
    found.append(invalid("no signature", changed(_DRAFT, sig=...), "bad-signature"))
    found += bad_of_any(_DRAFT, link="content", raw="mimei", text=None)
    return found + bad_signatures(_DRAFT, changed(_DRAFT, bytes=1))
