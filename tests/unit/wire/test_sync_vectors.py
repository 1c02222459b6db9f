"""The vectors of the sync protocol: read as they say, made again, and judged alike by the grammar."""

from __future__ import annotations

from typing import Any

import pycddl  # type: ignore[import-untyped]
import pytest

from leither.codec import Block, Cid, dagcbor
from leither.wire.sync_frame import Frames, encode
from leither.wire.sync_messages import MESSAGES
from tests.unit.mimei.test_vectors import SPEC, accepts, cases, error_code
from tools.vector_cases.case import dag_json

Case = dict[str, Any]


def each(kind: str, *, messages: bool = False) -> pytest.MarkDecorator:
    found = [case for case in cases("sync", kind) if "hex" in case or not messages]
    return pytest.mark.parametrize("case", found, ids=lambda case: case["name"])


@each("valid")
@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_a_frame_is_read_in_whatever_pieces_it_comes(case: Case, step: int) -> None:
    data, frames = bytes.fromhex(case["frame"]), Frames()
    twice = data + data
    found = [frame for start in range(0, len(twice), step) for frame in frames.receive(twice[start : start + step])]
    assert [encode(frame) for frame in found] == [data, data]
    if isinstance(found[0], Block):
        assert found[0] == (Cid.parse(case["cid"]), bytes.fromhex(case["data"]))
    else:
        assert found[0].encode().hex() == case["hex"]
        assert dag_json(dagcbor.decode(found[0].encode())) == case["value"]


@each("invalid")
def test_what_is_no_frame_is_refused_with_its_code(case: Case) -> None:
    assert error_code(lambda: list(Frames().receive(bytes.fromhex(case["frame"])))) == case["error"]


@each("valid", messages=True)
def test_the_grammar_accepts_a_message(case: Case) -> None:
    assert accepts(grammar_of(case), bytes.fromhex(case["hex"]))


@each("invalid", messages=True)
def test_the_grammar_refuses_what_it_can_see(case: Case) -> None:
    assert accepts(grammar_of(case), bytes.fromhex(case["hex"])) is not case["refused_by_grammar"]


def grammar_of(case: Case) -> pycddl.Schema:
    """The grammar of the kind that a message says it is, of any where it is none."""
    data = bytes.fromhex(case["hex"])
    kind = next((kind for kind in MESSAGES if kind.encode() in data), "sync-done")
    rules = [(SPEC / "format" / f"{part}.cddl").read_text("utf-8") for part in ("sync", "record")]
    return pycddl.Schema(f"given = {kind}\n" + "".join(rules))
