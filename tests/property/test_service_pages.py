"""Writes at offsets, against a bytearray."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.people import OWNER
from leither.service import history, pages
from leither.service.backup import backup
from leither.service.tree import open_tree, read_bytes
from leither.testing.node import memory_engines
from leither.unixfs import FileBuilder
from tests.unit.service.life import counters, made, put, recounted, version

CHUNK = limits.CHUNK_BYTES
PAGE = limits.PAGE_BYTES
edges = st.sampled_from([0, 1, PAGE - 1, PAGE, PAGE + 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + PAGE + 7])
pieces = st.builds(lambda byte, size: bytes((byte,)) * size, st.integers(0, 255), st.sampled_from([0, 1, 5, PAGE + 3]))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), edges, pieces),
        st.tuples(st.just("write"), edges, pieces),
        st.tuples(st.just("truncate"), edges, st.just(b"")),
        st.tuples(st.just("put"), st.just(0), pieces),
        st.tuples(st.just("read"), st.just(0), st.just(b"")),
        st.tuples(st.just("backup"), st.just(0), st.just(b"")),
        st.tuples(st.just("discard"), st.just(0), st.just(b"")),
    ),
    max_size=12,
)


@pytest.mark.timeout(600)
@given(steps)
def test_a_file_written_at_offsets_is_as_one_written_at_once(history_steps: list[tuple[str, int, bytes]]) -> None:
    engines = memory_engines()
    file = made(engines, "file")
    model, saved = bytearray(), b""
    backup(engines, file)
    for what, offset, data in history_steps:
        if what == "write":
            pages.write_at(engines, file, offset, data)
            if data:
                model.extend(bytes(max(0, offset + len(data) - len(model))))
                model[offset : offset + len(data)] = data
        elif what == "truncate":
            pages.truncate(engines, file, offset)
            model = model[:offset].ljust(offset, b"\0")
        elif what == "put":
            put(engines, file, "", data)
            model = bytearray(data)
        elif what == "backup":
            backup(engines, file)
            saved = bytes(model)
        elif what == "discard":
            history.discard(engines, file)
            model = bytearray(saved)
        else:
            with open_tree(engines, file, "cur", OWNER) as tree:
                entry = tree.entries.entry(())
                if entry is not None and entry.cid is not None:
                    assert b"".join(read_bytes(engines, entry.cid)) == model
        assert counters(engines, file) == recounted(engines, file)
    record = version(engines, backup(engines, file).cid)
    builder = FileBuilder(lambda _: None)
    builder.write(bytes(model))
    assert record.content == builder.finish().cid
    assert record.size_bytes == len(model)
