"""Ids, keys, signatures, derivation; nothing here reads a clock or rolls dice."""

from leither.crypto.derive import hkdf
from leither.crypto.ids import ID_BYTES, KeyId, MimeiId, NotAnId, derive_id, id_text, key_id, mimei_id, parse_id
from leither.crypto.keys import KeyPair, map_salt, name_key, person_key, topic_salt, verify, verify_bare
from leither.crypto.peer_id import NotAPeerId, PeerId, parse_peer_id, peer_id_bytes, peer_id_of, peer_public_key
from leither.crypto.phrase import PhraseChecksum, PhraseLength, UnknownWord, read_phrase, write_phrase
from leither.crypto.public import NotAKey, key_text, parse_key, parse_reader, reader_text
from leither.crypto.seal import EpochKey, epoch_secret
from leither.crypto.seedfile import NotASeed, WrongPassphrase, open_seed, seal_seed
from leither.crypto.wrap import SealKey, is_seal_key, seal_key, wrap

__all__ = [
    "ID_BYTES",
    "EpochKey",
    "KeyId",
    "KeyPair",
    "MimeiId",
    "NotAKey",
    "NotAPeerId",
    "NotASeed",
    "NotAnId",
    "PeerId",
    "PhraseChecksum",
    "PhraseLength",
    "SealKey",
    "UnknownWord",
    "WrongPassphrase",
    "derive_id",
    "epoch_secret",
    "hkdf",
    "id_text",
    "is_seal_key",
    "key_id",
    "key_text",
    "map_salt",
    "mimei_id",
    "name_key",
    "open_seed",
    "parse_id",
    "parse_key",
    "parse_peer_id",
    "parse_reader",
    "peer_id_bytes",
    "peer_id_of",
    "peer_public_key",
    "person_key",
    "read_phrase",
    "reader_text",
    "seal_key",
    "seal_seed",
    "topic_salt",
    "verify",
    "verify_bare",
    "wrap",
    "write_phrase",
]
