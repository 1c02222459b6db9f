"""Which arguments of a command are keys."""

from leither.db.command import Arguments
from leither.db.declaration import Declaration
from leither.db.number import parse_integer

_COUNTED = {
    "blmpop": (2, False),
    "bzmpop": (2, False),
    "lmpop": (1, False),
    "sintercard": (1, False),
    "zdiff": (1, False),
    "zdiffstore": (2, True),
    "zinter": (1, False),
    "zintercard": (1, False),
    "zinterstore": (2, True),
    "zmpop": (1, False),
    "zunion": (1, False),
    "zunionstore": (2, True),
}
"""Where the number of keys stands, and whether a destination stands first."""


def keys_of(declaration: Declaration, arguments: Arguments) -> list[bytes]:
    """Return the keys among `arguments`, as many as are there. A malformed command may have fewer than it says."""
    counted = _COUNTED.get(declaration.name)
    if counted is not None:
        position, stores = counted
        number = parse_integer(arguments[position]) if position < len(arguments) else None
        found = list(arguments[position + 1 : position + 1 + max(number or 0, 0)])
        return [arguments[1], *found] if stores else found
    if declaration.name == "object":
        return list(arguments[2:3])
    first, last, step = declaration.keys
    if not first:
        return []
    stop = last + 1 if last >= 0 else len(arguments) + last + 1
    found = list(arguments[first:stop:step])
    if declaration.name == "sort":
        stored = [at for at, word in enumerate(arguments[2:-1], start=2) if word.upper() == b"STORE"]
        found += [arguments[stored[-1] + 1]] if stored else []
    return found
