"""The journal's vectors: segments, and what is read from them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pycddl  # type: ignore[import-untyped]
import pytest

from leither.store import Disk, StateDamaged
from leither.store.journal import Journal
from leither.store.journal_frame import decode_changes, encode_changes, frame_header, segment_header

SPEC = Path(__file__).parents[2] / "spec"
VALID = json.loads((SPEC / "vectors" / "journal" / "valid.json").read_text())
INVALID = json.loads((SPEC / "vectors" / "journal" / "invalid.json").read_text())


def laid_out(case: dict[str, Any], folder: Path) -> Journal:
    (folder / f"{case['first']:020}.journal").write_bytes(bytes.fromhex(case["hex"]))
    if not case.get("last", True):
        (folder / f"{13:020}.journal").write_bytes(segment_header(13))
    return Journal(folder, Disk())


def told(changes: Iterable[tuple[bytes, bytes | None]]) -> list[list[str]]:
    return [[key.hex()] if value is None else [key.hex(), value.hex()] for key, value in changes]


@pytest.mark.parametrize("case", VALID, ids=lambda case: case["name"])
def test_a_segment_holds_what_the_vector_says(case: dict[str, Any], tmp_path: Path) -> None:
    frames = laid_out(case, tmp_path).replay(case["first"] - 1)
    found = [{"seq": frame.seq, "changes": told(decode_changes(frame.payload))} for frame in frames]
    assert found == case["frames"]


@pytest.mark.parametrize("case", VALID, ids=lambda case: case["name"])
def test_writing_the_frames_again_gives_the_same_bytes(case: dict[str, Any]) -> None:
    data = segment_header(case["first"])
    for frame in case["frames"]:
        changes = {bytes.fromhex(key): bytes.fromhex(value[0]) if value else None for key, *value in frame["changes"]}
        payload = encode_changes(changes)
        data += frame_header(case["first"], len(data), frame["seq"], payload) + payload
    assert case["hex"].startswith(data.hex()) or not case["frames"]


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case["name"])
def test_a_damaged_segment_is_refused(case: dict[str, Any], tmp_path: Path) -> None:
    journal = laid_out(case, tmp_path)
    with pytest.raises(StateDamaged) as error:
        list(journal.replay(case["first"] - 1))
    assert error.value.code == case["error"]


def test_a_missing_segment_is_noticed(tmp_path: Path) -> None:
    journal = laid_out({"first": 9, "hex": segment_header(9).hex()}, tmp_path)
    with pytest.raises(StateDamaged, match="changes 5 to 8 before it are missing"):
        list(journal.replay(4))


def test_vectors_have_the_shape_of_the_grammar() -> None:
    import cbor2

    schema = pycddl.Schema("start = cases\n" + (SPEC / "format" / "journal.cddl").read_text())
    for cases in (VALID, INVALID):
        schema.validate_cbor(cbor2.dumps(cases))
