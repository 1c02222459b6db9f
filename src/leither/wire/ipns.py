"""IPNS records: under the name of a key, what that key says its newest content is.

    message IpnsRecord {
      bytes value = 1;  bytes signatureV1 = 2;  ValidityType validityType = 3;  bytes validity = 4;
      uint64 sequence = 5;  uint64 ttl = 6;  bytes pubKey = 7;  bytes signatureV2 = 8;  bytes data = 9;
    }

`data` is DAG-CBOR and says the same as the fields before it; the second signature is over it, and counts alone. Both
are written, because older readers look at the first. Source: specs.ipfs.tech/ipns/ipns-record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from leither import limits
from leither.codec import dagcbor
from leither.crypto import KeyPair, peer_id_bytes, peer_id_of, verify_bare
from leither.errors import PeerError
from leither.wire.moment import format_moment, parse_moment
from leither.wire.protobuf import BadProtobuf, bytes_field, fields, number_field

_V2_HEAD = b"ipns-signature:"
_EOL = 0
_NUMBERS = {3: "ValidityType", 5: "Sequence", 6: "TTL"}
_TEXTS = {1: "Value", 4: "Validity"}
_SIGNATURE_V2, _DATA = 8, 9
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_KEY_CID_HEAD = b"\x01\x72"


class BadIpnsRecord(PeerError):
    """A record under an IPNS name is malformed, forged or no longer valid."""

    code = "bad-ipns-record"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"a record that another node sent for an IPNS name {reason}; it is refused")


@dataclass(frozen=True, slots=True)
class IpnsRecord:
    """What a key says.

    value: a path such as `/ipfs/<cid>`. sequence: grows with each change. valid_until_ns: Unix time in nanoseconds.
    ttl_ns: for how long an answer may be kept before one asks again.
    """

    value: bytes
    sequence: int
    valid_until_ns: int
    ttl_ns: int

    @property
    def rank(self) -> tuple[int, int]:
        """Which of two records of one key is newer."""
        return self.sequence, self.valid_until_ns


def ipns_name(public_key: bytes) -> str:
    """Return the name of an Ed25519 key, as `ipfs name resolve` takes it: base36, begins with `k51qzi5uqu5d`."""
    number = int.from_bytes(_KEY_CID_HEAD + peer_id_bytes(peer_id_of(public_key)), "big")
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return "k" + text


def ipns_key(public_key: bytes) -> bytes:
    """Return the key in the DHT under which the records of an Ed25519 key stand."""
    return b"/ipns/" + peer_id_bytes(peer_id_of(public_key))


def sign_ipns(key: KeyPair, record: IpnsRecord) -> bytes:
    """Return the bytes of a record, signed."""
    validity = format_moment(record.valid_until_ns).encode("ascii")
    data = dagcbor.encode(
        {
            "Value": record.value,
            "Validity": validity,
            "ValidityType": _EOL,
            "Sequence": record.sequence,
            "TTL": record.ttl_ns,
        }
    )
    return b"".join(
        (
            bytes_field(1, record.value),
            bytes_field(2, key.sign_bare(record.value + validity + b"EOL")),
            b"\x18\x00",  # the validity's type is written although it is 0, as all writers do
            bytes_field(4, validity),
            number_field(5, record.sequence),
            number_field(6, record.ttl_ns),
            bytes_field(_SIGNATURE_V2, key.sign_bare(_V2_HEAD + data)),
            bytes_field(_DATA, data),
        )
    )


def read_ipns(public_key: bytes, message: bytes, *, now_ms: int) -> IpnsRecord:
    """Return what a record says that stands under the name of `public_key`. Raises: BadIpnsRecord."""
    if len(message) > limits.ROUTED_VALUE_BYTES_MAX:
        raise BadIpnsRecord(f"takes {len(message):,} bytes, more than {limits.ROUTED_VALUE_BYTES_MAX:,}")
    found = _fields_of(message)
    signature, data = found.get(_SIGNATURE_V2), found.get(_DATA)
    if not isinstance(signature, bytes) or not isinstance(data, bytes):
        raise BadIpnsRecord("lacks the signed data of version 2")
    if not verify_bare(public_key, _V2_HEAD + data, signature):
        raise BadIpnsRecord("is not signed by the key that the name stands for")
    record = _record_of(data, found)
    if record.valid_until_ns <= now_ms * 1_000_000:
        raise BadIpnsRecord("is no longer valid")
    return record


def _fields_of(message: bytes) -> dict[int, int | bytes]:
    try:
        return {
            number: value if isinstance(value, int) else bytes(value) for number, value in fields(memoryview(message))
        }
    except BadProtobuf as error:
        raise BadIpnsRecord(f"is malformed ({error.reason})") from None


def _record_of(data: bytes, outside: dict[int, int | bytes]) -> IpnsRecord:
    """Return what signed data says; where the fields outside say it too, they must say the same."""
    try:
        said = dagcbor.decode(data)
    except dagcbor.NotCanonical:
        raise BadIpnsRecord("holds data that is no canonical DAG-CBOR") from None
    if not isinstance(said, dict):
        raise BadIpnsRecord("holds data that is no map")
    for number, name in (_NUMBERS | _TEXTS).items():
        if number in outside and outside[number] != said.get(name):
            raise BadIpnsRecord(f"says another {name} outside its signed data than within")
    if said.get("ValidityType") != _EOL:
        raise BadIpnsRecord("is valid in a way that is not known")
    value, validity = _typed(said, "Value", bytes), _typed(said, "Validity", bytes)
    until_ns = parse_moment(validity)
    if until_ns is None:
        raise BadIpnsRecord("says no time until which it is valid")
    return IpnsRecord(value, _natural(said, "Sequence"), until_ns, _natural(said, "TTL"))


def _typed(said: dict[Any, Any], name: str, kind: type[bytes]) -> bytes:
    value = said.get(name)
    if not isinstance(value, kind):
        raise BadIpnsRecord(f"lacks its {name}")
    return value


def _natural(said: dict[Any, Any], name: str) -> int:
    value = said.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadIpnsRecord(f"lacks its {name}")
    return value
