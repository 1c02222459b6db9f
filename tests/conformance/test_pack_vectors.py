"""The pack format's vectors: whole packs and what a reader finds in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cbor2
import pycddl  # type: ignore[import-untyped]
import pytest

from leither.store.frame import PACK_HEADER_BYTES, frame_header, pack_header, pack_header_is_sound
from leither.store.pack_file import PackFiles
from leither.store.pack_walk import Gap, walk

SPEC = Path(__file__).parents[2] / "spec"
VECTORS = SPEC / "vectors" / "pack"
VALID = json.loads((VECTORS / "valid.json").read_text())
DAMAGED = json.loads((VECTORS / "damaged.json").read_text())


def found(case: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    files = PackFiles(folder)
    data = bytes.fromhex(case["bytes"])
    files.path(case["number"]).write_bytes(data)
    seen: list[dict[str, Any]] = []
    for one in walk(files.get(case["number"]), PACK_HEADER_BYTES, len(data), hashing=True):
        if isinstance(one, Gap):
            seen.append({"start": one.start, "end": one.end, "open_end": one.open_end})
        else:
            place = one.place
            seen.append(
                {
                    "offset": place.offset,
                    "codec": place.codec,
                    "length": place.length,
                    "digest": one.digest.hex(),
                    "sound": one.sound,
                }
            )
    return seen


@pytest.mark.parametrize("case", [*VALID, *DAMAGED], ids=lambda case: case["name"])
def test_a_reader_finds_what_the_vector_says(case: dict[str, Any], tmp_path: Path) -> None:
    assert found(case, tmp_path) == case["found"]
    header = bytes.fromhex(case["bytes"])[:PACK_HEADER_BYTES]
    assert pack_header_is_sound(header, case["number"], case["name"]) == case["header_is_sound"]


@pytest.mark.parametrize("case", VALID, ids=lambda case: case["name"])
def test_writing_the_frames_again_gives_the_same_bytes(case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["bytes"])
    written = pack_header(case["number"])
    for frame in case["found"]:
        digest = bytes.fromhex(frame["digest"])
        header = frame_header(case["number"], frame["offset"], frame["codec"], digest, frame["length"])
        start = frame["offset"] + len(header)
        assert frame["offset"] == len(written)
        written += header + data[start : start + frame["length"]]
    assert written == data


def test_the_vectors_have_the_shape_the_grammar_gives() -> None:
    grammar = (SPEC / "format" / "pack.cddl").read_text()
    schema = pycddl.Schema("start = cases\n" + grammar)
    for cases in (VALID, DAMAGED):
        schema.validate_cbor(cbor2.dumps(cases))


def test_the_grammar_refuses_another_shape() -> None:
    schema = pycddl.Schema("start = cases\n" + (SPEC / "format" / "pack.cddl").read_text())
    with pytest.raises(pycddl.ValidationError):
        schema.validate_cbor(cbor2.dumps([{**VALID[0], "number": 0}]))
