"""Ids, derived keys, encrypted seeds, rights and addresses."""

import hashlib
import itertools
import struct
from collections.abc import Iterator

from leither import limits
from leither.codec import DAG_CBOR, Cid
from leither.crypto import (
    KeyPair,
    epoch_secret,
    hkdf,
    id_text,
    key_id,
    map_salt,
    mimei_id,
    name_key,
    open_seed,
    person_key,
    seal_key,
    seal_seed,
    topic_salt,
    write_phrase,
)
from leither.mimei.address import parse_address
from leither.mimei.rendezvous import private_rendezvous, rendezvous
from leither.people import right
from tools.vector_cases.case import SEEDS, Case, flipped

_SEED, _SALT, _NONCE = bytes(range(32)), bytes(range(100, 116)), bytes(range(200, 212))
_NAME = id_text(bytes(range(20)))
_VERSION = Cid.of(DAG_CBOR, b"version")


def ids() -> list[Case]:
    """Return ids of keys and of genesis bytes, and what is derived from a seed."""
    found: list[Case] = []
    for name, seed in SEEDS.items():
        public = KeyPair(seed).public
        found.append(
            {
                "name": f"key of the {name}",
                "public_key": public.hex(),
                "id": key_id(public).hex(),
                "text": id_text(key_id(public)),
            }
        )
    genesis = mimei_id(b"\xa0")
    found.append({"name": "genesis bytes", "genesis": "a0", "id": genesis.hex(), "text": id_text(genesis)})
    found += [
        {"name": f"{name} bits", "id": raw.hex(), "text": id_text(raw)}
        for name, raw in (("no", bytes(20)), ("all", b"\xff" * 20))
    ]
    person = person_key(_SEED)
    found.append(
        {
            "name": "what a seed gives",
            "seed": _SEED.hex(),
            "person_key_seed": hkdf(_SEED, purpose="leither/person/1").hex(),
            "public_key": person.public.hex(),
            "id": person.id.hex(),
            "text": id_text(person.id),
            "mimei": genesis.hex(),
            "map_salt": map_salt(_SEED, genesis).hex(),
            "topic_salt": topic_salt(_SEED, b"\xa0").hex(),
            "seal_public_key": seal_key(_SEED).public.hex(),
            "epoch_keys": [epoch_secret(_SEED, genesis, epoch).hex() for epoch in (0, 1)],
            "ipns_public_key": name_key(_SEED, genesis).public.hex(),
            "rendezvous": rendezvous(genesis).text,
            "private_rendezvous": private_rendezvous(epoch_secret(_SEED, genesis, 0), genesis).text,
        }
    )
    return found


def bad_ids() -> list[Case]:
    """Return texts that are no id."""
    texts = {
        "empty": "",
        "31 characters": "a" * 31,
        "33 characters": "a" * 33,
        "upper case": "A" * 32,
        "a digit outside the alphabet": "a" * 31 + "1",
        "padded": "a" * 31 + "=",
        "a line's end behind it": "a" * 32 + "\n",
        "a letter that upper case makes an I": "\u0131" * 32,
    }
    return [{"name": name, "text": text, "error": "not-an-id"} for name, text in texts.items()]


def phrases() -> list[Case]:
    """Return seeds with their words."""
    seeds = {
        "zeros": bytes(32),
        "all bits": b"\xff" * 32,
        "every word of its own": _SEED,
        "a checksum of zeros": next(seed for seed in _counting() if hashlib.sha256(seed).digest()[0] == 0),
    }
    return [{"name": name, "seed": seed.hex(), "phrase": write_phrase(seed)} for name, seed in seeds.items()]


def bad_phrases() -> list[Case]:
    """Return words that give no seed."""
    words = write_phrase(_SEED).split()
    swapped = [words[1], words[0], *words[2:]]
    texts = {
        "no words": ("", "phrase-length"),
        "a word too few": (" ".join(words[:-1]), "phrase-length"),
        "a word too many": (" ".join([*words, words[0]]), "phrase-length"),
        "twelve words that are a phrase of 16 bytes": ("abandon " * 11 + "about", "phrase-length"),
        "a word that is in no list": (" ".join([*words[:5], "leither", *words[6:]]), "phrase-word"),
        "the first four letters of a word": (" ".join([words[0][:4], *words[1:]]), "phrase-word"),
        "words joined by hyphens": ("-".join(words), "phrase-length"),
        "two words that changed places": (" ".join(swapped), "phrase-checksum"),
        "another last word": (" ".join([*words[:-1], "abandon"]), "phrase-checksum"),
    }
    return [{"name": name, "phrase": text, "error": error} for name, (text, error) in texts.items()]


def _counting() -> Iterator[bytes]:
    return (number.to_bytes(32) for number in itertools.count())


def seedfiles() -> list[Case]:
    """Return encrypted seeds: one at the full cost, the others at the least."""
    cases = {
        "at the cost of a new file": ("correct horse battery staple", 3, 64 * 1024),
        "an empty passphrase": ("", 1, 8),
        "a composed accent": ("caf\u00e9", 1, 8),
        "a decomposed accent, the same passphrase": ("cafe\u0301", 1, 8),
        "another cost": ("密码", 4, 1024),
    }
    made = []
    for name, (passphrase, ops, memory_kib) in cases.items():
        sealed = seal_seed(_SEED, passphrase, salt=_SALT, nonce=_NONCE, ops=ops, memory_kib=memory_kib)
        assert open_seed(sealed, passphrase) == _SEED
        made.append(
            {
                "name": name,
                "passphrase": passphrase,
                "hex": sealed.hex(),
                "seed": _SEED.hex(),
                "ops": ops,
                "memory_kib": memory_kib,
            }
        )
    return made


def bad_seedfiles() -> list[Case]:
    """Return files that don't open, each with the passphrase that was tried."""
    good = seal_seed(_SEED, "passphrase", salt=_SALT, nonce=_NONCE, ops=1, memory_kib=8)
    found: list[Case] = [
        {"name": "another passphrase", "passphrase": "Passphrase", "hex": good.hex(), "error": "wrong-passphrase"}
    ]
    wrong = {
        "a bit of the salt": flipped(good, 14 * 8),
        "a bit of the nonce": flipped(good, 30 * 8),
        "a bit of the ciphertext": flipped(good, 42 * 8),
        "a bit of the tag": flipped(good, 89 * 8 + 7),
        "another cost, which is signed for too": good[:6] + struct.pack(">II", 2, 8) + good[14:],
    }
    bad = {
        "no bytes": b"",
        "a byte short": good[:-1],
        "a byte too many": good + b"\0",
        "another format": b"LSEED2" + good[6:],
    } | {
        f"{ops:,} passes over {memory_kib:,} KiB": good[:6] + struct.pack(">II", ops, memory_kib) + good[14:]
        for ops, memory_kib in (
            (0, 8),
            (limits.SEED_OPS_MAX + 1, 8),
            (0xFFFFFFFF, 8),
            (1, 7),
            (1, limits.SEED_MEMORY_KIB_MAX + 1),
            (1, 0xFFFFFFFF),
        )
    }
    for error, cases in (("wrong-passphrase", wrong), ("not-a-seed", bad)):
        found += [
            {"name": name, "passphrase": "passphrase", "hex": data.hex(), "error": error}
            for name, data in cases.items()
        ]
    return found


def rights() -> list[Case]:
    """Return rights as numbers and as text; `canonical` is the text that the number is shown as."""
    texts = [
        "private",
        "",
        "everyone=read-release",
        "everyone=read-cur,read-versions,read-release",
        "everyone=fork,tag everyone=tag",
        "members=write,backup",
        "members=share everyone=read-release,release",
    ]
    return [
        {"name": text or "empty", "text": text, "right": right.parse(text), "canonical": right.text(right.parse(text))}
        for text in texts
    ]


def bad_rights() -> list[Case]:
    """Return texts and numbers that are no right."""
    texts = ["everyone", "nobody=tag", "everyone=read", "everyone=TAG", "everyone=tag,fly", "private everyone=tag"]
    numbers = [1 << 9, 1 << 15, 1 << 25, 1 << 32, 1 << 63]
    found: list[Case] = [{"name": text, "text": text, "error": "not-a-right"} for text in texts]
    return found + [
        {"name": f"bit {number.bit_length() - 1}", "right": number, "error": "not-a-right"} for number in numbers
    ]


def addresses() -> list[Case]:
    """Return addresses and what they name; the version is null, a name, a number, or a CID."""
    versions = ["", "@cur", "@last", "@release", "@0", "@12", "@" + "9" * 18, f"@{_VERSION}"]
    found: list[Case] = []
    for version in versions:
        address = parse_address(_NAME + version)
        shown = address.version.text if isinstance(address.version, Cid) else address.version
        found.append(
            {
                "name": version or "no version",
                "text": _NAME + version,
                "separator": "@",
                "id": address.id.hex(),
                "version": shown,
            }
        )
    found.append(
        {
            "name": "a dot where @ is taken",
            "text": f"{_NAME}.3",
            "separator": ".",
            "id": bytes(range(20)).hex(),
            "version": 3,
        }
    )
    return found


def bad_addresses() -> list[Case]:
    """Return texts that name no MiMei, or no version."""
    versions = [
        "@",
        "@Cur",
        "@latest",
        "@-1",
        "@+1",
        "@1.0",
        "@007",
        "@1_0",
        "@ 1",
        "@\u0663",
        "@" + "9" * 19,
        "@3@4",
        f"@{_VERSION.text[:-1]}",
        ".3",
        " ",
    ]
    texts = ["", "cur", _NAME[:-1], _NAME.upper()] + [_NAME + version for version in versions]
    return [{"name": ascii(text), "text": text, "error": "not-an-address"} for text in texts]
