"""Files and functions stay small enough to read in one sitting."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.meta.tree import parsed, project_files, shown, sources

FILE_LINES_MAX = 400
FILE_LINES_HARD_MAX = 600
FUNCTION_LINES_MAX = 60

LONG_FILES: frozenset[str] = frozenset()
"""Files that may pass 400 lines, each with its reason in a comment. None today."""


def long_functions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield node.name, lines


def line_counts() -> dict[str, int]:
    return {shown(path): path.read_text("utf-8").count("\n") for path in sources()}


def test_no_file_is_longer_than_its_limit() -> None:
    assert {name: n for name, n in line_counts().items() if n > FILE_LINES_MAX and name not in LONG_FILES} == {}


def test_no_exception_reaches_past_the_hard_limit() -> None:
    assert {name: n for name, n in line_counts().items() if n > FILE_LINES_HARD_MAX} == {}


def test_every_exception_is_still_needed() -> None:
    counts = line_counts()
    assert {name for name in LONG_FILES if counts.get(name, 0) <= FILE_LINES_MAX} == set()


def test_no_function_is_longer_than_its_limit() -> None:
    tests = [path for path in project_files() if path.suffix == ".py" and shown(path).startswith("tests/")]
    found = [(shown(path), *hit) for path in (*sources(), *tests) for hit in long_functions(parsed(path))]
    assert found == []


def test_a_function_of_one_line_too_many_is_found() -> None:
    body = "    pass\n" * FUNCTION_LINES_MAX
    assert list(long_functions(ast.parse(f"def long():\n{body}"))) == [("long", FUNCTION_LINES_MAX + 1)]
