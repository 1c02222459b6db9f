"""What the cases share: keys, DAG-JSON, and records with a field changed."""

import base64
from typing import Any

from leither.codec import DAG_CBOR, Cid, dagcbor
from leither.crypto import KeyPair
from leither.mimei.record import Record

Case = dict[str, Any]
"""One case: `name`, what goes in, and what comes out or the code of the error."""

SEEDS = {name: bytes([number]) * 32 for number, name in enumerate(("author", "writer", "stranger"), start=1)}
AUTHOR, WRITER, STRANGER = (KeyPair(seed) for seed in SEEDS.values())
CID_LIKE = {
    "an identity CID": bytes.fromhex("01550000"),
    "a CIDv0": b"\x12\x20" + bytes(32),
    "a CIDv1": bytes(Cid.of(DAG_CBOR, b"\xa0")),
}


def cid(name: str, codec: int = DAG_CBOR) -> Cid:
    """Return the CID of a block that holds `name`: a link to nowhere."""
    return Cid.of(codec, name.encode())


def dag_json(value: object) -> object:
    """Return `value` as DAG-JSON has it: links and bytes in objects with the one member `/`."""
    match value:
        case dagcbor.BoxedLink(cid=target):
            return {"/": target.text}
        case bytes():
            return {"/": {"bytes": base64.b64encode(value).decode().rstrip("=")}}
        case dict():
            return {name: dag_json(item) for name, item in value.items()}
        case list():
            return [dag_json(item) for item in value]
        case _:
            return value


def valid(name: str, record: Record, **more: object) -> Case:
    """Return the case of a record that is read, signature and all."""
    data = record.encode()
    return {"name": name, "hex": data.hex(), "cid": record.cid.text, "value": dag_json(dagcbor.decode(data))} | more


def invalid(name: str, data: bytes, error: str, *, grammar: bool = True) -> Case:
    """Return the case of bytes that are refused. `grammar`: whether the CDDL refuses them too."""
    return {"name": name, "hex": data.hex(), "error": error, "refused_by_grammar": grammar}


def plain(record: Record) -> dict[str, Any]:
    """Return the fields of `record` as plain values."""
    found = dagcbor.decode(record.encode())
    assert isinstance(found, dict)
    return found


def changed(record: Record, **fields: object) -> bytes:
    """Return the canonical bytes of `record` with other fields; `...` takes one away."""
    return dagcbor.encode({name: value for name, value in (plain(record) | fields).items() if value is not ...})


def flipped(data: bytes, bit: int) -> bytes:
    """Return `data` with one bit turned over."""
    changed_bytes = bytearray(data)
    changed_bytes[bit // 8] ^= 1 << bit % 8
    return bytes(changed_bytes)
