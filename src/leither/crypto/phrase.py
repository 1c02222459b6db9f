"""A person's seed as 24 words, to be written down: BIP-39's English encoding of the 32 bytes themselves.

The words carry 256 bits and 8 bits of checksum. What BIP-39 derives from words beyond that, with PBKDF2 and a second
passphrase, is not used: the words are the seed. Source: BIP-39, "Generating the mnemonic".
"""

from functools import cache
from typing import TYPE_CHECKING

from leither.errors import InputError

if TYPE_CHECKING:
    from mnemonic import Mnemonic

WORDS = 24
SEED_BYTES = 32
_TELLING_LETTERS = 4
"""No two words of the list share their first four letters."""
_MISSES_MAX = 2
_SUGGESTIONS_MAX = 3


class PhraseLength(InputError):
    """A recovery phrase has too few or too many words."""

    code = "phrase-length"

    def __init__(self, words: int) -> None:
        self.words = words
        super().__init__(f"a recovery phrase has {WORDS} words, and these are {words}; write all of them, in order")


class UnknownWord(InputError):
    """A word of a recovery phrase is not in the list. `position` counts from 1."""

    code = "phrase-word"

    def __init__(self, position: int, word: str, suggestions: tuple[str, ...]) -> None:
        self.position = position
        self.word = word[:40]
        self.suggestions = suggestions
        remedy = f"did you mean {' or '.join(suggestions)}?" if suggestions else "look at your note again"
        super().__init__(f"word {position} of the recovery phrase, {self.word!r}, is not in the list; {remedy}")


class PhraseChecksum(InputError):
    """All words of a recovery phrase are in the list, but not as they were given out."""

    code = "phrase-checksum"

    def __init__(self) -> None:
        super().__init__(
            "these words are no recovery phrase: one of them is another word of the list, or two changed places; "
            "compare each with your note"
        )


def write_phrase(seed: bytes) -> str:
    """Return the 24 words of a 32-byte seed, with one space between them."""
    assert len(seed) == SEED_BYTES
    return _codec().to_mnemonic(seed)


def read_phrase(text: str) -> bytes:
    """Return the 32-byte seed of a phrase, in letters of any case and with any white space.

    Raises: PhraseLength, UnknownWord, PhraseChecksum.
    """
    words = text.lower().split()
    if len(words) != WORDS:
        raise PhraseLength(len(words))
    for position, word in enumerate(words, start=1):
        if word not in _positions():
            raise UnknownWord(position, word, _near(word))
    try:
        return bytes(_codec().to_entropy(words))
    except ValueError:
        raise PhraseChecksum from None


@cache
def _codec() -> "Mnemonic":
    # Imported where somebody writes words down or types them in, which a node seldom sees: 1 MB.
    from mnemonic import Mnemonic

    return Mnemonic("english")


@cache
def _positions() -> dict[str, int]:
    return {word: index for index, word in enumerate(_codec().wordlist)}


def _near(word: str) -> tuple[str, ...]:
    """Return the words of the list that may have been meant: by its first letters, else by the fewest slips."""
    head = word[:_TELLING_LETTERS]
    same_start = [known for known in _positions() if known[:_TELLING_LETTERS] == head]
    if same_start and len(head) == _TELLING_LETTERS:
        return tuple(same_start)
    if len(word) > 2 * max(map(len, _positions())):
        return ()
    slips = sorted((_slips(word, known), known) for known in _positions())
    return tuple(known for count, known in slips[:_SUGGESTIONS_MAX] if count <= _MISSES_MAX)


def _slips(one: str, other: str) -> int:
    """Return how many letters to add, leave out, replace, or swap with the next make one word of the other."""
    above: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        above, row, before = row, [i], above
        for j, wanted in enumerate(other, start=1):
            least = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                least = min(least, before[j - 2] + 1)
            row.append(least)
    return row[-1]
