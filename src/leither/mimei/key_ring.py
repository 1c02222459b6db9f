"""Key ring: the key of one key epoch of a private MiMei, for each of its readers, and the way to the keys before."""

from collections.abc import Iterable
from typing import Annotated, ClassVar

from msgspec import Meta

from leither import limits
from leither.crypto import EpochKey, KeyPair, SealKey, wrap
from leither.mimei.record import U64, Id, SignedRecord
from leither.mimei.sealing import EpochKeyMissing, EpochKeys

Wrapped = Annotated[bytes, Meta(min_length=80, max_length=80)]
SealedKey = Annotated[bytes, Meta(min_length=48, max_length=48)]


class KeyRing(SignedRecord, frozen=True, kw_only=True, tag="key-ring"):
    """Signed by the author. `keys` holds the epoch's key once for each reader, sorted; it doesn't say who they are.

    `previous` is the key of the epoch before, sealed under this one's; absent in epoch 0.
    """

    KIND: ClassVar[str] = "key-ring"

    mimei: Id
    key_epoch: U64
    keys: Annotated[tuple[Wrapped, ...], Meta(min_length=1, max_length=limits.READERS_MAX)]
    previous: SealedKey | None = None

    def validate(self) -> None:
        """Check the order, and that the key before is there unless there is none. Raises: NotARecord."""
        if list(self.keys) != sorted(set(self.keys)):
            raise self.refuse("keys are not sorted")
        if (self.previous is None) != (self.key_epoch == 0):
            raise self.refuse("every epoch but 0 holds the key of the one before")

    def open(self, reader: SealKey) -> EpochKey | None:
        """Return the key if it was wrapped for `reader`, else None. Cost: 0.1 ms for each key that is tried."""
        info = _info(self.mimei, self.key_epoch)
        for wrapped in self.keys:
            secret = reader.unwrap(wrapped, info)
            if secret is not None:
                return EpochKey(secret, self.key_epoch)
        return None


def make_ring(
    mimei: bytes, key: EpochKey, readers: Iterable[bytes], *, previous: EpochKey | None, author: KeyPair
) -> KeyRing:
    """Return the signed key ring of `key` for these X25519 public keys: the same bytes each time.

    Raises: NotARecord: without a reader, or past limits.READERS_MAX. ValueError: a key of small order.
    """
    info = _info(mimei, key.epoch)
    ring = KeyRing(
        mimei=mimei,
        key_epoch=key.epoch,
        keys=tuple(sorted({wrap(key.secret, reader, info) for reader in readers})),
        previous=key.seal_previous(previous, mimei) if previous is not None else None,
        by=author.public,
    )
    return KeyRing.decode(ring.signed(author).encode())


def open_rings(rings: Iterable[KeyRing], reader: SealKey) -> EpochKeys:
    """Return the keys that a MiMei's rings give `reader`: of its epochs, and of those before as far as rings go back.

    The rings' signatures and author have been checked. Raises: EpochKeyMissing: none of them is for this reader.
    """
    newest_first = sorted(rings, key=lambda ring: -ring.key_epoch)
    found: dict[int, EpochKey] = {}
    for ring in newest_first:
        key = found.get(ring.key_epoch) or ring.open(reader)
        if key is None:
            continue
        found[key.epoch] = key
        before = key.open_previous(ring.previous, ring.mimei) if ring.previous is not None else None
        if before is not None:
            found.setdefault(before.epoch, before)
    if not found:
        raise EpochKeyMissing(newest_first[0].key_epoch if newest_first else 0)
    return EpochKeys(found.values())


def _info(mimei: bytes, epoch: int) -> bytes:
    return b"leither/key-ring/1\0" + mimei + epoch.to_bytes(8)
