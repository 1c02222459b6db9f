"""Commands typed by hand: one line, words apart by blanks, quoted as in `redis-cli`."""

from leither.resp.protocol_error import ProtocolError

_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}
_BLANK = b" \t\n\r\v\f\0"
_HEX = frozenset(b"0123456789abcdefABCDEF")


def split_inline(line: bytes) -> list[bytes]:
    r"""Return the words of a line. Raises: ProtocolError: for quotes that don't close.

    Source: the rules of Redis' `sdssplitargs`: in double quotes \n, \r, \t, \b, \a and \xHH, in single ones \'.
    """
    if b'"' not in line and b"'" not in line:
        return line.split()
    words: list[bytes] = []
    at = 0
    while True:
        while at < len(line) and line[at] in _BLANK:
            at += 1
        if at == len(line):
            return words
        word, at = _word(line, at)
        words.append(word)


def _word(line: bytes, at: int) -> tuple[bytes, int]:
    word = bytearray()
    while at < len(line) and line[at] not in _BLANK:
        quote = line[at : at + 1]
        if quote == b'"':
            at = _double_quoted(line, at + 1, word)
        elif quote == b"'":
            at = _single_quoted(line, at + 1, word)
        else:
            word += quote
            at += 1
            continue
        if at < len(line) and line[at] not in _BLANK:
            raise ProtocolError("unbalanced quotes in request")
    return bytes(word), at


def _double_quoted(line: bytes, at: int, word: bytearray) -> int:
    while at < len(line):
        char = line[at : at + 1]
        if char == b'"':
            return at + 1
        if char != b"\\" or at + 1 == len(line):
            word += char
            at += 1
            continue
        escaped = line[at + 1 : at + 2]
        digits = line[at + 2 : at + 4]
        if escaped == b"x" and len(digits) == 2 and _HEX.issuperset(digits):
            word.append(int(digits, 16))
            at += 4
        else:
            word += _ESCAPES.get(escaped, escaped)
            at += 2
    raise ProtocolError("unbalanced quotes in request")


def _single_quoted(line: bytes, at: int, word: bytearray) -> int:
    while at < len(line):
        char = line[at : at + 1]
        if char == b"'":
            return at + 1
        if line[at : at + 2] == b"\\'":
            char = b"'"
            at += 1
        word += char
        at += 1
    raise ProtocolError("unbalanced quotes in request")
