"""Grants, the chains they were passed on by, and what an author took back."""

import hashlib
from typing import Any

import msgspec

from leither import limits
from leither.codec import Block, Cid
from leither.crypto import KeyPair, seal_key
from leither.merkle import EMPTY_MAP, Entry, Nodes, Shape, Stamp, build
from leither.people.chain import prove_chain
from leither.people.grant import Grant
from leither.people.revoked import revoke, revoked_grant, revoked_key
from leither.people.right import ALL, Act
from tools.vector_cases.case import AUTHOR, SEEDS, STRANGER, WRITER, Case, changed, invalid, valid
from tools.vector_cases.people import TIME, YEAR_MS
from tools.vector_cases.records import bad_of_any, bad_signatures

_NOT = "not-a-record"
_MIMEI = bytes(range(20))
GRANT = Grant(
    mimei=_MIMEI,
    to=WRITER.public,
    rights=int(Act.READ_CUR | Act.WRITE | Act.SHARE),
    start_ms=TIME,
    until_ms=TIME + YEAR_MS,
    by=AUTHOR.public,
).signed(AUTHOR)


def _key(number: int) -> KeyPair:
    return KeyPair(hashlib.sha256(b"key %d" % number).digest())


def _passed_on(before: Grant, by: KeyPair, to: KeyPair, **changes: Any) -> Grant:  # noqa: ANN401 -- of any field
    """Return `before` passed on: the same acts and period, but for `changes`."""
    same = msgspec.structs.replace(before, to=to.public, passed_on=before.encode(), by=by.public, sig=None)
    return msgspec.structs.replace(same, **changes).signed(by)


def _long_chain(links: int) -> Grant:
    grant = msgspec.structs.replace(GRANT, to=_key(0).public).signed(AUTHOR)
    for number in range(1, links):
        grant = _passed_on(grant, _key(number - 1), _key(number))
    return grant


def grants() -> list[Case]:
    """Return grants, each by its own signature only."""
    made = {
        "the author's": GRANT,
        "all acts, for as long as time is told": msgspec.structs.replace(
            GRANT, rights=int(ALL), start_ms=0, until_ms=limits.TIME_MS_MAX
        ).signed(AUTHOR),
        "one passed on": _passed_on(GRANT, WRITER, STRANGER, rights=int(Act.READ_CUR)),
        "for a private MiMei": msgspec.structs.replace(GRANT, seal=seal_key(SEEDS["writer"]).public).signed(AUTHOR),
        "an id that looks like a CID": msgspec.structs.replace(GRANT, mimei=b"\x01\x55" + bytes(18)).signed(AUTHOR),
    }
    seeds = {"one passed on": "writer"}
    return [valid(name, grant, signer_seed=SEEDS[seeds.get(name, "author")].hex()) for name, grant in made.items()]


def bad_grants() -> list[Case]:
    """Return what is no grant."""
    seen: dict[str, dict[str, object]] = {
        "no acts": {"rights": 0},
        "a key of 31 bytes that keys are sent with": {"seal": bytes(31)},
        "a reserved bit": {"rights": 512},
        "no end": {"until": ...},
        "null for what it was passed on from": {"passed_on": None},
        "a time past the year 9999": {"until": limits.TIME_MS_MAX + 1},
        "an id for the holder": {"to": AUTHOR.id},
        "more bytes than a grant has": {"passed_on": bytes(limits.GRANT_BYTES_MAX + 1)},
    }
    unseen: dict[str, dict[str, object]] = {
        "a period that ends as it begins": {"until": TIME},
        "a chain that makes it too long": {"passed_on": bytes(limits.GRANT_BYTES_MAX)},
    }
    return (
        [invalid(name, changed(GRANT, **change), _NOT) for name, change in seen.items()]
        + [invalid(name, changed(GRANT, **change), _NOT, grammar=False) for name, change in unseen.items()]
        + bad_of_any(GRANT, link=None, raw="to", text=None)
        + bad_signatures(GRANT, changed(GRANT, rights=511))
    )


def chains() -> list[Case]:
    """Return chains, with what each shows."""
    twice = _passed_on(_passed_on(GRANT, WRITER, STRANGER), STRANGER, _key(1), rights=int(Act.WRITE))
    made = {
        "the author's alone": GRANT,
        "passed on whole": _passed_on(GRANT, WRITER, STRANGER),
        "passed on with less, for a shorter time": _passed_on(
            GRANT, WRITER, STRANGER, rights=int(Act.READ_CUR), start_ms=TIME + 1, until_ms=TIME + 2
        ),
        "passed on twice": twice,
        "passed on to who passed it on": _passed_on(GRANT, WRITER, WRITER),
        "the longest": _long_chain(limits.GRANT_DEPTH_MAX),
    }
    found = []
    for name, grant in made.items():
        chain = prove_chain(grant.encode())
        found.append(
            {
                "name": name,
                "hex": grant.encode().hex(),
                "root": chain.root.hex(),
                "to": chain.to.hex(),
                "rights": int(chain.acts),
                "from": chain.period.start_ms,
                "until": chain.period.until_ms,
                "names": sorted(one.hex() for one in chain.names),
            }
        )
    return found


def bad_chains() -> list[Case]:
    """Return grants whose chain doesn't hold."""
    reads = msgspec.structs.replace(GRANT, rights=int(Act.READ_CUR)).signed(AUTHOR)
    forged = msgspec.structs.replace(GRANT, rights=int(ALL))
    broken = {
        "signed by another than the holder": _passed_on(GRANT, STRANGER, AUTHOR),
        "for another MiMei": _passed_on(GRANT, WRITER, STRANGER, mimei=bytes(20)),
        "passed on without the right to": _passed_on(reads, WRITER, STRANGER),
        "more acts": _passed_on(GRANT, WRITER, STRANGER, rights=int(ALL)),
        "other acts": _passed_on(GRANT, WRITER, STRANGER, rights=int(Act.TAG)),
        "begins before": _passed_on(GRANT, WRITER, STRANGER, start_ms=TIME - 1),
        "ends after": _passed_on(GRANT, WRITER, STRANGER, until_ms=TIME + YEAR_MS + 1),
        "wide again behind a narrow link": _passed_on(
            _passed_on(GRANT, WRITER, STRANGER, rights=int(Act.SHARE)), STRANGER, _key(1), rights=int(GRANT.rights)
        ),
    }
    cases = {name: (grant, "grant-chain-broken") for name, grant in broken.items()}
    cases |= {
        "a first link changed after it was signed": (_passed_on(forged, WRITER, STRANGER), "bad-signature"),
        "a last link changed after it was signed": (
            msgspec.structs.replace(_passed_on(GRANT, WRITER, STRANGER), until_ms=TIME + 5),
            "bad-signature",
        ),
        "one link too many": (_long_chain(limits.GRANT_DEPTH_MAX + 1), "grant-chain-too-long"),
        "passed on from what is no grant": (
            msgspec.structs.replace(GRANT, passed_on=b"\xa0").signed(AUTHOR),
            _NOT,
        ),
    }
    return [{"name": name, "hex": grant.encode().hex(), "error": error} for name, (grant, error) in cases.items()]


def revoked() -> list[Case]:
    """Return maps of what was taken back: `names` give `root`."""
    digest = GRANT.cid.digest
    lists = {
        "a grant": [revoked_grant(digest)],
        "a key": [revoked_key(WRITER.public)],
        "both": [revoked_grant(digest), revoked_key(WRITER.public)],
        "two hundred": [revoked_grant(hashlib.sha256(b"%d" % number).digest()) for number in range(200)],
    }
    made = []
    for name, names in lists.items():
        blocks: dict[Cid, bytes] = {}
        root = revoke(_nodes(blocks), None, names)
        made.append({"name": name, "names": [one.hex() for one in names], "root": root.text})
    return made


def bad_revoked() -> list[Case]:
    """Return maps that no control can name, as the blocks of each with the root last."""
    key, value = revoked_key(WRITER.public), b"\x80"
    entries = {
        "another type of name": [Entry(b"\x82" + key[1:], Stamp(0, 0), value)],
        "a name a byte short": [Entry(key[:-1], Stamp(0, 0), value)],
        "a name a byte too long": [Entry(key + b"\0", Stamp(0, 0), value)],
        "another value": [Entry(key, Stamp(0, 0), b"\x81")],
        "a value that says more": [Entry(key, Stamp(0, 0), b"\x80\0")],
        "a stamp": [Entry(key, Stamp(1, 1), value)],
    }
    found: list[Case] = []
    for name, given in entries.items():
        blocks: dict[Cid, bytes] = {}
        root = build(_nodes(blocks), given, Shape(bytes(16)))
        found.append(_map_case(name, root, blocks, "bad-revoked"))
    found.append(_map_case("nothing", EMPTY_MAP.cid, {EMPTY_MAP.cid: EMPTY_MAP.data}, "bad-revoked"))
    blocks = {}
    salted = build(
        _nodes(blocks),
        (Entry(name, Stamp(0, 0), value) for name in sorted(revoked_key(bytes([n]) * 32) for n in range(100))),
        Shape(bytes([1]) * 16),
    )
    found.append(_map_case("another salt", salted, blocks, "map-not-canonical"))
    return found


def _nodes(blocks: dict[Cid, bytes]) -> Nodes:
    def put(block: Block) -> None:
        blocks[block.cid] = block.data

    return Nodes(blocks.__getitem__, put)


def _map_case(name: str, root: Cid, blocks: dict[Cid, bytes], error: str) -> Case:
    return {"name": name, "root": root.text, "blocks": [data.hex() for data in blocks.values()], "error": error}
