"""Segments of the state's journal."""

from leither.store.journal_frame import Changes, encode_changes, frame_header, segment_header
from tools.vector_cases.case import Case, flipped

_FRAMES: tuple[tuple[int, Changes], ...] = (
    (8, {b"key": b"value", b"empty": b"", b"gone": None}),
    (9, {b"\xff" * 300: b"\x00" * 20}),
    (12, {b"key": None, b"c5": b"\xc5\x1e" * 9}),
)
_FIRST = 7


def _segment(first: int, frames: tuple[tuple[int, Changes], ...]) -> bytes:
    data = segment_header(first)
    for seq, changes in frames:
        payload = encode_changes(changes)
        data += frame_header(first, len(data), seq, payload) + payload
    return data


def _told(frames: tuple[tuple[int, Changes], ...]) -> list[dict[str, object]]:
    return [
        {
            "seq": seq,
            "changes": [[key.hex()] if value is None else [key.hex(), value.hex()] for key, value in changes.items()],
        }
        for seq, changes in frames
    ]


def segments() -> list[Case]:
    """Return segments and what is read from them."""
    whole = _segment(_FIRST, _FRAMES)
    second = len(_segment(_FIRST, _FRAMES[:1]))
    inside = (9, {b"copy": whole})
    cases: dict[str, tuple[bytes, tuple[tuple[int, Changes], ...]]] = {
        "empty": (segment_header(_FIRST), ()),
        "three frames": (whole, _FRAMES),
        "a frame cut short": (whole[:-1], _FRAMES[:2]),
        "a header cut short": (whole[: second + 5], _FRAMES[:1]),
        "zeros behind the last frame": (whole + bytes(100), _FRAMES),
        "a flipped bit in the last frame": (flipped(whole, len(whole) * 8 - 1), _FRAMES[:2]),
        "its own bytes as data": (_segment(_FIRST, (inside,)), (inside,)),
        "its own bytes as data, torn": (_segment(_FIRST, (inside,))[:-1], ()),
        "a header cut short while it was made": (segment_header(_FIRST)[:10], ()),
        "zeros instead of all": (bytes(60), ()),
    }
    return [
        {"name": name, "first": _FIRST, "hex": data.hex(), "frames": _told(frames)}
        for name, (data, frames) in cases.items()
    ]


def bad_segments() -> list[Case]:
    """Return segments that are damaged."""
    whole = _segment(_FIRST, _FRAMES)
    second = len(_segment(_FIRST, _FRAMES[:1]))
    cases: dict[str, tuple[bytes, bool]] = {
        "a flipped bit in the first frame": (flipped(whole, 24 * 8 + 200), True),
        "a frame overwritten with zeros": (whole[:24] + bytes(second - 24) + whole[second:], True),
        "a flipped bit in the header": (flipped(whole, 8 * 8), True),
        "another version, with frames": (whole[:8] + b"\2" + whole[9:], True),
        "a torn tail in a segment that others follow": (whole[:-1], False),
        "no header in a segment that others follow": (b"", False),
    }
    return [
        {"name": name, "first": _FIRST, "last": last, "hex": data.hex(), "error": "state-damaged"}
        for name, (data, last) in cases.items()
    ]
