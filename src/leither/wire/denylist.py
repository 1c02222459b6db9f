"""Denylists: what a node gives to nobody and resolves for nobody, as its owner or others have written it down.

    /ipfs/CID          the block of that hash, whatever the CID's codec
    /ipfs/CID/PATH     the path; with * at the end, every path that begins so
    /ipns/NAME[/PATH]  a name: a key, by its multihash, or a domain
    //HASH             the hash of one of these, so that the list is no directory of what it denies
    !RULE              an exception from a rule before it

The last rule that matches counts. Source: specs.ipfs.tech/compact-denylist-format, version 1. Of its hints nothing is
used. Hashes by other functions than SHA2-256 are counted as unread, as are lines that are no rule.
"""

import hashlib
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from leither import limits
from leither.codec import Cid, NotACid, varint
from leither.codec.cid_text import cid_text, parse_cid
from leither.codec.foreign import AnyCid
from leither.crypto.base58 import base58, parse_base58
from leither.errors import InputError

_VERSION = re.compile(rb"^version\s*:\s*[\"']?([^\s\"'#]+)", re.MULTILINE)
_SHA2_256 = b"\x12\x20"
_HASH_BYTES = 16
"""Of each hashed rule this much is kept. To be mistaken for one, something would have to agree with it in 128 bits."""
_MULTIHASH_TEXT_MAX = 256
_EXCEPTIONS = ("!", "+", "-")
"""The specification has the first; the program it comes from reads the others as well."""


class BadDenylist(InputError):
    """A file is no denylist that can be read."""

    code = "bad-denylist"

    def __init__(self, file: str, reason: str) -> None:
        self.file = file
        self.reason = reason
        super().__init__(f"denylist {file} is not used: {reason}; mend it, or take it away")


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a line says of the paths below a hash or name. `begins`: of all paths that begin like `path`."""

    turn: int
    denies: bool
    path: str
    begins: bool

    def matches(self, path: str) -> bool:
        return path.startswith(self.path) if self.begins else path == self.path


@dataclass(slots=True)
class Denylist:
    """The rules of all lists together; they don't change.

    Fields: generation: by which who holds answers tells one from another. unread: (file, line) of what could not be
    read, the first few.
    """

    _by_hash: dict[bytes, list[_Rule]] = field(default_factory=dict, repr=False)
    _by_domain: dict[str, list[_Rule]] = field(default_factory=dict, repr=False)
    _hashed: bytes = field(default=b"", repr=False)
    _hashed_turns: Sequence[int] = field(default=(), repr=False)
    generation: int = 0
    rules: int = 0
    unread_count: int = 0
    unread: list[tuple[str, int]] = field(default_factory=list)

    def denies(self, cid: AnyCid, path: Sequence[str] = ()) -> bool:
        """Tell whether what a CID names, or stands at a path below it, is to be given to nobody."""
        if not self.rules:
            return False
        multihash, below = _multihash(cid), "/".join(path)
        turn, denied = self._last(self._by_hash.get(multihash, ()), below)
        if self._hashed:
            # Source: section "Double-hash"; the second form is the legacy one, which hashes the CID as it is.
            plain = base58(multihash) + (f"/{below}" if below else "")
            for said in (plain, f"{cid_text(cid)}/{below}"):
                turn, denied = max((turn, denied), self._hashed_rule(said))
        return denied

    def denies_name(self, name: str, path: Sequence[str] = ()) -> bool:
        """Tell whether an IPNS name, a key or a domain, is not to be resolved."""
        if not self.rules:
            return False
        key, below = _name_key(name), "/".join(path)
        rules = self._by_domain.get(name.lower(), ()) if key is None else self._by_hash.get(b"/ipns/" + key, ())
        turn, denied = self._last(rules, below)
        if self._hashed:
            plain = f"/ipns/{name.lower()}" if key is None else base58(key)
            legacy = f"{name.lower()}/{below}" if key is None else f"{_key_text(key)}/{below}"
            for said in (plain + (f"/{below}" if below else ""), legacy):
                turn, denied = max((turn, denied), self._hashed_rule(said))
        return denied

    def _last(self, rules: Iterable[_Rule], path: str) -> tuple[int, bool]:
        return max(((rule.turn, rule.denies) for rule in rules if rule.matches(path)), default=(0, False))

    def _hashed_rule(self, said: str) -> tuple[int, bool]:
        digest = hashlib.sha256(said.encode()).digest()[:_HASH_BYTES]
        hashed = self._hashed
        count = len(self._hashed_turns)
        # Rules of one hash stand side by side, earlier ones first.
        after = bisect_left(
            range(count), True, key=lambda at: hashed[at * _HASH_BYTES : (at + 1) * _HASH_BYTES] > digest
        )
        last = after - 1
        if last < 0 or hashed[last * _HASH_BYTES : after * _HASH_BYTES] != digest:
            return 0, False
        turn = self._hashed_turns[last]
        return abs(turn), turn > 0


def read_denylists(files: Iterable[tuple[str, bytes]]) -> Denylist:
    """Return what lists say together: (name, bytes) in the order in which they count, the last one most.

    Raises: BadDenylist: a version that is not known, a line or a list that is too long.
    """
    reading = _Reading()
    for name, data in files:
        reading.file(name, data)
    return reading.done()


class _Reading:
    """Rules as they are read."""

    def __init__(self) -> None:
        self._list = Denylist()
        self._digests = bytearray()
        self._turns = array("q")

    def file(self, name: str, data: bytes) -> None:
        """Read one list."""
        header, body, first = _split(data)
        version = _VERSION.search(header)
        if version is not None and version[1] != b"1":
            raise BadDenylist(name, f"it is of version {version[1].decode(errors='replace')[:20]}, and 1 is known")
        start, number = body, first
        while start < len(data):
            stop = data.find(b"\n", start)
            stop = len(data) if stop < 0 else stop
            if stop - start > limits.DENY_LINE_BYTES_MAX:
                raise BadDenylist(name, f"line {number:,} is longer than {limits.DENY_LINE_BYTES_MAX:,} bytes")
            self._line(name, number, data[start:stop])
            start, number = stop + 1, number + 1
            if self._list.rules > limits.DENY_RULES_MAX:
                raise BadDenylist(name, f"with it there are more than {limits.DENY_RULES_MAX:,} rules")

    def done(self) -> Denylist:
        """Return the rules, hashed ones in order."""
        digests = bytes(self._digests)
        order = sorted(range(len(self._turns)), key=lambda at: (digests[at * _HASH_BYTES : (at + 1) * _HASH_BYTES], at))
        self._list._hashed = b"".join(digests[at * _HASH_BYTES : (at + 1) * _HASH_BYTES] for at in order)
        self._list._hashed_turns = array("q", (self._turns[at] for at in order))
        return self._list

    def _line(self, file: str, number: int, line: bytes) -> None:
        words = line.split(None, 1)
        if not words or words[0].startswith(b"#"):
            return
        try:
            rule = words[0].decode()
            self._rule(rule.lstrip("!+-") if rule.startswith(_EXCEPTIONS) else rule, rule.startswith(_EXCEPTIONS))
            self._list.rules += 1
        except (NotACid, UnicodeDecodeError):
            self._list.unread_count += 1
            if len(self._list.unread) < limits.DENY_UNREAD_TOLD_MAX:
                self._list.unread.append((file, number))

    def _rule(self, rule: str, is_exception: bool) -> None:
        turn = self._list.rules + 1
        if rule.startswith("//"):
            self._digests += _digest(rule[2:])[:_HASH_BYTES]
            self._turns.append(-turn if is_exception else turn)
            return
        _, space, rest = (*rule.split("/", 2), "", "")[:3]
        name, _, path = rest.partition("/")
        begins = path.endswith("*")
        path = unquote(path.rstrip("*")).strip("/")
        found = _Rule(turn, not is_exception, path, begins)
        if space in ("ipfs", "ipld") and name:
            self._list._by_hash.setdefault(_parse_multihash(name), []).append(found)
        elif space == "ipns" and name:
            key = _name_key(name)
            if key is None:
                self._list._by_domain.setdefault(name.lower(), []).append(found)
            else:
                self._list._by_hash.setdefault(b"/ipns/" + key, []).append(found)
        else:
            raise NotACid(rule, "no rule of a denylist")


def _split(data: bytes) -> tuple[bytes, int, int]:
    """Return the header, where what follows it begins, and the number of that line."""
    found = re.search(rb"^---[ \t\r]*$", data[: limits.DENY_HEADER_BYTES_MAX], re.MULTILINE)
    if found is None:
        return b"", 0, 1
    header = data[: found.start()]
    return header, found.end() + 1, header.count(b"\n") + 2


def _digest(text: str) -> bytes:
    """Return the SHA2-256 that a hashed rule gives, as a multihash in base58 or in hexadecimal."""
    if len(text) == 64:
        try:
            return bytes.fromhex(text)
        except ValueError:
            pass  # then it is a multihash, or nothing
    multihash = _parse_multihash(text)
    if not multihash.startswith(_SHA2_256):
        raise NotACid(text, "hashed by another function than SHA2-256")
    return multihash[2:]


def _parse_multihash(text: str) -> bytes:
    """Return the multihash of a CID in any base, or that stands alone in base58. Raises: NotACid."""
    try:
        return _multihash(parse_cid(text))
    except NotACid:
        found = parse_base58(text) if len(text) <= _MULTIHASH_TEXT_MAX else None
        if found is None:
            raise
        try:
            _, position = varint.decode(found, 0)
            size, position = varint.decode(found, position)
        except varint.BadVarint as error:
            raise NotACid(text, error.reason) from None
        if len(found) != position + size:
            raise NotACid(text, "neither a CID nor a multihash") from None
        return found


def _multihash(cid: AnyCid) -> bytes:
    if isinstance(cid, Cid):
        return _SHA2_256 + cid.digest
    _, position = varint.decode(cid, 0)
    _, position = varint.decode(cid, position)
    return bytes(cid[position:])


def _name_key(name: str) -> bytes | None:
    """Return the multihash of a name that is a key's; None for a domain."""
    try:
        return _parse_multihash(name)
    except NotACid:
        return None


def _key_text(multihash: bytes) -> str:
    """Return the name of a key in base32."""
    return cid_text(parse_cid("f0172" + multihash.hex()))
