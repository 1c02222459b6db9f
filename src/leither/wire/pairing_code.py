"""The short code that one node shows and the other is told, so that they know each other from then on.

Six digits by chance and one that finds a wrong or swapped digit, so that a slip of the hand is found before anything is
sent. A code is good for one guess: it ends with the first proof that is made with it, right or wrong.
"""

from dataclasses import dataclass, replace

from leither import limits
from leither.crypto import PeerId
from leither.errors import DeniedError, InputError

_DIGITS = limits.PAIRING_CODE_DIGITS
_SPACE = 10**_DIGITS
_RANDOM_BYTES = 16
"""So many bytes over so few codes that none is likelier than another by more than 2^-108."""
# Damm's quasigroup of order 10: every wrong digit and every swap of neighbours shows.
_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)


class BadPairingCode(InputError):
    """What was typed is no code as another node shows it."""

    code = "bad-pairing-code"

    def __init__(self) -> None:
        super().__init__(
            f"this is not a pairing code: it has {_DIGITS + 1} digits, and one of those typed is wrong, missing or "
            "swapped; nothing was sent, and the code is still good: look at the other node again"
        )


class NoPairingCode(DeniedError):
    """The node shows no code that is still good."""

    code = "no-pairing-code"

    def __init__(self) -> None:
        super().__init__(
            "the other node shows no code that is still good: one works for ten minutes and for one guess; "
            "`leither pair` there shows a new one"
        )


def make_code(random: bytes) -> str:
    """Return a code for 16 random bytes."""
    assert len(random) == _RANDOM_BYTES
    digits = f"{int.from_bytes(random) % _SPACE:0{_DIGITS}}"
    return digits + str(_check(digits))


def shown_code(code: str) -> str:
    """Return a code as people are shown it: 482-9137."""
    return f"{code[: _DIGITS // 2]}-{code[_DIGITS // 2 :]}"


def read_code(typed: str) -> str:
    """Return the code that was typed, with or without spaces and dashes. Raises: BadPairingCode."""
    code = "".join(letter for letter in typed if letter not in " -\u2010\u2011\u2012\u2013\u2014\t")
    if len(code) != _DIGITS + 1 or not (code.isascii() and code.isdigit()) or _check(code) != 0:
        raise BadPairingCode
    return code


def write_invitation(address: str, code: str) -> str:
    """Return what a QR code holds: where the node is, whose peer id is its key, and the code."""
    return f"{address}#{code}"


def read_invitation(typed: str) -> tuple[str | None, str]:
    """Return the address, if there is one, and the code. Raises: BadPairingCode."""
    address, found, code = typed.strip().rpartition("#")
    return (address if found else None), read_code(code)


def _check(digits: str) -> int:
    """Return the digit that makes digits whole; 0 where they are. Source: Damm, totally anti-symmetric quasigroups."""
    state = 0
    for digit in digits:
        state = int(_DAMM[state][int(digit)])
    return state


@dataclass(frozen=True, slots=True)
class OpenCode:
    """A code that this node shows.

    Fields: begun: how often somebody began with it. guessed_by: who was wrong. paired_with: who was right.
    """

    code: str
    until_ms: int
    begun: int = 0
    spent: bool = False
    guessed_by: PeerId | None = None
    paired_with: PeerId | None = None

    def is_good(self, now_ms: int) -> bool:
        """Tell whether somebody may still pair by it."""
        return not self.spent and now_ms < self.until_ms and self.begun <= limits.PAIRING_ATTEMPTS_MAX

    def begin(self, now_ms: int) -> "OpenCode":
        """Count one who begins. Raises: NoPairingCode."""
        begun = replace(self, begun=self.begun + 1)
        if not begun.is_good(now_ms):
            raise NoPairingCode
        return begun

    def spend(self, now_ms: int) -> "OpenCode":
        """End it, for a proof came; of several who began, the first to prove has it. Raises: NoPairingCode."""
        if not self.is_good(now_ms):
            raise NoPairingCode
        return replace(self, spent=True)

    def guessed(self, peer: PeerId) -> "OpenCode":
        """Note who was wrong."""
        return replace(self, guessed_by=peer)

    def paired(self, peer: PeerId) -> "OpenCode":
        """Note who was right."""
        return replace(self, paired_with=peer)


def open_code(random: bytes, now_ms: int) -> OpenCode:
    """Return a new code, for 16 random bytes."""
    return OpenCode(make_code(random), now_ms + limits.PAIRING_CODE_S * 1000)
