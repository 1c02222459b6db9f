"""Visits: a person comes in with what a node of their own has signed, and gets a session that ends by itself."""

import hmac
from collections.abc import Sequence

from leither import limits
from leither.crypto import KeyPair, MimeiId, key_id
from leither.errors import LimitError
from leither.people import Act, Denied, Device, Presentation, Revocation, check_presentation, visitor
from leither.people.passport import check_passport, issue
from leither.people.period import Period
from leither.people.refused import WrongRequest
from leither.people.visit import Visit
from leither.ports import Transaction, prefix_end
from leither.service import tables
from leither.service.engines import Engines
from leither.service.tokens import Tokens

_TIME_BYTES, _SALT_BYTES, _MAC_BYTES = 4, 4, 8
_NONCE_BYTES = 16


class TooManyRevocations(LimitError):
    """As many revocations are known as there may be."""

    code = "too-many-revocations"

    def __init__(self) -> None:
        super().__init__(
            f"this node knows {limits.REVOCATIONS_MAX:,} revoked devices and passports, the limit; "
            "ask its owner to take the grants of that person back"
        )


class Challenges:
    """Nonces that a node gives out and knows again, without keeping any: time, chance, and a MAC over both."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, now_ms: int, salt: bytes) -> bytes:
        """Return a nonce of 16 bytes. `salt`: 4 fresh random bytes."""
        said = (now_ms // 1000).to_bytes(_TIME_BYTES, "big") + salt[:_SALT_BYTES]
        return said + self._mac(said)

    def knows(self, nonce: bytes, now_ms: int) -> bool:
        """Tell whether `nonce` was given out of late."""
        said = nonce[: _TIME_BYTES + _SALT_BYTES]
        age_s = now_ms // 1000 - int.from_bytes(said[:_TIME_BYTES], "big")
        return 0 <= age_s < limits.CHALLENGE_S and hmac.compare_digest(nonce, said + self._mac(said))

    def _mac(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, "sha256")[:_MAC_BYTES]


class Visits:
    """The door for visitors of one node. Thread-safe."""

    def __init__(self, engines: Engines, tokens: Tokens) -> None:
        self._engines = engines
        self._tokens = tokens
        self._challenges = Challenges(engines.random.token(32))

    def challenge(self) -> tuple[bytes, int]:
        """Return a nonce for a presentation, and until when it may be answered (ms)."""
        now_ms = self._engines.clock.now_ms()
        return self._challenges.make(
            now_ms, self._engines.random.token(_SALT_BYTES)
        ), now_ms + limits.CHALLENGE_S * 1000

    def enter_with_passport(self, passport: str, devices: Sequence[Device] = ()) -> tuple[str, Visit]:
        """Open a session with a passport: (secret, what it showed). It works once.

        Raises: what `check_passport` does, TooManyVisits, TooManyTokens.
        """
        visit = check_passport(
            passport,
            node=self._engines.identity.node.public,
            now_ms=self._engines.clock.now_ms(),
            replays=self._tokens.replays,
            devices=devices,
            revoked=self.revoked(),
        )
        return self._enter(visit)

    def enter_with_presentation(self, shown: Presentation, devices: Sequence[Device] = ()) -> tuple[str, Visit]:
        """Open a session with a presentation that answers a challenge of this node. It works once.

        Raises: what `check_presentation` does, TooManyVisits, TooManyTokens.
        """
        now_ms = self._engines.clock.now_ms()
        if not self._challenges.knows(shown.nonce, now_ms):
            raise WrongRequest(shown.KIND, "it answers no challenge that this node gave out of late")
        visit = check_presentation(
            shown,
            node=self._engines.identity.node.public,
            now_ms=now_ms,
            replays=self._tokens.replays,
            devices=devices,
            revoked=self.revoked(),
            challenge=shown.nonce,
        )
        return self._enter(visit)

    def _enter(self, visit: Visit) -> tuple[str, Visit]:
        longest = self._engines.clock.now_ms() + limits.VISIT_S_MAX * 1000
        bounded = Visit(visit.person, visit.signer, min(visit.until_ms, longest), visit.most, visit.only)
        return self._tokens.enter(visitor(bounded), stranger=self.is_stranger), bounded

    def is_stranger(self, keys: Sequence[bytes]) -> bool:
        """Tell whether nothing here was ever granted to any of these whole keys."""
        return not any(self._engines.granted.held(key_id(key)) for key in keys)

    def revoked(self) -> frozenset[tuple[bytes, bytes]]:
        """Return (person, device or passport) of every revocation that this node knows."""
        return known_revocations(self._engines)

    def learn(self, revocation: Revocation) -> None:
        """Take a person's word that a device or passport of theirs counts no longer; end that device's sessions.

        Only of somebody to whom something was granted here, so that strangers can't fill the list.
        Raises: Denied, BadSignature, TooManyRevocations.
        """
        person, named = revocation.check().named
        if self.is_stranger((person,)):
            raise Denied("telling this node of a revocation")

        def add(transaction: Transaction) -> None:
            known = transaction.scan(tables.REVOCATIONS, prefix_end(tables.REVOCATIONS))
            if sum(1 for _ in known) >= limits.REVOCATIONS_MAX:
                raise TooManyRevocations
            transaction.put(tables.REVOCATIONS + person + named, revocation.encode())

        self._engines.state.write(add)
        self._tokens.end_all(lambda row: row.keys[:1] == (person,) and row.device == named)


def known_revocations(engines: Engines) -> frozenset[tuple[bytes, bytes]]:
    """Return (person, device or passport) of every revocation that this node knows."""
    with engines.state.read() as view:
        rows = view.scan(tables.REVOCATIONS, prefix_end(tables.REVOCATIONS))
        return frozenset((key[1:33], key[33:]) for key, _ in rows)


def make_passport(
    engines: Engines, signer: KeyPair, *, node: bytes, seconds: int, acts: Act, only: MimeiId | None = None
) -> tuple[str, int]:
    """Return a passport by which a person enters the node with that whole key, and until when it counts (ms)."""
    now_ms = engines.clock.now_ms() // 1000 * 1000
    period = Period(now_ms, now_ms + min(seconds, limits.PASSPORT_S_MAX) * 1000)
    nonce = engines.random.token(_NONCE_BYTES)
    made = issue(signer, person=signer.public, node=node, period=period, nonce=nonce, acts=acts, only=only)
    return made, period.until_ms
