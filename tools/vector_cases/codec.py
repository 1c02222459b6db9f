"""Canonical DAG-CBOR and CIDs."""

from leither import limits
from leither.codec import DAG_CBOR, DAG_PB, RAW, Cid, dagcbor
from tools.vector_cases.case import CID_LIKE, Case, cid, dag_json


def records() -> list[Case]:
    """Return values and their one form."""
    nested: object = 0
    for _ in range(limits.RECORD_DEPTH_MAX):
        nested = [nested]
    values: dict[str, object] = {
        "the empty map": {},
        "null, false and true": [None, False, True],
        "numbers where their form grows": [23, 24, 255, 256, 65535, 65536, (1 << 32) - 1, 1 << 32, (1 << 64) - 1],
        "negative numbers where their form grows": [-1, -24, -25, -256, -257, -(1 << 64)],
        "empty text and bytes": ["", b""],
        "text beyond ASCII, not normalized": ["é", "e\u0301", "\U0001f600"],
        "keys, shorter first, then in byte order": {"b": 0, "aa": 0, "ab": 0, "": 0},
        "links of the three codecs": [cid("block", codec) for codec in (RAW, DAG_PB, DAG_CBOR)],
        "the deepest nesting": nested,
    } | {f"bytes that look like {name} stay bytes": [data] for name, data in CID_LIKE.items()}
    made = {name: dagcbor.encode(value) for name, value in values.items()}
    return [{"name": name, "hex": data.hex(), "value": dag_json(dagcbor.decode(data))} for name, data in made.items()]


def bad_records() -> list[Case]:
    """Return bytes that are no form of any value a record may hold."""
    link = cid("block").hex()
    cases = {
        "nothing": "",
        "a number in a byte more than it needs": "1800",
        "a number in two bytes more": "190017",
        "a negative number in a byte more": "3800",
        "a length of bytes in a byte more": "580100",
        "a length of text in a byte more": "780161",
        "a length of an array in a byte more": "980100",
        "a length of a map in a byte more": "b801616100",
        "a tag in a byte more": f"d9002a582500{link}",
        "a half float": "f90000",
        "a single float": "fa00000000",
        "a double float": "fb0000000000000000",
        "not a number": "f97e00",
        "infinity": "f97c00",
        "undefined": "f7",
        "another simple value": "f0",
        "a simple value in two bytes": "f8ff",
        "a break outside": "ff",
        "an array of indefinite length": "9f00ff",
        "a map of indefinite length": "bf616100ff",
        "bytes of indefinite length": "5f4100ff",
        "text of indefinite length": "7f6161ff",
        "unsorted keys": "a2616200616100",
        "a longer key first": "a262616100616200",
        "a key twice": "a2616100616101",
        "a number as a key": "a10000",
        "bytes as a key": "a1410000",
        "an array as a key": "a18000",
        "bytes after the value": "0000",
        "text that is cut off": "6261",
        "an array that is cut off": "8200",
        "an array said to hold 2^64 - 1 items": "9bffffffffffffffff",
        "bytes said to be 2^63 - 1 long": "5b7fffffffffffffff",
        "a reserved length": "1c",
        "text that is not UTF-8": "61ff",
        "text with a surrogate": "63eda080",
        "tag 42 over text": "d82a6161",
        "tag 42 over no bytes": "d82a40",
        "a link without its zero byte": f"d82a5824{link}",
        "a link with another first byte": f"d82a582501{link}",
        "a link cut short": f"d82a582400{link[:-2]}",
        "a link to an identity CID": "d82a450001550000",
        "a link to a CIDv0": f"d82a58230012 20{'00' * 32}".replace(" ", ""),
        "a link to a SHA2-512 CID": f"d82a58450001711340{'00' * 64}",
        "tag 0, a date": "c074323031332d30332d32315432303a30343a30305a",
        "tag 2, a bignum": "c249010000000000000000",
        "tag 43": "d82b00",
        "tag 55799, CBOR's own": "d9d9f700",
        "tags 28 and 29, a value that holds itself": "d81c81d81d00",
        "tags 256 and 25, a string said twice": "d901008263616161d81900",
    }
    found: list[Case] = [{"name": name, "hex": data, "error": "not-canonical"} for name, data in cases.items()]
    repeated: dict[str, tuple[str, int, str, str]] = {
        "nested one deeper than the limit": ("81", limits.RECORD_DEPTH_MAX + 1, "00", "not-canonical"),
        "arrays nested 100,000 deep": ("81", 100_000, "00", "not-canonical"),
        "maps nested 100,000 deep": ("a16161", 100_000, "00", "not-canonical"),
        "links nested 100,000 deep": ("d82a", 100_000, "00", "not-canonical"),
        "a byte more than the largest record": ("00", limits.RECORD_BYTES_MAX + 1, "", "record-too-large"),
    }
    found += [
        {"name": name, "repeat": unit, "times": times, "then": then, "error": error}
        for name, (unit, times, then, error) in repeated.items()
    ]
    return found


def cids() -> list[Case]:
    """Return blocks and the names they get."""
    blocks = {"the empty raw block": (RAW, b""), "hello as raw": (RAW, b"hello")}
    blocks |= {"the empty dag-pb node": (DAG_PB, b""), "the empty map": (DAG_CBOR, b"\xa0")}
    found: list[Case] = [
        {
            "name": name,
            "codec": codec,
            "block": block.hex(),
            "hex": Cid.of(codec, block).hex(),
            "text": Cid.of(codec, block).text,
        }
        for name, (codec, block) in blocks.items()
    ]
    empty = Cid.of(DAG_PB, b"")
    text = "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n"
    found.append(
        {
            "name": "a CIDv0 is read as dag-pb",
            "codec": DAG_PB,
            "block": "",
            "hex": empty.hex(),
            "text": empty.text,
            "read_from": text,
        }
    )
    return found


def bad_cids() -> list[Case]:
    """Return texts and bytes that are taken for no CID."""
    good = Cid.of(RAW, b"")
    texts = {
        "empty": "",
        "upper case": "B" + good.text[1:].upper(),
        "lower-case prefix, upper-case rest": "b" + good.text[1:].upper(),
        "a stray bit in the last character": good.text[:-1] + "v",
        "cut short": good.text[:-1],
        "padded": good.text + "=",
        "a digit outside the alphabet": good.text[:-1] + "1",
        "a line's end behind it": good.text + "\n",
        "an identity CID": "bafkqaaa",
        "base58 multibase": "z" + good.text[1:],
        "a CIDv0 with a character outside the alphabet": "Qm" + "0" * 44,
        "a CIDv0 of another hash": "Qm" + "1" * 44,
        "longer than any": "b" + "a" * 200,
    }
    binary = {
        "no bytes": b"",
        "cut short": bytes(good)[:-1],
        "a byte too many": bytes(good) + b"\0",
        "a CIDv0": b"\x12\x20" + bytes(32),
        "version 2": b"\x02" + bytes(good)[1:],
        "another codec": b"\x01\x72" + bytes(good)[2:],
        "another hash": b"\x01\x55\x13" + bytes(good)[3:],
        "another length of the digest": b"\x01\x55\x12\x1f" + bytes(good)[4:],
        "an identity CID": b"\x01\x55\x00\x00",
    }
    found: list[Case] = [{"name": f"text: {name}", "text": text, "error": "not-a-cid"} for name, text in texts.items()]
    return found + [
        {"name": f"bytes: {name}", "hex": data.hex(), "error": "not-a-cid"} for name, data in binary.items()
    ]
