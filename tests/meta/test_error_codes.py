"""Programs match on the code of an error, so a code means one thing."""

from __future__ import annotations

from collections import defaultdict

from leither.errors import LeitherError, NotFound
from tools.reference_pages import error_classes


def shared_codes(classes: set[type[LeitherError]]) -> list[str]:
    by_code = defaultdict(list)
    for kind in classes:
        by_code[kind.code].append(f"{kind.__module__}.{kind.__qualname__}")
    return [f"{code}: {', '.join(sorted(names))}" for code, names in sorted(by_code.items()) if len(names) > 1]


def test_every_reason_has_a_code_of_its_own() -> None:
    assert shared_codes(error_classes()) == []


def test_a_code_that_two_reasons_share_is_named() -> None:
    class One(NotFound):
        code = "twice"

    class Other(NotFound):
        code = "twice"

    (shared,) = shared_codes({One, Other})
    assert shared.startswith("twice: ")


def test_every_error_has_a_code_beside_those_of_the_families() -> None:
    assert [kind for kind in error_classes() if "code" not in vars(kind)] == []
