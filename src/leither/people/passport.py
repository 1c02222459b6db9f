"""Passport: a short-lived Biscuit by which a person enters one node, narrowed offline by whoever holds it.

The node takes Biscuits of one shape only, so what one allows is known as plain values, and no rule that a stranger
wrote is ever run. The library is imported when the first passport is met: it takes 3 MB, and many nodes meet none.
Format: `spec/format/passport.md`.
"""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from leither import limits
from leither.codec.record import BadSignature
from leither.crypto import KeyPair, MimeiId
from leither.errors import DeniedError
from leither.people.device import NONCE_BYTES, Device
from leither.people.period import Period
from leither.people.refused import PassportRevoked, ProofMalformed, Replayed, ValidTooLong, WrongAudience
from leither.people.replays import Replays
from leither.people.right import ALL, Act
from leither.people.visit import Visit, require_signer, require_time

if TYPE_CHECKING:
    from biscuit_auth import Biscuit, UnverifiedBiscuit

_PROOF = "passport"
_TEXT_MAX = (limits.PASSPORT_BYTES_MAX + 2) // 3 * 4
_TEXT = re.compile(r"[A-Za-z0-9_-]+={0,2}")
_KEY, _ID, _NONCE = (rf"hex:([0-9a-f]{{{2 * size}}})" for size in (32, 20, NONCE_BYTES))
_DATE = r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)"
_ACT = r"check if act\(\$act\), \$act & ([0-9]{1,3}) === \$act;\n"
_MIMEI = rf"check if mimei\({_ID}\);\n"
_FIRST = re.compile(
    rf"passport\(1\);\nwho\({_KEY}\);\nby\({_KEY}\);\nnonce\({_NONCE}\);\ncheck if node\({_KEY}\);\n"
    rf"check if time\(\$time\), \$time >= {_DATE}, \$time < {_DATE};\n{_ACT}(?:{_MIMEI})?"
)
_NARROWER = re.compile(rf"(?=.)(?:check if time\(\$time\), \$time < {_DATE};\n)?(?:{_ACT})?(?:{_MIMEI})?", re.DOTALL)
_ANY_MIMEI = MimeiId(bytes(20))


class PassportRefused(DeniedError):
    """The passport's own rules refuse it, or take too long."""

    code = "passport-refused"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"this passport's own rules refuse it: {reason}; make a new one")


@dataclass(frozen=True, slots=True)
class _Said:
    """What the blocks of a passport say together. `issued`: the period of the first alone."""

    who: bytes
    by: bytes
    nonce: bytes
    node: bytes
    issued: Period
    period: Period
    acts: int
    only: frozenset[MimeiId]


def issue(
    signer: KeyPair,
    *,
    person: bytes,
    node: bytes,
    period: Period,
    nonce: bytes,
    acts: Act = ALL,
    only: MimeiId | None = None,
) -> str:
    """Return a passport for `node`, signed by the person or one of their devices.

    Args: person, node: whole keys. period: whole seconds of it count, at most limits.PASSPORT_S_MAX. nonce: 16 fresh
        random bytes.
    """
    from biscuit_auth import Algorithm, BiscuitBuilder, PrivateKey

    source = """passport(1); who({who}); by({by}); nonce({nonce}); check if node({node});
        check if time($time), $time >= {from}, $time < {until}; check if act($act), $act & {acts} === $act;"""
    values = {
        "who": person,
        "by": signer.public,
        "nonce": nonce,
        "node": node,
        "from": _date(period.start_ms),
        "until": _date(period.until_ms),
        "acts": int(acts),
    }
    if only is not None:
        source, values = source + " check if mimei({only});", values | {"only": bytes(only)}
    made: str = (
        BiscuitBuilder(source, values).build(PrivateKey.from_bytes(signer.secret, Algorithm.Ed25519)).to_base64()
    )
    return made


def narrow(passport: str, *, until_ms: int | None = None, acts: Act | None = None, only: MimeiId | None = None) -> str:
    """Return `passport` with a block that allows less, in at least one of the three.

    Raises: ProofMalformed, BadSignature.
    """
    from biscuit_auth import BiscuitBlockError, BlockBuilder

    assert (until_ms, acts, only) != (None, None, None)
    block = BlockBuilder()
    if until_ms is not None:
        block.add_code("check if time($time), $time < {until};", {"until": _date(until_ms)})
    if acts is not None:
        block.add_code("check if act($act), $act & {acts} === $act;", {"acts": int(acts)})
    if only is not None:
        block.add_code("check if mimei({only});", {"only": bytes(only)})
    unverified = _open(passport)
    try:
        made: str = _verified(unverified, _read(unverified).by).append(block).to_base64()
    except BiscuitBlockError as error:
        raise ProofMalformed(_PROOF, str(error)) from None
    return made


def check_passport(
    passport: str,
    *,
    node: bytes,
    now_ms: int,
    replays: Replays,
    devices: Iterable[Device] = (),
    revoked: Container[tuple[bytes, bytes]] = frozenset(),
) -> Visit:
    """Return who enters with `passport`, until when, and with what rights at the most. It opens one session, once.

    Args: node: this node's key. devices, revoked: as for `require_signer`; (person, nonce) takes back a passport.
    Cost: a signature a block, and another where a device signed; 0.2 ms.
    Raises: ProofMalformed, WrongAudience, ValidTooLong, NotYetValid, Expired, PassportRefused, BadSignature,
        UnknownSigner, DeviceRevoked, PassportRevoked, Replayed, TooManyProofs.
    """
    unverified = _open(passport)
    said = _read(unverified)
    if said.node != node:
        raise WrongAudience(_PROOF, said.node, node)
    if said.issued.until_ms - said.issued.start_ms > limits.PASSPORT_S_MAX * 1000:
        raise ValidTooLong(_PROOF, said.issued, limits.PASSPORT_S_MAX)
    require_time(_PROOF, said.period, now_ms)
    _decide(_verified(unverified, said.by), said, now_ms)
    until_ms = require_signer(_PROOF, said.by, said.who, now_ms=now_ms, devices=devices, revoked=revoked)
    if (said.who, said.nonce) in revoked:
        raise PassportRevoked
    # Last, so that nobody but the holder can use it up; and for as long as its widest copy could be used.
    if not replays.claim(_PROOF.encode() + said.by + said.nonce, said.issued, now_ms):
        raise Replayed(_PROOF)
    until_ms = min(until_ms, said.period.until_ms)
    return Visit(said.who, said.by, until_ms, Act(said.acts), next(iter(said.only), None))


def _open(passport: str) -> "UnverifiedBiscuit":
    if len(passport) > _TEXT_MAX:
        raise ProofMalformed(_PROOF, f"{len(passport):,} characters exceed the limit of {_TEXT_MAX:,}")
    if not _TEXT.fullmatch(passport):
        raise ProofMalformed(_PROOF, "it is not base64 in the alphabet of URLs")
    from biscuit_auth import BiscuitValidationError, UnverifiedBiscuit

    try:
        return UnverifiedBiscuit.from_base64(passport)
    except BiscuitValidationError as error:
        raise ProofMalformed(_PROOF, str(error)) from None


def _read(unverified: "UnverifiedBiscuit") -> _Said:
    """Return what the blocks say. The library prints them; a text that is not exactly one of ours is refused.

    What it prints of a hostile block may look like another block, but whatever it looks like only narrows.
    """
    from biscuit_auth import BiscuitBlockError

    count = unverified.block_count()
    if count > limits.PASSPORT_BLOCKS_MAX:
        raise ProofMalformed(_PROOF, f"{count:,} blocks exceed the limit of {limits.PASSPORT_BLOCKS_MAX}")
    try:
        sources = [unverified.block_source(index) for index in range(count)]
    except BiscuitBlockError as error:
        raise ProofMalformed(_PROOF, str(error)) from None
    first = _FIRST.fullmatch(sources[0])
    if first is None:
        raise ProofMalformed(_PROOF, "its first block is not that of a passport")
    who, by, nonce, node = (bytes.fromhex(found) for found in first.group(1, 2, 3, 4))
    issued = Period(_milliseconds(first[5]), _milliseconds(first[6]))
    until_ms = issued.until_ms
    acts, only = _acts(first[7]), {first[8]}
    for index, source in enumerate(sources[1:], start=1):
        narrower = _NARROWER.fullmatch(source)
        if narrower is None:
            raise ProofMalformed(_PROOF, f"block {index} says what no passport says")
        if narrower[1] is not None:
            until_ms = min(until_ms, _milliseconds(narrower[1]))
        if narrower[2] is not None:
            acts &= _acts(narrower[2])
        only.add(narrower[3])
    named = frozenset(MimeiId(bytes.fromhex(found)) for found in only if found is not None)
    return _Said(who, by, nonce, node, issued, Period(issued.start_ms, until_ms), acts, named)


def _acts(number: str) -> int:
    acts = int(number)
    if acts & ~int(ALL):
        raise ProofMalformed(_PROOF, f"{acts} are no acts")
    return acts


def _verified(unverified: "UnverifiedBiscuit", by: bytes) -> "Biscuit":
    from biscuit_auth import Algorithm, BiscuitValidationError, PublicKey

    try:
        verified = unverified.verify(PublicKey.from_bytes(by, Algorithm.Ed25519))
    except (BiscuitValidationError, ValueError):
        raise BadSignature(_PROOF) from None
    if any(verified.block_external_key(index) is not None for index in range(verified.block_count())):
        raise ProofMalformed(_PROOF, "one of its blocks is signed by somebody else")
    return verified


def _decide(verified: "Biscuit", said: _Said, now_ms: int) -> None:
    """Let the library's own engine decide as well: its answer for the narrowest request must be yes."""
    from biscuit_auth import (
        AuthorizationError,
        AuthorizerBuilder,
        BiscuitBlockError,
        BiscuitBuildError,
        BiscuitValidationError,
        DataLogError,
    )

    if not said.acts or len(said.only) > 1:
        raise PassportRefused("it was narrowed until nothing is left")
    facts = {
        "node": said.node,
        "time": _date(now_ms),
        "act": said.acts & -said.acts,
        "mimei": bytes(next(iter(said.only), _ANY_MIMEI)),
    }
    builder = AuthorizerBuilder("node({node}); time({time}); act({act}); mimei({mimei}); allow if passport(1);", facts)
    bounds = builder.limits()
    bounds.max_time = timedelta(milliseconds=limits.PASSPORT_CHECK_MS_MAX)
    builder.set_limits(bounds)  # before it is built, since building runs the rules
    try:
        builder.build(verified).authorize()
    except (
        AuthorizationError,
        BiscuitBlockError,
        BiscuitBuildError,
        BiscuitValidationError,
        DataLogError,
    ) as error:
        raise PassportRefused(str(error)) from None


def _date(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms // 1000, UTC)


def _milliseconds(date: str) -> int:
    try:
        return int(datetime.fromisoformat(date).timestamp()) * 1000
    except ValueError as error:
        raise ProofMalformed(_PROOF, str(error)) from None
