"""Laws of the records: one form for each value, no bytes that break a reader, and an order-free choice of release."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import cbor2
import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leither import limits
from leither.codec import DAG_CBOR, DAG_PB, RAW, Cid, NotCanonical, dagcbor
from leither.crypto import KeyPair, id_text, parse_id
from leither.errors import LeitherError
from leither.mimei.address import Address, parse_address
from leither.mimei.control import Control, WriterEntry
from leither.mimei.entry import (
    BadEntry,
    EntryType,
    PathEntry,
    Reference,
    decode_count,
    decode_path_entry,
    decode_reference,
    encode_count,
)
from leither.mimei.export import Export, Shelf
from leither.mimei.genesis import KINDS, Genesis
from leither.mimei.head import Head, Release, winning_release
from leither.mimei.path import after_subtree, below, key_path, path_key
from leither.mimei.record import BadSignature, NotARecord, Record
from leither.mimei.tag import NotATag, Tag, parse_tag
from leither.mimei.version import Seen, Version
from leither.people import Device, Grant, Presentation, Revocation, Successor
from leither.people import right as rights
from leither.people.erasure import Erasure

AUTHOR, WRITER = KeyPair(b"\1" * 32), KeyPair(b"\2" * 32)
RECORD_KINDS: tuple[type[Record], ...] = (
    *(Genesis, Control, Version, Head, Tag, Export, Shelf),
    *(Device, Revocation, Successor, Erasure, Grant, Presentation),
)

cids = st.builds(Cid.of, st.sampled_from((RAW, DAG_PB, DAG_CBOR)), st.binary(max_size=3))
cid_like = st.one_of(
    st.just(b"\x01\x55\0\0"), st.binary(min_size=32, max_size=32).map(b"\x12\x20".__add__), cids.map(bytes)
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(1 << 64), (1 << 64) - 1), texts, st.binary(max_size=40), cid_like, cids
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
ids = st.binary(min_size=20, max_size=20) | cid_like.map(lambda data: (data + bytes(20))[:20])
u63 = st.integers(0, (1 << 63) - 1)
seqs = st.integers(1, limits.MAP_SEQ_MAX)
numbers = st.integers(1, limits.MAP_WRITER_MAX)
times = st.integers(0, limits.TIME_MS_MAX)
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..")
)
paths = st.lists(names, max_size=6).map(tuple)

genesis = st.builds(
    Genesis,
    author=st.just(AUTHOR.public),
    app=texts,
    ext=texts,
    mark=texts,
    type=st.sampled_from(KINDS),
    salt=st.none() | st.binary(min_size=16, max_size=16),
)
controls = st.builds(
    Control,
    genesis=cids,
    created=times,
    epoch=u63,
    right=st.builds(rights.pack, everyone=st.integers(0, 511), members=st.integers(0, 511)),
    writers=st.builds(lambda number, acts: (WriterEntry(number, WRITER.public, acts),), numbers, st.integers(0, 511)),
    org=st.none() | ids,
    prev=st.none() | cids,
    quota=st.none() | u63,
    dropped=st.sets(cids, max_size=4).map(lambda found: tuple(sorted(found))),
    by=st.just(AUTHOR.public),
).map(lambda record: record.signed(AUTHOR))
versions = st.builds(
    Version,
    mimei=ids,
    n=u63,
    content=cids,
    side=cids,
    salt=st.binary(min_size=16, max_size=16),
    size_bytes=u63,
    parents=st.sets(cids, min_size=1, max_size=4).map(lambda found: tuple(sorted(found))),
    seen=st.dictionaries(numbers, seqs, max_size=4).map(
        lambda found: tuple(Seen(*item) for item in sorted(found.items()))
    ),
    siblings=st.none() | cids,
    note=texts,
    time=st.none() | times,
).map(lambda record: record.signed(WRITER))
heads = st.builds(
    Head,
    mimei=ids,
    epoch=u63,
    seq=seqs,
    tip=cids,
    prev=st.none() | cids,
    sealed=st.none() | cids,
    release=st.none() | st.builds(Release, cids, u63),
    by=st.just(WRITER.public),
).map(lambda record: record.signed(WRITER))
periods = st.tuples(times, times).filter(lambda pair: pair[0] < pair[1])
devices = st.builds(
    lambda name, seal, period: Device(
        device=WRITER.public, seal=seal, name=name, start_ms=period[0], until_ms=period[1], by=AUTHOR.public
    ).signed(AUTHOR),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20),
    st.binary(min_size=32, max_size=32),
    periods,
)
grants = st.builds(
    lambda mimei, acts, period, before: Grant(
        mimei=mimei,
        to=WRITER.public,
        rights=acts,
        start_ms=period[0],
        until_ms=period[1],
        passed_on=before,
        by=AUTHOR.public,
    ).signed(AUTHOR),
    ids,
    st.integers(1, 511),
    periods,
    st.none() | st.binary(max_size=40),
)
presentations = st.builds(
    lambda nonce, request, period: Presentation(
        who=AUTHOR.public,
        audience=WRITER.public,
        nonce=nonce,
        request=request,
        start_ms=period[0],
        until_ms=period[1],
        by=AUTHOR.public,
    ).signed(AUTHOR),
    st.binary(min_size=16, max_size=16),
    st.none() | st.binary(min_size=32, max_size=32),
    periods,
)
successors = times.map(lambda at: Successor.make(AUTHOR, WRITER, at=at))
records: st.SearchStrategy[Record] = st.one_of(
    genesis, controls, versions, heads, devices, grants, presentations, successors
)
entries = st.one_of(
    st.builds(
        PathEntry, st.just(EntryType.FILE), st.integers(0, 0o7777), times, cids, st.integers(0, limits.FILE_BYTES_MAX)
    ),
    st.builds(PathEntry, st.just(EntryType.DIRECTORY), st.integers(0, 0o7777), times),
    st.builds(PathEntry, st.just(EntryType.SYMLINK), st.integers(0, 0o7777), times, target=names),
    st.builds(PathEntry, st.just(EntryType.REFERENCE), mtime_ms=times, mimei=ids),
    st.builds(PathEntry, st.just(EntryType.REFERENCE), mtime_ms=times, cid=cids, mimei=ids, version=cids),
)


def boxed(value: object) -> object:
    """`value` as it comes back: links in boxes."""
    if isinstance(value, Cid):
        return dagcbor.BoxedLink(value)
    if isinstance(value, list):
        return [boxed(item) for item in value]
    return {name: boxed(item) for name, item in value.items()} if isinstance(value, dict) else value


@given(values)
def test_a_value_comes_back_and_keeps_links_and_bytes_apart(value: object) -> None:
    assert dagcbor.decode(dagcbor.encode(value)) == boxed(value)


@given(st.binary(max_size=60))
def test_bytes_that_are_read_are_the_only_form_of_their_value(data: bytes) -> None:
    with contextlib.suppress(NotCanonical):
        assert dagcbor.encode(dagcbor.decode(data)) == data


@given(values, st.data())
def test_a_changed_byte_gives_another_value_or_none(value: object, data: st.DataObject) -> None:
    encoded = dagcbor.encode(value)
    position, byte = data.draw(st.integers(0, len(encoded) - 1)), data.draw(st.integers(0, 255))
    assume(encoded[position] != byte)
    changed = encoded[:position] + bytes([byte]) + encoded[position + 1 :]
    with contextlib.suppress(NotCanonical):
        # Dicts compare regardless of order and 0 equals False, so the forms are compared, not the values.
        assert dagcbor.encode(dagcbor.decode(changed)) == changed


@given(st.dictionaries(texts, st.integers(0, 9), min_size=2, max_size=6), st.randoms())
def test_keys_in_any_other_order_are_refused(value: dict[str, int], random: Any) -> None:  # noqa: ANN401 -- hypothesis's
    items = list(value.items())
    random.shuffle(items)
    shuffled = cbor2.dumps(dict(items))
    if shuffled != dagcbor.encode(value):
        with pytest.raises(NotCanonical):
            dagcbor.decode(shuffled)


@given(records)
def test_a_record_comes_back_under_the_same_cid(record: Record) -> None:
    again = type(record).decode(record.encode())
    assert (again, again.cid) == (record, record.cid)
    if not isinstance(again, Genesis):
        again.check()  # type: ignore[attr-defined]


@given(records, st.data())
def test_a_changed_byte_of_a_signed_record_never_passes(record: Record, data: st.DataObject) -> None:
    assume(not isinstance(record, Genesis))
    encoded = record.encode()
    position, bit = data.draw(st.integers(0, len(encoded) - 1)), data.draw(st.integers(0, 7))
    changed = encoded[:position] + bytes([encoded[position] ^ 1 << bit]) + encoded[position + 1 :]
    with pytest.raises((NotARecord, BadSignature)):
        type(record).decode(changed).check()  # type: ignore[attr-defined]


@given(records, st.sampled_from(RECORD_KINDS))
def test_a_record_is_read_as_its_own_kind_only(record: Record, kind: type[Record]) -> None:
    assume(type(record) is not kind)
    with pytest.raises(NotARecord):
        kind.decode(record.encode())


@given(records, texts, values)
def test_a_field_added_or_replaced_is_refused_or_read_back(record: Record, name: str, value: object) -> None:
    plain: Any = dagcbor.decode(record.encode())
    field = name if name else "sig"
    data = dagcbor.encode(plain | {field: value})
    with contextlib.suppress(NotARecord):
        assert type(record).decode(data).encode() == data


@given(st.sampled_from(RECORD_KINDS), st.binary(max_size=200))
def test_any_bytes_are_a_record_or_refused_by_name(kind: type[Record], data: bytes) -> None:
    with contextlib.suppress(NotARecord):
        assert kind.decode(data).encode() == data


@given(st.lists(st.tuples(numbers, heads), max_size=6, unique_by=lambda pair: pair[0]), st.randoms())
def test_the_winning_release_does_not_depend_on_the_order(pairs: list[tuple[int, Head]], random: Any) -> None:  # noqa: ANN401
    shuffled = list(pairs)
    random.shuffle(shuffled)
    winner = winning_release(pairs)
    assert winning_release(shuffled) == winner
    assert (winner is None) == all(head.release is None for _, head in pairs)
    assert winner is None or winner.turn == max(head.release.turn for _, head in pairs if head.release)


@given(entries)
def test_a_path_entry_comes_back(entry: PathEntry) -> None:
    assert decode_path_entry(entry.encode()) == entry
    assert entry.encode()[0] >= 0x80


@given(st.integers(0x80, 0x87), st.binary(max_size=120))
def test_any_value_is_an_entry_with_one_form_or_refused(kind: int, rest: bytes) -> None:
    value = bytes([kind]) + rest
    with contextlib.suppress(BadEntry):
        assert decode_path_entry(value).encode() == value
    with contextlib.suppress(BadEntry):
        assert encode_count(decode_count(value)) == value


@given(st.integers(0x80, 0x83), st.binary(max_size=60))
def test_any_key_has_one_meaning_or_is_refused(kind: int, rest: bytes) -> None:
    key = bytes([kind]) + rest
    with contextlib.suppress(BadEntry):
        assert path_key(key_path(key)) == key
    with contextlib.suppress(BadEntry):
        assert decode_reference(key).key == key


@given(ids, st.none() | cids)
def test_a_reference_comes_back(mimei: Any, version: Cid | None) -> None:  # noqa: ANN401 -- an id's bytes
    assert decode_reference(Reference(mimei, version).key) == Reference(mimei, version)


@given(paths, paths)
def test_exactly_what_is_under_a_path_is_in_its_range(path: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert key_path(path_key(path)) == path
    for candidate in (other, path + other, path[:1] + other):
        start, stop = below(path)
        is_under = len(candidate) > len(path) and candidate[: len(path)] == path
        assert (start <= path_key(candidate) < stop) == is_under
        if is_under:
            assert path_key(path) < path_key(candidate) < after_subtree(path)


@given(st.text(max_size=80))
def test_any_text_is_an_address_a_tag_and_a_right_or_refused(text: str) -> None:
    readers: tuple[Callable[[str], object], ...] = (parse_address, parse_id, parse_tag, rights.parse, Cid.parse)
    for read in readers:
        with contextlib.suppress(LeitherError):
            read(text)


@given(ids, st.none() | st.sampled_from(("cur", "last", "release")) | st.integers(0, 10**18 - 1) | cids)
def test_an_address_comes_back_from_its_text(mimei: Any, version: Any) -> None:  # noqa: ANN401 -- what an address takes
    assert parse_address(str(Address(mimei, version))) == Address(mimei, version)
    assert parse_id(id_text(mimei)) == mimei


@given(st.integers(0, 511), st.integers(0, 511))
def test_a_right_comes_back_from_its_text(everyone: int, members: int) -> None:
    right = rights.pack(everyone=everyone, members=members)
    assert rights.parse(rights.text(rights.check(right))) == right


@given(texts, texts)
def test_a_tag_that_parses_makes_a_record_that_is_read(dimension: str, value: str) -> None:
    with contextlib.suppress(NotATag):
        parts = parse_tag(f"{dimension}:{value}")
        tag = Tag(mimei=bytes(20), dimension=parts[0], value=parts[1], at=0, by=AUTHOR.public).signed(AUTHOR)
        assert Tag.decode(tag.encode()).check() == tag


@given(versions)
def test_a_version_without_its_signature_is_no_merge(version: Version) -> None:
    with pytest.raises(BadSignature):
        msgspec.structs.replace(version, sig=None).check()
