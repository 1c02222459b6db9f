"""Messages by which paired nodes tell each other what they keep."""

from leither import limits
from leither.codec import dagcbor
from leither.codec.record import Record
from leither.wire.keep_messages import Held, Kept, Refused, Return, Wish, Wished
from tools.vector_cases.case import Case, changed, dag_json, invalid
from tools.vector_cases.people import DEVICE, TIME

_BAD = "bad-keeping"
_DEVICE = DEVICE.encode()
_IDS = [bytes(19) + bytes((number,)) for number in range(3)]
_MARK = bytes(range(16))
_WISH = Wish(device=_DEVICE, mimei=(Wished(_IDS[0], _MARK, False), Wished(_IDS[1], bytes(16), True)))
_KEPT = Kept(device=_DEVICE, mimei=(Held(_IDS[0], _MARK, TIME, 12, "", False),), whole=True, quota=1 << 40)


def messages() -> list[Case]:
    """Return messages."""
    made: dict[str, Record] = {
        "a wish for two": _WISH,
        "a wish for nothing": Wish(device=_DEVICE),
        "the first page of a wish": Wish(device=_DEVICE, mimei=_WISH.mimei, more=True),
        "all that is kept": _KEPT,
        "nothing came yet, and nothing will": Kept(
            device=_DEVICE, mimei=(Held(_IDS[2], None, 0, 0, "pair-quota-reached", True),), quota=0
        ),
        "news of what is kept": Kept(device=_DEVICE, mimei=_KEPT.mimei),
        "somebody is back": Return(device=_DEVICE),
        "a refusal": Refused(reason="pair-not-found"),
    }
    return [
        {"name": name, "hex": record.encode().hex(), "value": dag_json(dagcbor.decode(record.encode()))}
        for name, record in made.items()
    ]


def bad_messages() -> list[Case]:
    """Return what is no message of this protocol."""
    one = [_IDS[0], _MARK, False]
    seen: list[tuple[str, Record, dict[str, object]]] = [
        ("no device", _WISH, {"device": ...}),
        ("an id of 19 bytes", _WISH, {"mimei": [[bytes(19), _MARK, False]]}),
        ("a mark of 15 bytes", _WISH, {"mimei": [[_IDS[0], bytes(15), False]]}),
        ("a number for whether it is sealed", _WISH, {"mimei": [[_IDS[0], _MARK, 0]]}),
        ("a wish with a field too many", _WISH, {"mimei": [[*one, 1]]}),
        ("a reason of 65 bytes", _KEPT, {"mimei": [[_IDS[0], None, 0, 0, "r" * 65, False]]}),
        ("a negative size", _KEPT, {"mimei": [[_IDS[0], None, 0, -1, "", False]]}),
        ("a time past the year 9999", _KEPT, {"mimei": [[_IDS[0], None, limits.TIME_MS_MAX + 1, 0, "", False]]}),
        ("an unknown field", _KEPT, {"colour": "red"}),
        ("version 2 of the format", _KEPT, {"v": 2}),
        ("a kind of another protocol", _KEPT, {"kind": "pair-begin"}),
        ("an empty reason", Refused(reason="r"), {"reason": ""}),
    ]
    unseen: list[tuple[str, Record, dict[str, object]]] = [
        ("ids that are not sorted", _WISH, {"mimei": [[_IDS[1], _MARK, False], one]}),
        ("an id twice", _WISH, {"mimei": [one, one]}),
        ("more after nothing", Wish(device=_DEVICE), {"more": True}),
    ]
    return (
        [invalid(name, changed(record, **fields), _BAD) for name, record, fields in seen]
        + [invalid(name, changed(record, **fields), _BAD, grammar=False) for name, record, fields in unseen]
        + [invalid("a byte behind it", _KEPT.encode() + b"\0", _BAD, grammar=False)]
    )
