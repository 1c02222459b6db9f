"""Ids, keys, signatures, derivation; nothing here reads a clock or rolls dice."""

from leither.crypto.derive import hkdf
from leither.crypto.ids import ID_BYTES, KeyId, MimeiId, NotAnId, derive_id, id_text, key_id, mimei_id, parse_id
from leither.crypto.keys import KeyPair, map_salt, person_key, verify
from leither.crypto.seedfile import NotASeed, WrongPassphrase, open_seed, seal_seed

__all__ = [
    "ID_BYTES",
    "KeyId",
    "KeyPair",
    "MimeiId",
    "NotASeed",
    "NotAnId",
    "WrongPassphrase",
    "derive_id",
    "hkdf",
    "id_text",
    "key_id",
    "map_salt",
    "mimei_id",
    "open_seed",
    "parse_id",
    "person_key",
    "seal_seed",
    "verify",
]
