"""Random histories of several nodes of one person: whoever knows the same holds the same, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, note
from hypothesis import strategies as st

from leither.codec import Cid
from leither.merkle import Entry
from leither.mimei.control import Cut
from leither.mimei.version import Version
from leither.service import history, paths
from leither.service.archive_in import import_car
from leither.service.backup import backup
from leither.service.catalog import sign_control
from leither.service.collect import check, collect
from leither.service.conflicts import contested, take
from leither.service.engines import Engines
from leither.service.entries import VersionEntries
from leither.service.holding import VersionNotFound, heads, load
from leither.service.merge import maximal_tips
from leither.service.uploads import Upload
from leither.service.versions import held_versions
from leither.service.writers import WriterCut
from leither.testing.node import memory_engines
from leither.testing.suites.expect import damage
from tests.unit.service.archive import with_control
from tests.unit.service.life import content_from_scratch, counters, exported, made, recounted, shown, stamped

NODES = 4
PATHS = ["a", "a/x", "a/x/deep", "b", "b/y", "c"]

node_numbers = st.integers(0, NODES - 1)
small = st.integers(0, 5)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), node_numbers, st.sampled_from(PATHS), st.integers(0, 2)),
        st.tuples(st.just("put"), node_numbers, st.sampled_from(PATHS), st.integers(0, 2)),
        st.tuples(st.just("remove"), node_numbers, st.sampled_from(PATHS), small),
        st.tuples(st.just("directory"), node_numbers, st.sampled_from(PATHS), small),
        st.tuples(st.just("backup"), node_numbers, st.just(""), small),
        st.tuples(st.just("backup"), node_numbers, st.just(""), small),
        st.tuples(st.just("bring"), node_numbers, st.just(""), node_numbers),
        st.tuples(st.just("bring"), node_numbers, st.just(""), node_numbers),
        st.tuples(st.just("bring"), node_numbers, st.just(""), node_numbers),
        st.tuples(st.just("keep"), node_numbers, st.just(""), small),
        st.tuples(st.just("late"), node_numbers, st.just(""), small),
        st.tuples(st.just("release"), node_numbers, st.just(""), small),
        st.tuples(st.just("restore"), node_numbers, st.just(""), small),
        st.tuples(st.just("delete"), node_numbers, st.just(""), small),
        st.tuples(st.just("take"), node_numbers, st.just(""), small),
        st.tuples(st.just("gc"), node_numbers, st.just(""), small),
        st.tuples(st.just("cut"), node_numbers, st.just(""), node_numbers),
    ),
    min_size=4,
    max_size=40,
)
Step = tuple[str, int, str, int]
EXPECTED = (
    paths.NotADirectory,
    paths.DirectoryThere,
    paths.AlreadyThere,
    paths.NothingToChange,
    history.VersionInUse,
    VersionNotFound,
    WriterCut,
)


class Play:
    """Nodes of one person that hold one MiMei, and what is demanded of them at every moment."""

    def __init__(self) -> None:
        self.nodes = [memory_engines(node=f"node {number}") for number in range(NODES)]
        self.mimei = made(self.nodes[0])
        self.archives: list[bytes] = []
        self.bases: dict[frozenset[Cid], Cid] = {}

    def run(self, history_steps: Iterable[Step]) -> Play:
        for step in history_steps:
            try:
                getattr(self, step[0])(*step[1:])
            except EXPECTED as error:
                note(f"{step}: {type(error).__name__}")
            self.agree(self.engines(step[1]))
        return self

    def engines(self, number: int) -> Engines:
        made(self.nodes[number])  # the topic is the same, so each node may begin on its own
        return self.nodes[number]

    def put(self, number: int, path: str, value: int) -> None:
        with Upload(self.engines(number), self.mimei, tuple(path.split("/")), mtime_ms=0) as upload:
            upload.write(b"%d" % value)
            upload.finish()

    def remove(self, number: int, path: str, _: int) -> None:
        paths.remove(self.engines(number), self.mimei, tuple(path.split("/")), recursive=True)

    def directory(self, number: int, path: str, mode: int) -> None:
        paths.make_directory(self.engines(number), self.mimei, tuple(path.split("/")), mode=mode)

    def backup(self, number: int, _: str, __: int) -> None:
        backup(self.engines(number), self.mimei)

    def bring(self, number: int, _: str, source: int) -> None:
        import_car(self.engines(number), [exported(self.engines(source), self.mimei)])

    def keep(self, number: int, _: str, __: int) -> None:
        self.archives.append(exported(self.engines(number), self.mimei))

    def late(self, number: int, _: str, which: int) -> None:
        if self.archives:
            import_car(self.engines(number), [self.archives[which % len(self.archives)]])

    def version_of(self, engines: Engines, which: int) -> Cid:
        with engines.state.read() as view:
            found = sorted(held_versions(view, self.mimei))
        if not found:
            raise VersionNotFound(self.mimei, which)
        return found[which % len(found)]

    def release(self, number: int, _: str, which: int) -> None:
        engines = self.engines(number)
        history.release(engines, self.mimei, self.version_of(engines, which))

    def restore(self, number: int, _: str, which: int) -> None:
        engines = self.engines(number)
        history.restore(engines, self.mimei, self.version_of(engines, which), discard=True)

    def delete(self, number: int, _: str, which: int) -> None:
        history.delete_versions(self.engines(number), self.mimei, which, which)

    def take(self, number: int, _: str, which: int) -> None:
        engines = self.engines(number)
        with engines.state.read() as view:
            found = list(contested(engines, view, load(engines, view, self.mimei)))
        if found:
            one = found[which % len(found)]
            stamp = one.others[which % len(one.others)].stamp
            take(engines, self.mimei, tuple(one.key[1:].decode().split("\0")), *stamp)

    def gc(self, number: int, _: str, __: int) -> None:
        collect(self.engines(number))

    def cut(self, number: int, _: str, doomed: int) -> None:
        """Let the node learn that the author cut another off where this node knows it."""
        engines = self.engines(number)
        with engines.state.read() as view:
            held = load(engines, view, self.mimei)
            known = {head.by: (writer, head) for writer, head, _ in heads(engines, view, self.mimei)}
        key = self.nodes[doomed].identity.node.public
        if key not in known or number == doomed or held.control.cut_of(known[key][0]) is not None:
            return
        writer, head = known[key]
        cuts = sorted((*held.control.cut, Cut(writer, head.seq, head.cid)), key=lambda cut: cut.number)
        control = sign_control(engines, held, cut=tuple(cuts), epoch=held.control.epoch + 1)
        import_car(engines, [with_control(exported(engines, self.mimei), control)])

    def agree(self, engines: Engines) -> None:
        """Check one node: its version is the join of the tips it knows, its counts are right, nothing is missing."""
        with engines.state.read() as view:
            held = load(engines, view, self.mimei)
            tips = frozenset(maximal_tips(engines, (head.tip for _, head, _ in heads(engines, view, self.mimei))))
        assert counters(engines, self.mimei) == recounted(engines, self.mimei)
        if held.base is None:
            return
        assert self.bases.setdefault(tips, held.base) == held.base
        assert stamped(engines, held.base) == naive_join(engines, tips)
        record = engines.record(Version, held.base)
        assert record.content == content_from_scratch(shown(engines, self.mimei, "last"))
        assert tree_is_sound(engines, record)
        assert damage(check(engines)) == []

    def settle(self) -> None:
        """Let everybody hear everything, with nothing left unsaved."""
        for number in range(NODES):
            try:
                backup(self.engines(number), self.mimei)
            except WriterCut:
                history.discard(self.engines(number), self.mimei)
        for _ in range(3):  # to one and back; what that one signs meanwhile takes another round
            for other in range(1, NODES):
                self.bring(0, "", other)
            for other in range(1, NODES):
                self.bring(other, "", 0)


def naive_join(engines: Engines, tips: frozenset[Cid]) -> frozenset[Entry]:
    """What survives among the tips, as the definition of the join reads."""
    models = [(stamped(engines, tip), engines.record(Version, tip).seen_map) for tip in tips]
    every = frozenset[Entry]().union(*(entries for entries, _ in models))
    return frozenset(
        entry
        for entry in every
        if all(entry in entries or seen.get(entry.stamp.writer, 0) < entry.stamp.seq for entries, seen in models)
    )


def tree_is_sound(engines: Engines, record: Version) -> bool:
    """Whether nothing stands below what is no directory."""
    entries = VersionEntries(engines.map(record.side, record.salt))
    return all(entry.is_directory or not entries.has_below(path) for path, entry in entries.walk())


@given(steps)
def test_nodes_that_heard_the_same_hold_the_same(history_steps: list[Step]) -> None:
    play = Play().run(history_steps)
    play.settle()
    rows = set()
    for engines in play.nodes:
        play.agree(engines)
        with engines.state.read() as view:
            held = load(engines, view, play.mimei)
        rows.add((held.base, held.control.cid, held.release, held.row.size_bytes, held.row.entries))
        assert not held.row.dirty
    assert len(rows) == 1
    assert len({repr(shown(engines, play.mimei)) for engines in play.nodes}) == 1
