"""Key ring: the key of one key epoch of a private MiMei, for each of its readers, and the way to the keys before."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, ClassVar

from msgspec import Meta

from leither import limits
from leither.codec import Cid
from leither.crypto import EpochKey, KeyPair, SealKey, wrap
from leither.mimei.record import U64, Id, SignedRecord
from leither.mimei.sealing import EpochKeyMissing, EpochKeys

Wrapped = Annotated[bytes, Meta(min_length=80, max_length=80)]
SealedKey = Annotated[bytes, Meta(min_length=48, max_length=48)]


class KeyRing(SignedRecord, frozen=True, kw_only=True, tag="key-ring"):
    """Signed by the author. `keys` holds the epoch's key once for each reader, sorted; it doesn't say who they are.

    Of the epoch before, `previous` is the key, sealed under this one's, and `before` the ring; epoch 0 has neither.
    """

    KIND: ClassVar[str] = "key-ring"

    mimei: Id
    key_epoch: U64
    keys: Annotated[tuple[Wrapped, ...], Meta(min_length=1, max_length=limits.READERS_MAX)]
    previous: SealedKey | None = None
    before: Cid | None = None

    def validate(self) -> None:
        """Check the order, and that the key before is there unless there is none. Raises: NotARecord."""
        if list(self.keys) != sorted(set(self.keys)):
            raise self.refuse("keys are not sorted")
        if (self.previous is None) != (self.key_epoch == 0):
            raise self.refuse("every epoch but 0 holds the key of the one before")
        if self.before is not None and self.key_epoch == 0:
            raise self.refuse("epoch 0 has none before it")

    def open(self, reader: SealKey) -> EpochKey | None:
        """Return the key if it was wrapped for `reader`, else None. Cost: 0.1 ms for each key that is tried."""
        info = _info(self.mimei, self.key_epoch)
        for wrapped in self.keys:
            secret = reader.unwrap(wrapped, info)
            if secret is not None:
                return EpochKey(secret, self.key_epoch)
        return None


def make_ring(
    mimei: bytes,
    key: EpochKey,
    readers: Iterable[bytes],
    *,
    previous: EpochKey | None,
    author: KeyPair,
    before: Cid | None = None,
) -> KeyRing:
    """Return the signed key ring of `key` for these X25519 public keys: the same bytes each time.

    Raises: NotARecord: without a reader, or past limits.READERS_MAX. ValueError: a key of small order.
    """
    ring = KeyRing(
        mimei=mimei,
        key_epoch=key.epoch,
        keys=wrapped_keys(key, mimei, frozenset(readers)),
        previous=key.seal_previous(previous, mimei) if previous is not None else None,
        before=before,
        by=author.public,
    )
    return KeyRing.decode(ring.signed(author).encode())


def open_rings(rings: Iterable[KeyRing], reader: SealKey) -> EpochKeys:
    """Return the keys that a MiMei's rings give `reader`: of its epochs, and of those before as far as rings go back.

    The rings' signatures and author have been checked. Raises: EpochKeyMissing: none of them is for this reader.
    """
    newest_first = sorted(rings, key=lambda ring: -ring.key_epoch)
    found: dict[int, EpochKey] = {}
    tries = limits.WRAPPED_KEYS_TRIED_MAX
    for ring in newest_first:
        key = found.get(ring.key_epoch)
        if key is None and tries >= len(ring.keys):
            tries -= len(ring.keys)
            key = ring.open(reader)
        if key is None:
            continue
        found[key.epoch] = key
        before = key.open_previous(ring.previous, ring.mimei) if ring.previous is not None else None
        if before is not None:
            found.setdefault(before.epoch, before)
    if not found:
        raise EpochKeyMissing(newest_first[0].key_epoch if newest_first else 0)
    return EpochKeys(found.values())


def wrapped_keys(key: EpochKey, mimei: bytes, readers: frozenset[bytes]) -> tuple[bytes, ...]:
    """Return the key wrapped for each of these X25519 public keys, sorted, as it stands in a ring.

    Cost: 0.2 ms for each that was not wrapped for lately. Raises: ValueError: a key of small order.
    """
    return tuple(sorted(_wrapped(key.secret, reader, _info(mimei, key.epoch)) for reader in readers))


@lru_cache(maxsize=2 * limits.READERS_MAX)
def _wrapped(secret: bytes, reader: bytes, info: bytes) -> bytes:
    return wrap(secret, reader, info)


def _info(mimei: bytes, epoch: int) -> bytes:
    return b"leither/key-ring/1\0" + mimei + epoch.to_bytes(8)
