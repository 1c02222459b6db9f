"""Headers of tar archives: ustar, pax and GNU. Source: POSIX.1-2017, pax; the GNU tar manual, Tar Internals."""

from dataclasses import dataclass

from leither.errors import InputError, LimitError

BLOCK = 512
EMPTY = bytes(BLOCK)
FILES = b"0\0007"
"""Types of a file's member: regular, as before POSIX, and contiguous."""
_SUM = slice(148, 156)
_KEYWORDS = (b"path", b"linkpath", b"mtime", b"size")


class BadTar(InputError):
    """The archive is damaged, or holds what is not taken."""

    code = "bad-tar"

    def __init__(self, member: str, reason: str) -> None:
        self.member = member[:200]
        self.reason = reason
        super().__init__(f"tar archive refused at member {self.member!r}: {reason}; nothing was changed")


class TarTooLarge(LimitError):
    """The archive announces more than is taken."""

    code = "tar-too-large"

    def __init__(self, what: str, size: int, limit: int) -> None:
        self.what = what
        self.bytes = size
        self.limit_bytes = limit
        super().__init__(
            f"{what} of {size:,} bytes in the tar archive exceeds the limit of {limit:,}; nothing was changed"
        )


@dataclass(frozen=True, slots=True)
class Header:
    """One 512-byte header. `name` and `link` are bytes as stored; `size` is what follows it."""

    type: bytes
    name: bytes
    link: bytes
    mode: int
    size: int
    mtime_s: int


def read_header(block: bytes) -> Header:
    """Return the header in `block`. Raises: BadTar."""
    name = _text(block[0:100])
    if _number(block[_SUM], name) != _sum(block):
        raise BadTar(name.decode("utf-8", "replace"), "the header's checksum is wrong")
    kind = block[156:157]
    # GNU tar keeps times where POSIX has the prefix.
    if block[257:263] == b"ustar\0":
        prefix = _text(block[345:500])
        if prefix:
            name = prefix + b"/" + name
    return Header(
        kind,
        name,
        _text(block[157:257]),
        _number(block[100:108], name) & 0o7777,
        _number(block[124:136], name),
        _number(block[136:148], name),
    )


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _sum(block: bytes) -> int:
    return sum(block) - sum(block[_SUM]) + 8 * 0x20


def _number(field: bytes, name: bytes) -> int:
    """Return a number in octal, or in GNU's base 256 where the first bit is set; negative ones count as 0."""
    if field[0] & 0x80:
        value = int.from_bytes(field[1:], "big")
        return value if field[0] == 0x80 else 0
    digits = field.strip(b" \0")
    if not digits:
        return 0
    if digits.strip(b"01234567"):
        raise BadTar(name.decode("utf-8", "replace"), f"{digits!r} is not an octal number")
    return int(digits, 8)


def read_pax(data: bytes, member: str) -> dict[str, str]:
    """Return those records of a pax extended header that are used here. Raises: BadTar."""
    found = {}
    position = 0
    while position < len(data) and data[position] != 0:
        space = data.find(b" ", position, position + 20)
        digits = data[position:space] if space > 0 else b""
        if not digits.isdigit():
            raise BadTar(member, "a pax record has no length")
        end = position + int(digits)
        if end > len(data) or end <= space + 1 or data[end - 1 : end] != b"\n":
            raise BadTar(member, "a pax record's length is wrong")
        key, equals, value = data[space + 1 : end - 1].partition(b"=")
        if not equals:
            raise BadTar(member, "a pax record has no value")
        if key.startswith(b"GNU.sparse"):
            raise BadTar(member, "sparse files are not taken; make the archive without --sparse")
        if key in _KEYWORDS:
            # A name that is not UTF-8 becomes one that no path takes.
            found[key.decode()] = value.decode("utf-8", "surrogateescape")
        position = end
    return found
