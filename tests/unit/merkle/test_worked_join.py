"""The example of docs/design/map-and-merge.md: three writers that parted after version 0."""

from leither.codec import Cid
from leither.merkle import Entry, Nodes, Shape, Stamp, Tip, build, conflicts, join, scan

SHAPE = Shape(bytes(16))
Held = dict[str, tuple[int, int, str]]


def tip(nodes: Nodes, held: Held, seen: dict[int, int]) -> Tip:
    return Tip(build(nodes, [entry(name, *one) for name, one in sorted(held.items())], SHAPE), None, seen)


def entry(name: str, writer: int, seq: int, value: str) -> Entry:
    return Entry(b"\x80" + name.encode(), Stamp(writer, seq), b"\x80" + value.encode())


def test_three_writers_join_as_the_page_says() -> None:
    stored: dict[Cid, bytes] = {}
    nodes = Nodes(stored.__getitem__, lambda block: stored.__setitem__(block.cid, block.data))
    one = tip(nodes, {"notes": (1, 2, "a")}, {1: 2})
    two = tip(nodes, {"index": (2, 1, "b"), "notes": (1, 1, "n"), "photo": (1, 1, "p")}, {1: 1, 2: 1})
    three = tip(nodes, {"index": (3, 1, "c"), "photo": (1, 1, "p"), "plan": (3, 1, "pl")}, {1: 1, 3: 1})
    joined = join(nodes, [one, two, three], SHAPE)
    assert list(scan(nodes, joined.root)) == [
        entry("index", 2, 1, "b"),
        entry("notes", 1, 2, "a"),
        entry("plan", 3, 1, "pl"),
    ]
    assert list(conflicts(nodes, joined.siblings)) == [entry("index", 3, 1, "c")]
    assert joined.seen == {1: 2, 2: 1, 3: 1}
    assert join(nodes, [join(nodes, [three, one], SHAPE), two], SHAPE) == joined
