"""CIDs as addresses write them: CIDv0, or CIDv1 in any base in common use. Source: multiformats/multibase."""

import base64

from leither.codec import Cid, NotACid
from leither.codec.foreign import AnyCid, parse_binary
from leither.codec.varint import BadVarint

_TEXT_MAX = 512
_ALPHABETS = {
    "k": "0123456789abcdefghijklmnopqrstuvwxyz",
    "K": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "z": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
}


def parse_cid(text: str) -> AnyCid:
    """Return the CID written in `text`. Raises: NotACid."""
    if len(text) > _TEXT_MAX:
        raise NotACid(text, "longer than any CID")
    if len(text) == 46 and text.startswith("Qm"):
        return Cid.parse(text)
    try:
        return parse_binary(_bytes(text))
    except BadVarint as error:
        raise NotACid(text, error.reason) from None
    except ValueError:
        raise NotACid(text, "not in the base its first character names") from None


def cid_text(cid: AnyCid) -> str:
    """Return the CID in base32, the form addresses and headers use, whatever its hash."""
    return "b" + base64.b32encode(cid).decode("ascii").rstrip("=").lower()


def _bytes(text: str) -> bytes:
    base, body = text[:1], text[1:]
    if base in ("b", "B") and body == (body.lower() if base == "b" else body.upper()):
        return base64.b32decode(body.upper() + "=" * (-len(body) % 8))
    if base in ("f", "F"):
        return bytes.fromhex(body)
    if base == "u":
        return base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    alphabet = _ALPHABETS.get(base)
    if alphabet is None:
        raise NotACid(text, "an unknown base")
    number = 0
    for char in body:
        number = number * len(alphabet) + alphabet.index(char)
    zeros = len(body) - len(body.lstrip(alphabet[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
