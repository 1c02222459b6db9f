"""Fuzz the readers of records, entries, ids and addresses: any bytes are read and made again, or refused by name.

Run with `--runs N` for a short run; other arguments go to libFuzzer. Records begin as those of the vectors.
"""

from __future__ import annotations

import base64
import contextlib
import json
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["leither"]):
    from leither.codec import Cid, NotCanonical, RecordTooLarge, dagcbor
    from leither.codec.sealed import NotSealed, name_links, read, write_head
    from leither.crypto import EpochKey, NotASeed, WrongPassphrase, open_seed, parse_id, read_phrase
    from leither.errors import InputError, LeitherError
    from leither.mimei.address import parse_address
    from leither.mimei.control import Control
    from leither.mimei.draft import Draft
    from leither.mimei.entry import BadEntry, decode_count, decode_path_entry, decode_reference, encode_count
    from leither.mimei.export import Export, Shelf
    from leither.mimei.genesis import Genesis
    from leither.mimei.head import Head
    from leither.mimei.key_ring import KeyRing
    from leither.mimei.path import key_path, path_key
    from leither.mimei.record import BadSignature, NotARecord
    from leither.mimei.sealing import EpochKeyMissing, EpochKeys, SealBroken, pair_version
    from leither.mimei.tag import Tag, parse_tag
    from leither.mimei.version import Version
    from leither.people import (
        ChainBroken,
        ChainTooLong,
        Device,
        Grant,
        Presentation,
        Revocation,
        Successor,
        prove_chain,
        right,
    )
    from leither.people.passport import check_passport
    from leither.people.replays import MemoryReplays

KINDS = (
    Genesis,
    Control,
    Version,
    Draft,
    Head,
    KeyRing,
    Tag,
    Export,
    Shelf,
    Device,
    Revocation,
    Successor,
    Grant,
    Presentation,
)
UNSIGNED = (Genesis, Export, Shelf)
VECTORS = Path(__file__).parents[1] / "spec/vectors"
RECORDS = [
    bytes.fromhex(case["hex"])
    for kind in ("record", "sealed-block", *(kind.KIND for kind in KINDS), "grant-chain")
    for name in ("valid.json", "invalid.json")
    for case in json.loads((VECTORS / kind / name).read_text())
    if "hex" in case
]
PASSPORTS = [case["passport"] for case in json.loads((VECTORS / "passport" / "valid.json").read_text())]
TEXT_READERS = (parse_address, parse_id, parse_tag, right.parse, Cid.parse, read_phrase)
KEYS = EpochKeys([EpochKey(bytes(32), 0)])
CHEAP = b"LSEED1" + (1).to_bytes(4, "big") + (8).to_bytes(4, "big")
"""How a seed file begins that costs little to try."""


def check(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    record = provider.PickValueInList(RECORDS)
    shown = provider.PickValueInList(PASSPORTS)
    cut = provider.ConsumeIntInRange(0, len(record))
    resume = provider.ConsumeIntInRange(cut, len(record))
    text = provider.ConsumeUnicode(provider.ConsumeIntInRange(0, 80))
    rest = provider.ConsumeBytes(provider.remaining_bytes())
    check_record(record[:cut] + rest + record[resume:])
    check_chain(record[:cut] + rest + record[resume:])
    passport = base64.urlsafe_b64decode(shown)
    check_passports(passport[:cut] + rest + passport[resume:])
    check_sealed(record[:cut] + rest + record[resume:])
    check_entry(rest)
    check_text(text)
    with contextlib.suppress(NotASeed, WrongPassphrase):
        open_seed(CHEAP + rest, text)


def check_record(data: bytes) -> None:
    with contextlib.suppress(NotCanonical, RecordTooLarge):
        assert dagcbor.encode(dagcbor.decode(data)) == data
    for kind in KINDS:
        with contextlib.suppress(NotARecord, BadSignature):
            record = kind.decode(data)
            assert record.encode() == data
            if not isinstance(record, UNSIGNED):
                record.check()


def check_chain(data: bytes) -> None:
    with contextlib.suppress(NotARecord, BadSignature, ChainBroken, ChainTooLong):
        prove_chain(data)


def check_passports(data: bytes) -> None:
    passport = base64.urlsafe_b64encode(data).decode()
    with contextlib.suppress(LeitherError):
        check_passport(passport, node=bytes(32), now_ms=0, replays=MemoryReplays(since_ms=0))


def check_sealed(data: bytes) -> None:
    try:
        sealed = read(data)
    except NotSealed:
        return
    named = name_links(sealed.links, sealed.before)
    head = write_head(sealed.epoch, sealed.nonce, named, len(sealed.ciphertext))
    assert head + sealed.ciphertext == data
    with contextlib.suppress(EpochKeyMissing, SealBroken):
        pair_version(KEYS, Cid.of(0x71, data), sealed)


def check_entry(data: bytes) -> None:
    with contextlib.suppress(BadEntry):
        assert decode_path_entry(data).encode() == data
    with contextlib.suppress(BadEntry):
        assert path_key(key_path(data)) == data
    with contextlib.suppress(BadEntry):
        assert decode_reference(data).key == data
    with contextlib.suppress(BadEntry):
        assert encode_count(decode_count(data)) == data


def check_text(text: str) -> None:
    for read_text in TEXT_READERS:
        with contextlib.suppress(InputError):
            read_text(text)


def main() -> None:
    arguments = ["-runs=" + sys.argv[2], *sys.argv[3:]] if sys.argv[1:2] == ["--runs"] else sys.argv[1:]
    atheris.Setup([sys.argv[0], *arguments], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
