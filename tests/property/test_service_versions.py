"""Joining versions: one outcome in every order and grouping, also with directories and files in each other's place."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from leither.codec import Cid
from leither.mimei.version import Version
from leither.service.archive_in import import_car
from leither.service.archive_out import export_car
from leither.service.backup import backup
from leither.service.engines import Engines
from leither.service.merge import join_tips
from leither.service.paths import DirectoryThere, NotADirectory, NothingToChange
from leither.testing.node import memory_engines
from tests.unit.service.life import content_from_scratch, held, made, put, remove, shown

PATHS = ["a", "a/x", "a/x/y", "b", "b/z"]
values = st.one_of(st.none(), st.sampled_from([b"", b"1", b"22"]))
edits = st.lists(st.tuples(st.sampled_from(PATHS), values), max_size=5)


def edited(engines: Engines, changes: list[tuple[str, bytes | None]]) -> None:
    for path, data in changes:
        try:
            if data is None:
                remove(engines, made(engines), path)
            else:
                put(engines, made(engines), path, data)
        except (NotADirectory, DirectoryThere, NothingToChange):
            continue


@given(edits, st.lists(edits, min_size=3, max_size=3))
def test_joining_is_associative_commutative_and_idempotent(
    before: list[tuple[str, bytes | None]], after: list[list[tuple[str, bytes | None]]]
) -> None:
    nodes = [memory_engines(node=str(number)) for number in range(4)]
    mimei = made(nodes[0])
    edited(nodes[0], before)
    backup(nodes[0], mimei)
    for engines in nodes[1:]:
        import_car(engines, [b"".join(export_car(nodes[0]))])
    tips: list[Cid] = []
    for engines, changes in zip(nodes[1:], after, strict=True):
        edited(engines, changes)
        cid = backup(engines, mimei).cid
        assert cid is not None
        tips.append(cid)
    for engines in nodes[1:]:
        import_car(nodes[0], [b"".join(export_car(engines))])
    whole = joined(nodes[0], *tips)
    for one, two, three in permutations(tips):
        assert joined(nodes[0], one, two, three).cid == whole.cid
        assert joined(nodes[0], kept(nodes[0], joined(nodes[0], one, two)), three).cid == whole.cid
        assert joined(nodes[0], one, kept(nodes[0], joined(nodes[0], two, three)), one).cid == whole.cid
    kept(nodes[0], whole)
    assert joined(nodes[0], whole.cid, whole.cid, *tips).cid == whole.cid
    assert held(nodes[0], mimei).base == whole.cid
    assert whole.content == content_from_scratch(shown(nodes[0], mimei, "last"))


def joined(engines: Engines, *tips: Cid) -> Version:
    with engines.blocks.lease() as lease:
        mimei = held(engines, made(engines))
        version = join_tips(engines, mimei.genesis, mimei.control, tips, lease)
    assert version is not None
    return version


def kept(engines: Engines, version: Version) -> Cid:
    with engines.blocks.lease() as lease:
        lease.put(version.block)
    return version.cid
