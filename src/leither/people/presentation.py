"""Presentation: a person's signature over one session or request on one node.

Format: `spec/format/presentation.md`.
"""

import struct
from collections.abc import Container, Iterable
from hashlib import sha256
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from leither import limits
from leither.codec.record import Key, SignedRecord, TimeMs
from leither.people.device import Device, Nonce
from leither.people.period import Period
from leither.people.refused import Replayed, ValidTooLong, WrongAudience, WrongRequest
from leither.people.replays import Replays
from leither.people.right import ALL
from leither.people.visit import Visit, require_signer, require_time

Digest = Annotated[bytes, Meta(min_length=32, max_length=32)]
_LENGTH = struct.Struct(">I")


class Presentation(SignedRecord, frozen=True, kw_only=True, tag="presentation"):
    """Signed by the person or one of their devices; counts once.

    Fields: who: the person for whom it speaks. audience: the node's key. nonce: what the node gave out, or random.
    start_ms (`from` in the record), until_ms (`until`): when it may be used. request: digest of what is asked
    (`request_digest`); None to open a session.
    """

    KIND: ClassVar[str] = "presentation"

    who: Key
    audience: Key
    nonce: Nonce
    start_ms: TimeMs = msgspec.field(name="from")
    until_ms: TimeMs = msgspec.field(name="until")
    request: Digest | None = None

    @property
    def period(self) -> Period:
        """When it may be used."""
        return Period(self.start_ms, self.until_ms)

    def validate(self) -> None:
        """Check the period. Raises: NotARecord."""
        if self.start_ms >= self.until_ms:
            raise self.refuse("its period ends before it begins")


def request_digest(method: bytes, target: bytes, body_digest: bytes) -> bytes:
    """Return what a presentation for one request signs.

    Args: method, target: as they stand in the request's first line. body_digest: SHA-256 of the body.
    """
    parts = (_LENGTH.pack(len(method)), method, _LENGTH.pack(len(target)), target, body_digest)
    return sha256(b"leither/request/1\0" + b"".join(parts)).digest()


def check_presentation(
    shown: Presentation,
    *,
    node: bytes,
    now_ms: int,
    replays: Replays,
    devices: Iterable[Device] = (),
    revoked: Container[tuple[bytes, bytes]] = frozenset(),
    challenge: bytes | None = None,
    request: bytes | None = None,
) -> Visit:
    """Return who is behind a session or request.

    Args: node: this node's key. challenge: the nonce that was given out for this, if one was. request: the digest of
        what is asked; None to open a session. devices, revoked: as for `require_signer`.
    Cost: a signature, and another where a device signed.
    Raises: WrongAudience, ValidTooLong, NotYetValid, Expired, WrongRequest, BadSignature, UnknownSigner, DeviceRevoked,
        Replayed, TooManyProofs.
    """
    proof, period = shown.KIND, shown.period
    if shown.audience != node:
        raise WrongAudience(proof, shown.audience, node)
    if period.until_ms - period.start_ms > limits.PRESENTATION_S_MAX * 1000:
        raise ValidTooLong(proof, period, limits.PRESENTATION_S_MAX)
    require_time(proof, period, now_ms)
    if challenge is not None and shown.nonce != challenge:
        raise WrongRequest(proof, "it answers another challenge")
    if shown.request != request:
        raise WrongRequest(proof, "it was signed for another request, or for a session")
    shown.check()
    until_ms = require_signer(proof, shown.by, shown.who, now_ms=now_ms, devices=devices, revoked=revoked)
    # Last, so that nobody but the signer can use up a nonce.
    if not replays.claim(proof.encode() + shown.by + shown.nonce, period, now_ms):
        raise Replayed(proof)
    return Visit(shown.who, shown.by, until_ms if request is None else min(until_ms, period.until_ms), ALL)
