"""The vectors of the records: made from their cases, read as they say, and judged alike by the grammar."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cbor2
import pycddl  # type: ignore[import-untyped]
import pytest

from leither.codec import Cid, dagcbor
from leither.crypto import (
    KeyPair,
    MimeiId,
    epoch_secret,
    hkdf,
    id_text,
    key_id,
    map_salt,
    mimei_id,
    name_key,
    open_seed,
    parse_id,
    person_key,
    seal_key,
    seal_seed,
    topic_salt,
)
from leither.errors import LeitherError
from leither.mimei.address import parse_address
from leither.mimei.contents import Contents
from leither.mimei.control import Control
from leither.mimei.draft import Draft
from leither.mimei.entry import (
    EntryType,
    PathEntry,
    decode_count,
    decode_path_entry,
    decode_reference,
    encode_count,
)
from leither.mimei.export import Export, Shelf
from leither.mimei.genesis import Genesis
from leither.mimei.head import Head
from leither.mimei.key_ring import KeyRing
from leither.mimei.path import key_path, path_key
from leither.mimei.record import Record, SignedRecord
from leither.mimei.rendezvous import private_rendezvous, rendezvous
from leither.mimei.tag import Tag
from leither.mimei.version import Version
from leither.people import right as rights
from leither.people.device import Device, Revocation
from leither.people.erasure import Erasure
from leither.people.grant import Grant
from leither.people.presentation import Presentation
from leither.people.successor import Successor
from tools import vectors
from tools.vector_cases.case import dag_json

SPEC = Path(__file__).parents[3] / "spec"
PEOPLE = (Device, Revocation, Successor, Erasure, Grant, Presentation)
KINDS: dict[str, type[Record]] = {
    kind.KIND: kind for kind in (Genesis, Control, Version, Draft, Head, KeyRing, Tag, Export, Shelf, *PEOPLE)
}
_FORMS = {"version": ("signed-version", "merge"), "draft": ("signed-draft", "draft-merge")}
Case = dict[str, Any]


def cases(name: str, kind: str) -> list[Case]:
    found: list[Case] = json.loads((SPEC / "vectors" / name / f"{kind}.json").read_text("utf-8"))
    return found


def each(kind: str, *names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("name", "case"),
        [pytest.param(name, case, id=f"{name}: {case['name']}") for name in names for case in cases(name, kind)],
    )


def grammar(name: str) -> pycddl.Schema:
    return pycddl.Schema((SPEC / "format" / f"{name}.cddl").read_text("utf-8"))


def record_grammar(name: str, data: bytes) -> pycddl.Schema:
    """The grammar of a kind; of two forms that of `data`, as the validator is lax in choices of maps."""
    signed, merge = _FORMS.get(name, (name, name))
    rule = signed if b"\x62by\x58\x20" in data else merge
    rules = [(SPEC / "format" / f"{part}.cddl").read_text("utf-8") for part in (name, "record")]
    return pycddl.Schema(f"given = {rule}\n" + "".join(rules))


def accepts(schema: pycddl.Schema, data: bytes) -> bool:
    try:
        schema.validate_cbor(data)
    except pycddl.ValidationError:
        return False
    return True


def error_code(read: Callable[[], object]) -> str:
    with pytest.raises(LeitherError) as caught:
        read()
    return caught.value.code


def data_of(case: Case) -> bytes:
    if "repeat" in case:
        return bytes.fromhex(case["repeat"]) * int(case["times"]) + bytes.fromhex(case["then"])
    return bytes.fromhex(str(case["hex"]))


def read_record(name: str, data: bytes) -> Record:
    record = KINDS[name].decode(data)
    return record.check() if isinstance(record, SignedRecord | Contents) else record


def test_every_vector_is_what_its_case_makes() -> None:
    assert {name: (SPEC.parent / name).read_text("utf-8") for name in vectors.files()} == vectors.files()


def test_every_case_has_a_name_of_its_own() -> None:
    for name in vectors.FORMATS:
        for kind in ("valid", "invalid"):
            names = [case["name"] for case in cases(name, kind)]
            assert len(names) == len(set(names)), (name, kind)


@each("valid", *KINDS)
def test_a_valid_record_is_read_and_made_again(name: str, case: Case) -> None:
    data = data_of(case)
    record = read_record(name, data)
    assert (record.encode(), record.cid.text) == (data, case["cid"])
    assert dag_json(dagcbor.decode(data)) == case["value"]


@each("valid", *KINDS)
def test_the_grammar_accepts_a_valid_record(name: str, case: Case) -> None:
    assert accepts(record_grammar(name, data_of(case)), data_of(case))


@each(
    "valid", "control", "version", "draft", "head", "key-ring", "tag", "device", "revocation", "grant", "presentation"
)
def test_a_signature_is_made_again_from_its_seed(name: str, case: Case) -> None:
    record = read_record(name, data_of(case))
    assert isinstance(record, SignedRecord | Contents)
    if case["signer_seed"] is None:
        assert record.sig is None
    else:
        assert record.signed(KeyPair(bytes.fromhex(case["signer_seed"]))) == record


@each("valid", "successor")
def test_a_successor_is_made_again_from_both_seeds(name: str, case: Case) -> None:
    record = read_record(name, data_of(case))
    assert isinstance(record, Successor)
    old, new = (KeyPair(bytes.fromhex(case[seed])) for seed in ("signer_seed", "new_seed"))
    assert Successor.make(old, new, at=record.at) == record


@each("valid", "genesis")
def test_a_genesis_gives_its_id(name: str, case: Case) -> None:
    genesis = Genesis.decode(data_of(case))
    assert (genesis.id.hex(), genesis.id_text) == (case["id"], case["id_text"])


@each("invalid", *KINDS)
def test_an_invalid_record_is_refused_with_its_code(name: str, case: Case) -> None:
    assert error_code(lambda: read_record(name, data_of(case))) == case["error"]


@each("invalid", *KINDS)
def test_the_grammar_refuses_what_it_can_see(name: str, case: Case) -> None:
    assert accepts(record_grammar(name, data_of(case)), data_of(case)) is not case["refused_by_grammar"]


@each("valid", "record")
def test_a_valid_value_is_read_and_made_again(name: str, case: Case) -> None:
    value: Any = dagcbor.decode(data_of(case))
    assert dagcbor.encode(value) == data_of(case)
    assert dag_json(value) == case["value"]


@each("invalid", "record")
def test_an_invalid_value_is_refused_with_its_code(name: str, case: Case) -> None:
    assert error_code(lambda: dagcbor.decode(data_of(case))) == case["error"]


def test_the_shared_grammar_accepts_a_record_of_any_kind() -> None:
    schema = pycddl.Schema((SPEC / "format" / "record.cddl").read_text("utf-8"))
    assert all(accepts(schema, data_of(case)) for name in KINDS for case in cases(name, "valid"))
    others: list[object] = [{}, [], {"v": 1}, {"v": 2, "kind": "tag"}]
    assert not any(accepts(schema, cbor2.dumps(value)) for value in others)


@each("valid", "cid")
def test_a_cid_names_its_block(name: str, case: Case) -> None:
    cid = Cid.of(case["codec"], bytes.fromhex(case["block"]))
    assert (cid.hex(), cid.text) == (case["hex"], case["text"])
    assert cid == Cid.parse(case["read_from"] if "read_from" in case else case["text"]) == Cid.read(data_of(case))
    assert accepts(grammar("cid"), cbor2.dumps(data_of(case)))
    assert accepts(grammar("cid"), dagcbor.encode(cid))


@each("invalid", "cid")
def test_an_invalid_cid_is_refused_with_its_code(name: str, case: Case) -> None:
    read = (lambda: Cid.parse(case["text"])) if "text" in case else (lambda: Cid.read(data_of(case)))
    assert error_code(read) == case["error"]


@each("valid", "entry")
def test_a_path_entry_is_read_and_made_again(name: str, case: Case) -> None:
    key, value, told = bytes.fromhex(case["key"]), bytes.fromhex(case["value"]), case["entry"]
    path = tuple(case["path"])
    entry = PathEntry(
        type=EntryType[told["type"].upper()],
        mode=told["mode"],
        mtime_ms=told["mtime_ms"],
        cid=Cid.parse(told["cid"]) if "cid" in told else None,
        size_bytes=told.get("size_bytes", 0),
        target=told.get("target", ""),
        mimei=bytes.fromhex(told["mimei"]) if "mimei" in told else None,  # type: ignore[arg-type]
        version=Cid.parse(told["version"]) if told.get("version") else None,
    )
    assert (key_path(key), path_key(path)) == (path, key)
    assert (decode_path_entry(value), entry.encode()) == (entry, value)
    assert accepts(grammar("entry"), cbor2.dumps({"key": key, "value": value}))


@each("invalid", "entry")
def test_an_invalid_path_entry_is_refused_with_its_code(name: str, case: Case) -> None:
    if "key" in case:
        assert error_code(lambda: key_path(bytes.fromhex(case["key"]))) == case["error"]
    else:
        assert error_code(lambda: decode_path_entry(bytes.fromhex(case["value"]))) == case["error"]


@each("valid", "reference")
def test_a_reference_is_read_and_made_again(name: str, case: Case) -> None:
    key, value = bytes.fromhex(case["key"]), bytes.fromhex(case["value"])
    reference = decode_reference(key)
    assert (reference.key, encode_count(decode_count(value)), decode_count(value)) == (key, value, case["count"])
    shown = reference.version.text if reference.version else None
    assert (reference.mimei.hex(), shown) == (case["mimei"], case["version"])
    assert accepts(grammar("reference"), cbor2.dumps({"key": key, "value": value}))


@each("invalid", "reference")
def test_an_invalid_reference_is_refused_with_its_code(name: str, case: Case) -> None:
    if "key" in case:
        assert error_code(lambda: decode_reference(bytes.fromhex(case["key"]))) == case["error"]
    else:
        assert error_code(lambda: decode_count(bytes.fromhex(case["value"]))) == case["error"]


@each("valid", "ids")
def test_an_id_is_derived_and_written(name: str, case: Case) -> None:
    raw = bytes.fromhex(case["id"])
    assert (id_text(raw), parse_id(case["text"])) == (case["text"], raw)
    if "public_key" in case:
        assert key_id(bytes.fromhex(case["public_key"])) == raw
    if "genesis" in case:
        assert mimei_id(bytes.fromhex(case["genesis"])) == raw
    assert accepts(grammar("ids"), cbor2.dumps(raw))
    assert accepts(grammar("ids"), cbor2.dumps(case["text"]))


def test_what_a_seed_gives() -> None:
    (case,) = (case for case in cases("ids", "valid") if "seed" in case)
    seed = bytes.fromhex(case["seed"])
    assert person_key(seed).public.hex() == case["public_key"]
    assert hkdf(seed, purpose="leither/person/1").hex() == case["person_key_seed"]
    mimei = MimeiId(bytes.fromhex(case["mimei"]))
    assert map_salt(seed, mimei).hex() == case["map_salt"]
    assert topic_salt(seed, b"\xa0").hex() == case["topic_salt"]
    assert seal_key(seed).public.hex() == case["seal_public_key"]
    assert [epoch_secret(seed, mimei, epoch).hex() for epoch in (0, 1)] == case["epoch_keys"]
    assert name_key(seed, mimei).public.hex() == case["ipns_public_key"]
    assert rendezvous(mimei).text == case["rendezvous"]
    assert private_rendezvous(epoch_secret(seed, mimei, 0), mimei).text == case["private_rendezvous"]


@each("invalid", "ids")
def test_an_invalid_id_is_refused_with_its_code(name: str, case: Case) -> None:
    assert error_code(lambda: parse_id(case["text"])) == case["error"]
    assert not accepts(grammar("ids"), cbor2.dumps(case["text"]))


@each("valid", "seedfile")
def test_an_encrypted_seed_is_opened_and_made_again(name: str, case: Case) -> None:
    sealed, seed = data_of(case), bytes.fromhex(case["seed"])
    assert open_seed(sealed, case["passphrase"]) == seed
    costs = {"ops": case["ops"], "memory_kib": case["memory_kib"]}
    assert seal_seed(seed, case["passphrase"], salt=sealed[14:30], nonce=sealed[30:42], **costs) == sealed
    assert accepts(grammar("seedfile"), cbor2.dumps(sealed))


@each("invalid", "seedfile")
def test_an_invalid_seed_is_refused_with_its_code(name: str, case: Case) -> None:
    assert error_code(lambda: open_seed(data_of(case), case["passphrase"])) == case["error"]


@each("valid", "right")
def test_a_right_is_read_and_shown(name: str, case: Case) -> None:
    assert rights.parse(case["text"]) == rights.check(case["right"]) == rights.parse(case["canonical"])
    assert rights.text(case["right"]) == case["canonical"]


@each("invalid", "right")
def test_an_invalid_right_is_refused_with_its_code(name: str, case: Case) -> None:
    if "text" in case:
        assert error_code(lambda: rights.parse(case["text"])) == case["error"]
    else:
        assert error_code(lambda: rights.check(case["right"])) == case["error"]


@each("valid", "address")
def test_an_address_is_read(name: str, case: Case) -> None:
    address = parse_address(case["text"], separator=case["separator"])
    shown = address.version.text if isinstance(address.version, Cid) else address.version
    assert (address.id.hex(), shown) == (case["id"], case["version"])


@each("invalid", "address")
def test_an_invalid_address_is_refused_with_its_code(name: str, case: Case) -> None:
    assert error_code(lambda: parse_address(case["text"])) == case["error"]


@each("invalid", "reserved")
def test_a_reserved_kind_is_read_as_no_record_there_is(name: str, case: Case) -> None:
    assert {error_code(partial(kind.decode, data_of(case))) for kind in KINDS.values()} == {case["error"]}
    assert accepts(grammar("reserved"), data_of(case)) is case["refused_by_grammar"]


def test_no_record_there_is_has_a_reserved_kind() -> None:
    assert not KINDS.keys() & {case["kind"] for case in cases("reserved", "valid")}
