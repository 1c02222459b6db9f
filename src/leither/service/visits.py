"""Visits: a person comes in with what a node of their own has signed, and gets a session that ends by itself."""

import hmac
from collections.abc import Sequence

from leither import limits
from leither.crypto import KeyPair, MimeiId, key_id
from leither.people import Act, Denied, Device, Presentation, Revocation, Successor, check_presentation, visitor
from leither.people.passport import check_passport, issue
from leither.people.period import Period
from leither.people.refused import WrongRequest
from leither.people.visit import Visit
from leither.service.engines import Engines
from leither.service.known_keys import known_revocations, learn_revocation, learn_successors, lineage_of
from leither.service.tokens import Tokens

_TIME_BYTES, _SALT_BYTES, _MAC_BYTES = 4, 4, 8
_NONCE_BYTES = 16


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

    def enter_with_passport(
        self, passport: str, devices: Sequence[Device] = (), successors: Sequence[Successor] = ()
    ) -> tuple[str, Visit]:
        """Open a session with a passport: (secret, what it showed). It works once.

        `successors`: by which the person's key took the place of others, to whom something was granted here.
        Raises: what `check_passport` does, KeyReplaced, KeysDiverged, TooManyRevocations, TooManyVisits, TooManyTokens.
        """
        visit = check_passport(
            passport,
            node=self._engines.identity.node.public,
            now_ms=self._engines.clock.now_ms(),
            replays=self._tokens.replays,
            devices=devices,
            revoked=self.revoked(),
        )
        return self._enter(visit, successors)

    def enter_with_presentation(
        self, shown: Presentation, devices: Sequence[Device] = (), successors: Sequence[Successor] = ()
    ) -> tuple[str, Visit]:
        """Open a session with a presentation that answers a challenge of this node. It works once.

        Raises: what `check_presentation` does, and as `enter_with_passport`.
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
        return self._enter(visit, successors)

    def _enter(self, visit: Visit, successors: Sequence[Successor]) -> tuple[str, Visit]:
        with self._engines.state.read() as view:
            lineage = lineage_of(view, visit.person, successors)
        former = tuple(record.by for record in lineage)
        if not self.is_stranger(former):
            learn_successors(self._engines, lineage)
        longest = self._engines.clock.now_ms() + limits.VISIT_S_MAX * 1000
        bounded = Visit(visit.person, visit.signer, min(visit.until_ms, longest), visit.most, visit.only)
        return self._tokens.enter(visitor(bounded, former=former), stranger=self.is_stranger), bounded

    def is_stranger(self, keys: Sequence[bytes]) -> bool:
        """Tell whether nothing here was ever granted to any of these whole keys."""
        return not any(self._engines.granted.held(key_id(key)) for key in keys)

    def revoked(self) -> frozenset[tuple[bytes, bytes]]:
        """Return (person, device or passport) of every revocation that this node knows."""
        return known_revocations(self._engines)

    def learn(self, revocation: Revocation) -> None:
        """Take a person's word that a device or passport of theirs counts no longer; end that device's sessions.

        Only of who is here, or to whom something was granted, so that strangers can't fill the list.
        Raises: Denied, BadSignature, TooManyRevocations.
        """
        person = revocation.check().by
        if self.is_stranger((person,)) and self._engines.persons.of_key(person) is None:
            raise Denied("telling this node of a revocation")
        learn_revocation(self._engines, revocation)


def make_passport(
    engines: Engines, signer: KeyPair, *, node: bytes, seconds: int, acts: Act, only: MimeiId | None = None
) -> tuple[str, int]:
    """Return a passport by which a person enters the node with that whole key, and until when it counts (ms)."""
    now_ms = engines.clock.now_ms() // 1000 * 1000
    period = Period(now_ms, now_ms + min(seconds, limits.PASSPORT_S_MAX) * 1000)
    nonce = engines.random.token(_NONCE_BYTES)
    made = issue(signer, person=signer.public, node=node, period=period, nonce=nonce, acts=acts, only=only)
    return made, period.until_ms
