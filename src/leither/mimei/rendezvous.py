"""Under which key the holders of a MiMei say in the DHT that they have it. Bytes: spec/format/ids.md."""

import hmac

from leither.codec import RAW, Cid
from leither.crypto import MimeiId, hkdf

_PREFIX = b"/leither/mimei/"


def rendezvous(mimei: MimeiId) -> Cid:
    """Return the key of a public MiMei: who knows its id finds its holders."""
    return Cid.of(RAW, _PREFIX + mimei)


def private_rendezvous(read_key: bytes, mimei: MimeiId) -> Cid:
    """Return the key of a private MiMei: who can't read it can't tell of which MiMei the key is.

    Args: read_key: the key of its first epoch, 32 bytes.
    """
    secret = hkdf(read_key, purpose="leither/rendezvous/1")
    return Cid.from_digest(RAW, hmac.digest(secret, _PREFIX + mimei, "sha256"))
