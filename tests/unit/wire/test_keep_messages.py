"""The vectors of `/leither/keep/1`."""

from __future__ import annotations

import pycddl  # type: ignore[import-untyped]

from leither.codec import dagcbor
from leither.wire.keep_messages import decode
from tests.unit.mimei.test_vectors import SPEC, Case, accepts, data_of, each, error_code
from tools.vector_cases.case import dag_json


def grammar_of(data: bytes) -> pycddl.Schema:
    """The grammar of the kind that `data` says it is, as the validator is lax in choices of maps."""
    rules = ("wish", "kept", "return", "refused")
    rule = next((rule for rule in rules if f"keep-{rule}".encode() in data), "keeping")
    return pycddl.Schema(f"given = {rule}\n" + (SPEC / "format" / "keeping.cddl").read_text("utf-8"))


@each("valid", "keeping")
def test_a_message_is_read_and_made_again(name: str, case: Case) -> None:
    data = data_of(case)
    assert decode(data).encode() == data
    assert dag_json(dagcbor.decode(data)) == case["value"]
    assert accepts(grammar_of(data), data)


@each("invalid", "keeping")
def test_what_is_no_message_is_refused_with_its_code(name: str, case: Case) -> None:
    data = data_of(case)
    assert error_code(lambda: decode(data)) == case["error"]
    assert accepts(grammar_of(data), data) is not case["refused_by_grammar"]
