"""Laws of sealing: any history of devices, key epochs, merges, sweeps and lost tables, on several devices."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from leither.codec.sealed import check
from leither.merkle import build, scan
from leither.store import MemoryBlocks, MemoryState
from leither.unixfs import EMPTY_DIRECTORY, FileBuilder, Link, update_tree
from leither.unixfs import read as read_file
from leither.unixfs.tree import Change
from tests.unit.merkle.memory import SMALL, Memory, key
from tests.unit.service.sealed_device import Device, maximal, open_blocks

DEVICES = 3
Step = tuple[str, int, object]
devices = st.integers(0, DEVICES - 1)
writes = st.tuples(
    st.just("write"),
    devices,
    st.dictionaries(st.integers(0, 60), st.one_of(st.none(), st.integers(0, 3)), min_size=1, max_size=12),
)
meetings = st.tuples(st.just("merge"), devices, st.permutations(range(DEVICES)).map(tuple))
others = st.tuples(st.sampled_from(["rotate", "sweep", "forget"]), devices, st.none())
histories = st.lists(st.one_of(writes, writes, meetings, others), min_size=3, max_size=25)


def play(history: list[Step]) -> list[Device]:
    """Let three devices live through the history. Rotating gives the next key to one device; meeting passes it on."""
    made = [Device(number + 1) for number in range(DEVICES)]
    epoch = 0
    for kind, number, what in history:
        device = made[number]
        match kind, what:
            case "write", dict() as changes:
                device.write({key(n): None if v is None else bytes((0x90, v)) for n, v in changes.items()})
            case "merge", tuple() as order:
                device.fetch(made[order[0]])
                device.merge(one + 1 for one in order)
            case "rotate", _:
                epoch += 1
                device.learn(epoch)
            case "sweep", _:
                device.sweep()
            case "forget", _:
                device.forget_table()
    return made


def meet(made: list[Device]) -> None:
    """Let every device learn of every tip."""
    for device in made:
        for other in made:
            if other is not device:
                device.fetch(other)


@given(histories, st.permutations(range(1, DEVICES + 1)))
def test_devices_that_know_the_same_tips_hold_the_same_plaintext_and_the_same_sealed_blocks(
    history: list[Step], order: list[int]
) -> None:
    made = play(history)
    meet(made)
    merged = [device.merge(order if number else None) for number, device in enumerate(made)]
    assert len({one and one.pair for one in merged}) == 1
    if merged[0] is not None:
        assert len({device.forms(merged[0]) for device in made}) == 1
        assert len({tuple(device.holds(merged[0]).items()) for device in made}) == 1


@given(histories)
def test_the_order_in_which_tips_are_joined_changes_nothing(history: list[Step]) -> None:
    made = play(history)
    meet(made)
    device = made[0]
    tips = maximal(device.tips)
    merged = [one for order in permutations(tips) if (one := device.merge(order)) is not None]
    assert len({(one.pair, device.forms(one)) for one in merged}) == min(len(tips), 1)


@given(histories)
def test_what_was_sealed_reads_as_it_would_unsealed(history: list[Step]) -> None:
    for device in play(history):
        for made in device.tips.values():
            entries = list(scan(device.nodes(), made.version.side))
            assert build(Memory().nodes(), entries, SMALL) == made.version.side
            assert device.files(made) == {entry.key.hex(): entry.value for entry in entries}


@given(histories)
def test_a_sweep_without_a_key_keeps_exactly_what_is_held(history: list[Step]) -> None:
    for device in play(history):
        held = [made for made in (*device.tips.values(), device.base) if made is not None]
        device.sweep()
        kept = frozenset().union(*(device.forms(made) for made in held)) if held else frozenset()
        assert frozenset(device.blocks.cids()) >= kept
        assert device.blocks.stats().blocks == len({form.digest for form in kept})
        for form in kept:
            check(form, device.blocks.get(form))
        for made in held:
            device.holds(made)


@given(histories)
def test_a_table_made_again_leads_to_the_same(history: list[Step]) -> None:
    for device in play(history):
        before = device.merge()
        device.forget_table()
        assert device.merge() == before
        if before is not None:
            device.holds(before)


@given(histories)
def test_a_new_epoch_rewrites_nothing(history: list[Step]) -> None:
    for device in play(history):
        before = sorted(device.blocks.cids())
        device.learn(device.epoch + 1)
        assert sorted(device.blocks.cids()) == before
        if device.base is None:
            continue
        held = dict(device.sealed.pairs([device.base.pair]))
        made = dict(device.sealed.pairs([device.write({key(1000): b"\x91new"}).pair]))
        assert {cid: form for cid, form in made.items() if cid in held}.items() <= held.items()


names = st.sampled_from(["a", "b", "c"])
paths = st.lists(names, min_size=1, max_size=3).map(tuple)
trees = st.lists(st.dictionaries(paths, st.one_of(st.none(), st.binary(max_size=20)), max_size=6), max_size=5)


@given(trees, st.integers(0, 2))
def test_a_sealed_tree_of_files_has_the_root_of_an_open_one(
    batches: list[dict[tuple[str, ...], bytes | None]], epoch: int
) -> None:
    memory = Memory()
    sealed = open_blocks(MemoryBlocks(), MemoryState(), epoch)
    root = None
    for batch in batches:
        # A path below another one that is placed would be a conflict, which is not the matter here.
        wanted = {p: c for p, c in batch.items() if not any(p[: len(o)] == o for o in batch if o != p)}
        made: list[Link] = []
        with sealed.lease() as lease:
            for get, put, kept in ((memory.read, memory.put, None), (sealed.get, lease.put, lease)):
                changes: dict[tuple[str, ...], Change] = {}
                for path, content in wanted.items():
                    if content is None:
                        changes[path] = EMPTY_DIRECTORY
                        continue
                    builder = FileBuilder(put)
                    builder.write(content)
                    changes[path] = builder.finish()
                for path in wanted:
                    changes.update({path[:depth]: EMPTY_DIRECTORY for depth in range(1, len(path))})
                made.append(update_tree(get, put, root, changes))
                assert kept is None or sealed.get(made[-1].cid) == memory.read(made[0].cid)
        assert made[0] == made[1]
        root = made[0].cid
        for path, content in wanted.items():
            if content is not None:
                link = changes[path]
                assert isinstance(link, Link)
                assert b"".join(read_file(sealed.get, link.cid)) == content
