"""What an archive begins with: exports and shelves, whose links lead nowhere."""

import msgspec

from leither.crypto.seedfile import SEALED_BYTES
from leither.mimei.export import Export, Shelf
from tools.vector_cases.case import Case, changed, cid, invalid, valid
from tools.vector_cases.records import bad_of_any

_NOT = "not-a-record"
_SHELF = Shelf(genesis=cid("genesis"), control=cid("control"), versions=cid("versions"))
_FULL = Export(mimei=(_SHELF.cid,), identity=b"LSEED1" + bytes(range(SEALED_BYTES - 6)))


def exports() -> list[Case]:
    """Return exports."""
    made = {
        "of nothing": Export(),
        "of two MiMei": Export(mimei=(_SHELF.cid, cid("another shelf"))),
        "of a person without MiMei": msgspec.structs.replace(_FULL, mimei=()),
        "every field": _FULL,
    }
    return [valid(name, record) for name, record in made.items()]


def bad_exports() -> list[Case]:
    """Return what is no export."""
    seen: dict[str, dict[str, object]] = {
        "null for the list": {"mimei": None},
        "a shelf in the place of its link": {"mimei": [{"kind": "shelf", "v": 1}]},
        "bytes for a shelf's link": {"mimei": [bytes(cid("shelf"))]},
        "null for the identity": {"identity": None},
        "an empty identity": {"identity": b""},
        "an identity a byte short": {"identity": bytes(SEALED_BYTES - 1)},
        "an identity a byte too long": {"identity": bytes(SEALED_BYTES + 1)},
        "a link for the identity": {"identity": cid("seed")},
    }
    found = [invalid(name, changed(_FULL, **change), _NOT) for name, change in seen.items()]
    found.append(invalid("an empty list", changed(_FULL, mimei=[]), _NOT, grammar=False))
    return found + bad_of_any(_FULL, link=None, raw=None, text=None)


def shelves() -> list[Case]:
    """Return shelves."""
    made = {
        "one without versions": _SHELF,
        "with heads": msgspec.structs.replace(_SHELF, heads=(cid("head a"), cid("head b"))),
        "with changes": msgspec.structs.replace(_SHELF, cur=cid("changes")),
        "every field": msgspec.structs.replace(_SHELF, heads=(cid("head"),), cur=cid("changes")),
        "of one that is on demand": msgspec.structs.replace(_SHELF, partial=True),
        "of a private MiMei": msgspec.structs.replace(_SHELF, heads=(cid("head"),), sealed=bytes(range(20))),
    }
    return [valid(name, record) for name, record in made.items()]


def bad_shelves() -> list[Case]:
    """Return what is no shelf."""
    seen: dict[str, dict[str, object]] = {
        "no control": {"control": ...},
        "no versions": {"versions": ...},
        "null for the changes": {"cur": None},
        "an id a byte short": {"sealed": bytes(19)},
        "null for the id": {"sealed": None},
        "a list for the versions": {"versions": [cid("version")]},
        "bytes for a head's link": {"heads": [bytes(cid("head"))]},
        "null for the heads": {"heads": None},
    }
    found = [invalid(name, changed(_SHELF, **change), _NOT) for name, change in seen.items()]
    part = changed(_SHELF, sealed=bytes(range(20)), partial=True)
    found.append(invalid("a part of a private MiMei", part, _NOT, grammar=False))
    found.append(invalid("an empty list of heads", changed(_SHELF, heads=[]), _NOT, grammar=False))
    return found + bad_of_any(_SHELF, link="genesis", raw=None, text=None)
