"""A file, a class and a function are named by what they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.meta.tree import PACKAGE, parsed, shown, sources

EMPTY_NAMES = frozenset({"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"})


def words(name: str) -> set[str]:
    """The lower-case words of a snake_case or CapWords name."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)}


def undocumented(tree: ast.Module | ast.ClassDef) -> Iterator[str]:
    """Public classes and functions without a docstring; an override or overload is described where it overrides."""
    for node in tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        marks = {ast.unparse(mark).rpartition(".")[2] for mark in node.decorator_list}
        if not marks & {"overload", "override", "setter"} and not ast.get_docstring(node):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{name}" for name in undocumented(node))


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    names = {path.relative_to(PACKAGE): path.relative_to(PACKAGE).with_suffix("").parts for path in sources()}
    assert [str(path) for path, parts in names.items() for part in parts if words(part) & EMPTY_NAMES] == []


def test_no_class_has_a_name_that_says_nothing() -> None:
    classes = ((path, node) for path in sources() for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef))
    assert [(shown(path), node.name) for path, node in classes if words(node.name) & EMPTY_NAMES] == []


def test_every_public_class_and_function_has_a_docstring() -> None:
    assert [(shown(path), name) for path in sources() for name in undocumented(parsed(path))] == []


def test_a_missing_docstring_is_found_in_a_class() -> None:
    tree = ast.parse('class Shelf:\n    """Holds books."""\n    def add(self): ...\n    def _sort(self): ...\n')
    assert list(undocumented(tree)) == ["Shelf.add"]


def test_the_words_of_a_name_are_told_apart() -> None:
    assert words("HTTPHelper") == {"http", "helper"}
    assert words("byte_utils") == {"byte", "utils"}
