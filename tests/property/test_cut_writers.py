"""Laws of writers that were cut off: nothing they sign afterwards counts, and nothing that others rest on is lost."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from leither.codec import DAG_CBOR, RAW, Cid
from leither.crypto import KeyPair
from leither.mimei.control import Control, Cut, WriterEntry
from leither.mimei.head import Head, Release
from leither.mimei.revoking import cutting_off, lowering, undone
from leither.mimei.standing import heads_that_count, versions_that_count
from leither.mimei.version import Seen, Version
from leither.service import history
from leither.service.archive_in import import_car
from leither.service.backup import backup
from leither.service.clones import ClonedWriter
from leither.service.engines import Engines
from leither.service.holding import VersionNotFound, heads
from leither.service.uploads import Upload
from leither.testing.node import memory_engines
from tests.unit.service.archive import with_control
from tests.unit.service.life import bring, exported, held, made

AUTHOR = KeyPair(b"\1" * 32)
KEYS = {number: hashlib.sha256(b"writer %d" % number).digest() for number in (1, 2, 3)}
GENESIS = Cid.of(DAG_CBOR, b"genesis")
DOOMED = 3


@dataclass
class Story:
    """Versions and heads of three writers, made in turn; the third is cut off at some moment."""

    versions: dict[Cid, Version] = field(default_factory=dict)
    heads: dict[int, list[Head]] = field(default_factory=lambda: {number: [] for number in KEYS})

    def make(self, writer: int | None, parents: Iterable[Version], name: int) -> Version:
        """Let a writer make a version, or nobody a merge."""
        above = list(parents)
        seen: dict[int, int] = {}
        for parent in above:
            for number, seq in parent.seen_map.items():
                seen[number] = max(seq, seen.get(number, 0))
        if writer is not None:
            seen[writer] = len(self.heads[writer]) + 1
        version = Version(
            mimei=bytes(20),
            n=max((parent.n for parent in above), default=-1) + 1,
            content=Cid.of(RAW, b"%d" % name),
            side=Cid.of(RAW, b"side"),
            salt=bytes(16),
            size_bytes=0,
            parents=tuple(sorted({parent.cid for parent in above})),
            seen=tuple(Seen(*item) for item in sorted(seen.items())),
            by=KEYS[writer] if writer is not None else None,
        )
        self.versions[version.cid] = version
        if writer is not None:
            head = Head(mimei=bytes(20), epoch=0, seq=seen[writer], tip=version.cid, by=KEYS[writer])
            self.heads[writer].append(head)
        return version

    def ancestors(self, roots: Iterable[Cid]) -> set[Cid]:
        found: set[Cid] = set()
        for root in roots:
            if root in self.versions and root not in found:
                found |= {root} | self.ancestors(self.versions[root].parents)
        return found


@st.composite
def stories(draw: st.DrawFn) -> Story:
    story = Story()
    for name in range(draw(st.integers(3, 9))):
        made_so_far = list(story.versions.values())
        parents = draw(st.lists(st.sampled_from(made_so_far), max_size=2)) if made_so_far else []
        different = len({parent.cid for parent in parents}) > 1
        writer = draw(st.sampled_from([1, 2, 3, 3, *([None] if different else [])]))
        story.make(writer, parents, name)
    if not story.heads[DOOMED]:
        story.make(DOOMED, [], 99)
    return story


def control(accepted: Head) -> Control:
    return Control(
        genesis=GENESIS,
        created=0,
        epoch=1,
        right=0,
        writers=tuple(WriterEntry(number, key, 511) for number, key in KEYS.items()),
        cut=(Cut(DOOMED, accepted.seq, accepted.cid),),
        by=AUTHOR.public,
    )


def newest(story: Story, accepted: Head) -> dict[int, Head]:
    standing = {number: found[-1] for number, found in story.heads.items() if found and number != DOOMED}
    return standing | {DOOMED: accepted}


def counting(story: Story, accepted: Head, heads_: dict[int, Head]) -> set[Cid]:
    return versions_that_count(control(accepted), heads_, story.versions, remade=(), read=lambda cid: None)


@given(stories(), st.data())
def test_exactly_what_a_standing_writer_or_the_accepted_head_rests_on_counts(story: Story, data: st.DataObject) -> None:
    accepted = data.draw(st.sampled_from(story.heads[DOOMED]))
    roots = [cid for cid, version in story.versions.items() if version.by not in (None, KEYS[DOOMED])]
    assert counting(story, accepted, newest(story, accepted)) == story.ancestors([*roots, accepted.tip])


@given(stories(), st.data())
def test_whatever_the_cut_writer_signs_more_changes_nothing(story: Story, data: st.DataObject) -> None:
    accepted = data.draw(st.sampled_from(story.heads[DOOMED]))
    heads_ = newest(story, accepted)
    before = counting(story, accepted, heads_)
    for name in range(100, 100 + data.draw(st.integers(1, 4))):
        parents = data.draw(st.lists(st.sampled_from(list(story.versions.values())), max_size=2))
        different = len({parent.cid for parent in parents}) > 1
        story.make(DOOMED if not different else data.draw(st.sampled_from([DOOMED, None])), parents, name)
    assert counting(story, accepted, heads_) == before


any_heads = st.builds(
    Head,
    mimei=st.just(bytes(20)),
    epoch=st.integers(0, 9),
    seq=st.integers(1, 1 << 52),
    tip=st.integers(0, 3).map(lambda name: Cid.of(DAG_CBOR, b"%d" % name)),
    release=st.none() | st.builds(Release, st.just(GENESIS), st.integers(0, 1 << 62)),
    by=st.just(KEYS[DOOMED]),
)


@given(any_heads, st.none() | any_heads, st.none() | any_heads, st.booleans())
def test_no_head_goes_past_the_cut(accepted: Head, known: Head | None, came: Head | None, here: bool) -> None:
    found = heads_that_count(control(accepted), DOOMED, held=known, came=came, accepted=accepted if here else None)
    assert all(head == accepted or (head == known and head.seq < accepted.seq) for head in found)
    assert found == [accepted] or not here


@given(st.lists(st.tuples(st.sampled_from(list(KEYS)), st.integers(0, 511), st.none() | any_heads), max_size=5))
def test_controls_that_only_take_away_undo_nothing_and_are_undone_by_none_before_them(
    steps: list[tuple[int, int, Head | None]],
) -> None:
    first = msgspec.structs.replace(
        control(Head(mimei=bytes(20), epoch=0, seq=1, tip=GENESIS, by=KEYS[DOOMED])), cut=()
    )
    controls = [first]
    for number, rights, last in steps:
        if last is None:
            controls.append(lowering(controls[-1], number, rights))
        else:
            last = msgspec.structs.replace(last, by=KEYS[number])
            controls.append(cutting_off(controls[-1], number, last))
    for at, before in enumerate(controls):
        assert all(undone(before, after) is None for after in controls[at:])
        assert all(undone(after, before) is not None for after in controls[at + 1 :])


steps = st.lists(
    st.tuples(st.sampled_from(["put", "backup", "release", "hear", "send", "send"]), st.integers(0, 3)),
    min_size=4,
    max_size=16,
)


class Theft:
    """A desk and a laptop of one person, and a thief with the key of a phone that was cut off."""

    def __init__(self) -> None:
        self.desk, self.laptop, self.thief = (memory_engines(node=name) for name in ("desk", "laptop", "phone"))
        self.mimei = made(self.desk)
        self.write(self.desk, 0)
        bring(self.desk, self.thief, self.mimei)
        self.write(self.thief, 1)
        bring(self.thief, self.desk, self.mimei)
        with self.desk.state.read() as view:
            phone = self.thief.identity.node.public
            number, last = next(
                (number, head) for number, head, _ in heads(self.desk, view, self.mimei) if head.by == phone
            )
        cut = cutting_off(held(self.desk, self.mimei).control, number, last).signed(self.desk.identity.person)
        import_car(self.desk, [with_control(exported(self.desk, self.mimei), cut)])
        bring(self.desk, self.laptop, self.mimei)

    def write(self, engines: Engines, value: int) -> None:
        with Upload(engines, self.mimei, (f"{value}",), mtime_ms=0) as upload:
            upload.write(b"%d" % value)
            upload.finish()
        backup(engines, self.mimei)

    def state(self, engines: Engines) -> list[tuple[bytes, bytes]]:
        with engines.state.read() as view:
            return list(view.scan(b""))

    def step(self, what: str, value: int) -> None:
        match what:
            case "put":
                with Upload(self.thief, self.mimei, (f"{value}",), mtime_ms=0) as upload:
                    upload.write(b"stolen %d" % value)
                    upload.finish()
            case "backup":
                backup(self.thief, self.mimei)
            case "release":
                history.release(self.thief, self.mimei, value)
            case "hear":
                self.write(self.laptop, value)
                bring(self.laptop, self.desk, self.mimei)

    def send(self) -> None:
        before = self.state(self.desk)
        import_car(self.desk, [exported(self.thief, self.mimei)])
        assert self.state(self.desk) == before


@given(steps)
def test_what_a_thief_sends_changes_nothing_on_a_node_that_knows_of_the_cut(told: list[tuple[str, int]]) -> None:
    theft = Theft()
    for what, value in told:
        if what == "send":
            theft.send()
            continue
        with contextlib.suppress(VersionNotFound, ClonedWriter):
            theft.step(what, value)
