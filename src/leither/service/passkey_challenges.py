"""PasskeyChallenges for passkeys: random, for one answer each, and for a short time."""

import threading
from dataclasses import dataclass

from leither import limits
from leither.crypto import KeyId
from leither.ports import Clock, Random

_CHALLENGE_BYTES = 32
_MAKING_MAX = 8
"""Challenges for making a passkey that wait for an answer, of one person."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a challenge was given out for: to make a passkey of a user, or the owner, or to sign in as anybody."""

    making: bool
    user: KeyId | None = None


@dataclass(frozen=True, slots=True)
class _Given:
    purpose: Purpose
    expires_ms: int


class PasskeyChallenges:
    """The challenges that were given out and not answered yet. Thread-safe; kept in memory alone.

    Where anybody may ask for one, the oldest of the same purpose makes room: whoever asks in floods makes others begin
    again, and takes no more memory.
    """

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self._given: dict[bytes, _Given] = {}
        self._guard = threading.Lock()

    def give(self, purpose: Purpose) -> bytes:
        """Return a new challenge."""
        challenge, now = self._random.token(_CHALLENGE_BYTES), self._clock.now_ms()
        most = _MAKING_MAX if purpose.making else limits.PASSKEY_CHALLENGES_MAX
        with self._guard:
            self._given = {key: held for key, held in self._given.items() if held.expires_ms > now}
            alike = [key for key, held in self._given.items() if held.purpose == purpose]
            for key in alike[: max(0, len(alike) - most + 1)]:
                del self._given[key]
            self._given[challenge] = _Given(purpose, now + limits.PASSKEY_CHALLENGE_S * 1000)
        return challenge

    def take(self, challenge: bytes, purpose: Purpose) -> bool:
        """Tell whether a challenge was given out for `purpose` and still counts. From now on it does not."""
        with self._guard:
            held = self._given.pop(challenge, None)
        return held is not None and held.purpose == purpose and held.expires_ms > self._clock.now_ms()
