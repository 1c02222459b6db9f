"""Version: a read-only state, signed by its writer unless it is a merge, which is nobody's."""

import msgspec
import pytest

from leither import limits
from leither.codec import Cid
from leither.mimei.record import BadSignature, NotARecord
from leither.mimei.version import Seen, Version, seen_tuple
from tests.unit.mimei.samples import MERGE, STRANGER, VERSION, WRITER, changed, cid


def refused(version: Version, **fields: object) -> str:
    with pytest.raises(NotARecord) as caught:
        Version.decode(changed(version, **fields))
    return caught.value.reason


def test_a_writers_signature_holds() -> None:
    assert Version.decode(VERSION.encode()).check() == VERSION
    assert not VERSION.is_merge


def test_a_merge_passes_without_a_signature() -> None:
    assert Version.decode(MERGE.encode()).check() == MERGE
    assert MERGE.is_merge


def test_signing_names_the_signer() -> None:
    signed = msgspec.structs.replace(VERSION, by=None, sig=None).signed(WRITER)
    assert (signed.by, signed) == (WRITER.public, VERSION)


@pytest.mark.parametrize(
    "fields", [{"note": "other"}, {"n": 5}, {"time": 1}, {"bytes": 0}, {"by": STRANGER.public}, {"seen": []}]
)
def test_a_signature_covers_every_field(fields: dict[str, object]) -> None:
    shown = {name: value for name, value in fields.items() if value != []} or {"seen": [[1, 8]]}
    with pytest.raises(BadSignature):
        Version.decode(changed(VERSION, **shown)).check()


def test_a_version_without_its_writers_signature_does_not_pass() -> None:
    with pytest.raises(BadSignature):
        Version.decode(changed(VERSION, sig=...)).check()


@pytest.mark.parametrize("field", [{"note": "x"}, {"time": 1}, {"time": 0}, {"sig": bytes(64)}])
def test_a_merge_carries_nobodys_word(field: dict[str, object]) -> None:
    assert refused(MERGE, **field) == "a merge has no time, note or signature"


@pytest.mark.parametrize("fields", [{"parents": [cid("a")]}, {"parents": ..., "n": 0}, {"n": 0}])
def test_an_unsigned_version_joins_two_or_more_parents(fields: dict[str, object]) -> None:
    assert "not a merge" in refused(MERGE, **fields)


def test_a_version_with_no_parent_is_number_0() -> None:
    assert Version.decode(changed(VERSION, parents=..., n=0)).parents == ()
    assert "without a parent" in refused(VERSION, parents=...)


def test_a_fork_is_number_0_with_a_parent() -> None:
    assert Version.decode(changed(VERSION, n=0)).parents == VERSION.parents


def test_parents_are_sorted_each_once() -> None:
    assert refused(MERGE, parents=list(reversed(MERGE.parents))) == "parents are not sorted"
    assert refused(MERGE, parents=[MERGE.parents[0]] * 2) == "parents are not sorted"


def test_seen_is_sorted_by_writer_each_once() -> None:
    assert refused(VERSION, seen=[[7, 2], [1, 9]]) == "seen is not sorted by writer"
    assert refused(VERSION, seen=[[1, 2], [1, 9]]) == "seen is not sorted by writer"


@pytest.mark.parametrize(
    "seen", [[[0, 1]], [[1 << 32, 1]], [[1, 0]], [[1, limits.MAP_SEQ_MAX + 1]], [[1]], [[1, 1, 1]], [1]]
)
def test_malformed_seen_is_refused(seen: object) -> None:
    refused(VERSION, seen=seen)


def test_seen_and_its_map_lead_to_each_other() -> None:
    assert VERSION.seen_map == {1: 9, 7: 2}
    assert seen_tuple({7: 2, 1: 9}) == VERSION.seen == (Seen(1, 9), Seen(7, 2))


def test_a_note_is_bounded_in_bytes() -> None:
    longest = "é" * (limits.NOTE_BYTES_MAX // 2)
    assert Version.decode(changed(VERSION, note=longest)).note == longest
    assert "shorten it" in refused(VERSION, note=longest + "x")
    assert "length" in refused(VERSION, note="x" * (limits.NOTE_BYTES_MAX + 1))


def test_more_parents_than_the_limit_are_refused() -> None:
    parents = sorted(cid(str(number)) for number in range(limits.PARENTS_MAX + 1))
    assert len(Version.decode(changed(MERGE, parents=parents[:-1])).parents) == limits.PARENTS_MAX
    assert "length" in refused(MERGE, parents=parents)


@pytest.mark.parametrize("salt", [b"", bytes(15), bytes(17), Cid(cid("a")), "a" * 16])
def test_a_salt_has_sixteen_bytes(salt: object) -> None:
    refused(VERSION, salt=salt)


@pytest.mark.parametrize("number", [-1, 1 << 63, 1 << 64 - 1, "1", True, None])
@pytest.mark.parametrize("field", ["n", "bytes", "key_epoch"])
def test_a_number_out_of_range_is_refused(field: str, number: object) -> None:
    refused(VERSION, **{field: number})
