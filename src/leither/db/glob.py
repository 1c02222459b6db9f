r"""Redis' patterns: `*`, `?`, `[a-z]`, `[^a]` and `\` before a character that means itself."""

from leither import limits
from leither.db.refusal import Refusal


class PatternTooHard(Refusal):
    """Matching one name takes more steps than one may."""

    code = "db-pattern"

    def __init__(self) -> None:
        self.limit_steps = limits.DB_PATTERN_STEPS_MAX
        super().__init__(f"ERR pattern takes more than {self.limit_steps} steps to match; use fewer asterisks")


class Glob:
    """A pattern, ready to match. `prefix` is what every match begins with."""

    __slots__ = ("_everything", "_pattern", "prefix")

    def __init__(self, pattern: bytes) -> None:
        self._pattern = pattern
        plain = 0
        while plain < len(pattern) and pattern[plain] not in b"*?[\\":
            plain += 1
        self.prefix = pattern[:plain]
        self._everything = bool(pattern) and not pattern.strip(b"*")

    def matches(self, name: bytes) -> bool:
        """Tell whether the whole of `name` fits. Raises: PatternTooHard."""
        return self._everything or (name.startswith(self.prefix) and _matches(self._pattern, name))


def _matches(pattern: bytes, name: bytes) -> bool:
    """Match with one place to go back to, the last asterisk: the earlier ones need no second try."""
    at = place = 0
    back: tuple[int, int] | None = None
    for _ in range(limits.DB_PATTERN_STEPS_MAX):
        if at < len(pattern) and pattern[at] == 0x2A:
            back = (at, place)
            at += 1
            continue
        if place == len(name):
            return at == len(pattern)
        following = _one(pattern, at, name[place]) if at < len(pattern) else None
        if following is not None:
            at, place = following, place + 1
        elif back is not None:
            back = (back[0], back[1] + 1)
            at, place = back[0] + 1, back[1]
        else:
            return False
    raise PatternTooHard


def _one(pattern: bytes, at: int, character: int) -> int | None:
    """Return where the pattern goes on after matching `character` at `at`, or None if it doesn't match."""
    symbol = pattern[at : at + 1]
    if symbol == b"?":
        return at + 1
    if symbol == b"[":
        return _bracket(pattern, at + 1, character)
    if symbol == b"\\" and at + 1 < len(pattern):
        at += 1
    return at + 1 if pattern[at] == character else None


def _bracket(pattern: bytes, at: int, character: int) -> int | None:
    negated = pattern[at : at + 1] == b"^"
    at += negated
    found = False
    while at < len(pattern) and pattern[at] != 0x5D:
        if pattern[at] == 0x5C and at + 1 < len(pattern):
            at += 1
            found = found or pattern[at] == character
        elif at + 2 < len(pattern) and pattern[at + 1] == 0x2D:
            low, high = sorted((pattern[at], pattern[at + 2]))
            found = found or low <= character <= high
            at += 2
        else:
            found = found or pattern[at] == character
        at += 1
    if found == negated:
        return None
    return min(at + 1, len(pattern))
