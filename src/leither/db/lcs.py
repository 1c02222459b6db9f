"""LCS: the longest common subsequence of two strings."""

from leither import limits
from leither.db.command import Arguments, command
from leither.db.keyspace import peek
from leither.db.layout import STRING_TYPE
from leither.db.number import integer
from leither.db.refusal import BadSyntax, Refusal, WrongType
from leither.db.reply import Map, Reply
from leither.db.space import Space
from leither.db.string import value_of


class NotTwoStrings(WrongType):
    """A key holds another type of value."""

    code = "db-lcs-type"
    text = "ERR The specified keys must contain string values"


class OneOutcome(Refusal):
    """LEN and IDX at once."""

    code = "db-lcs-options"
    text = "ERR If you want both the length and indexes, please just use IDX."


class StringsTooLong(Refusal):
    """Comparing would take too long."""

    code = "db-lcs-size"

    def __init__(self, cells: int) -> None:
        self.cells = cells
        super().__init__(
            f"ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len: {cells} comparisons, "
            f"the limit is {limits.DB_COMPARISON_CELLS_MAX}"
        )


@command("lcs")
def lcs(space: Space, arguments: Arguments) -> Reply:
    """LCS key key [LEN] [IDX] [MINMATCHLEN length] [WITHMATCHLEN]."""
    values = []
    for key in arguments[1:3]:
        head = peek(space, key)
        if head is not None and head[1] != STRING_TYPE:
            raise NotTwoStrings
        values.append(b"" if head is None else value_of(space, key, head))
    only_length = indexes = with_lengths = False
    least = 0
    position = 3
    while position < len(arguments):
        option = arguments[position].upper()
        if option == b"LEN":
            only_length = True
        elif option == b"IDX":
            indexes = True
        elif option == b"WITHMATCHLEN":
            with_lengths = True
        elif option == b"MINMATCHLEN" and position + 1 < len(arguments):
            least = max(integer(arguments[position + 1]), 0)
            position += 1
        else:
            raise BadSyntax
        position += 1
    if only_length and indexes:
        raise OneOutcome
    pairs = common(*values)
    if only_length:
        return len(pairs)
    if not indexes:
        return bytes(values[0][left] for left, _ in pairs)
    matches = [match for match in _runs(pairs) if match[2] >= least]
    shown = [[[a, a + n - 1], [b, b + n - 1]] + ([n] if with_lengths else []) for a, b, n in reversed(matches)]
    return Map([(b"matches", shown), (b"len", len(pairs))])


def common(left: bytes, right: bytes) -> list[tuple[int, int]]:
    """Return the places, in both strings, of their longest common subsequence; of several, the one Redis finds.

    Raises: StringsTooLong.  Cost: the product of the lengths, in time and memory.
    """
    if len(left) * len(right) > limits.DB_COMPARISON_CELLS_MAX:
        raise StringsTooLong(len(left) * len(right))
    rows = [[0] * (len(right) + 1)]
    for a in left:
        above, row, before = rows[-1], [0], 0
        for column, b in enumerate(right):
            before = above[column] + 1 if a == b else max(above[column + 1], before)
            row.append(before)
        rows.append(row)
    pairs = []
    i, j = len(left), len(right)
    while i and j:
        if left[i - 1] == right[j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif rows[i - 1][j] > rows[i][j - 1]:
            i -= 1
        else:
            j -= 1
    pairs.reverse()
    return pairs


def _runs(pairs: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Return where pairs follow each other in both strings: place, place, length."""
    runs: list[tuple[int, int, int]] = []
    for i, j in pairs:
        if runs and (i, j) == (runs[-1][0] + runs[-1][2], runs[-1][1] + runs[-1][2]):
            a, b, n = runs[-1]
            runs[-1] = (a, b, n + 1)
        else:
            runs.append((i, j, 1))
    return runs
