"""The same roots as the independent importer, for files, trees and sharded directories."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from leither import limits
from tests.conformance.independent import Content, Tree, importer_roots, our_roots

MIB = 1 << 20
# The importer takes a slash after a backslash for part of a name, so paths with backslashes mean something else to it.
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\\\0"), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..")
)
# Every example starts Node, so there are few, of many trees each, and a failing one isn't shrunk.
FEW = settings(max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate])


def test_files_of_any_size_have_the_same_root() -> None:
    sizes = [0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 7 * MIB + 13]
    trees: list[Tree] = [{"file": Content(size, bytes(range(251)))} for size in sizes]
    assert our_roots(trees) == importer_roots(trees)


def test_deep_files_have_the_same_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHUNK_BYTES", 4)
    monkeypatch.setattr(limits, "FILE_LINKS_MAX", 3)
    trees: list[Tree] = [{"file": Content(size, bytes(range(251)))} for size in range(0, 340, 3)]
    assert our_roots(trees) == importer_roots(trees, chunkBytes=4, fileLinks=3)


@pytest.mark.parametrize("count", [5_484, 5_485, 12_000])
def test_directories_around_the_threshold_have_the_same_root(count: int) -> None:
    tree: Tree = {str(number): Content(1, b"x") for number in range(count)}
    assert our_roots([tree]) == importer_roots([tree])


def test_a_sharded_directory_among_others_has_the_same_root() -> None:
    tree: dict[str, Content | None] = {
        f"docs/api/entry-{number:05}.html": Content(number % 7) for number in range(7_000)
    }
    tree |= {
        "docs/index.html": Content(2 * MIB, b"<p>"),
        "empty": None,
        "größe/日本/🙂": Content(3),
        ".hidden": Content(1),
    }
    assert our_roots([tree]) == importer_roots([tree])


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """A tree no path of which runs through a file."""
    tree: dict[str, Content | None] = {}
    paths = draw(st.lists(st.lists(NAMES, min_size=1, max_size=3).map("/".join), min_size=1, max_size=25, unique=True))
    for path in paths:
        if not any(other.startswith(path + "/") or path.startswith(other + "/") for other in tree):
            tree[path] = draw(st.none() | st.builds(Content, st.integers(0, 300)))
    return tree


@FEW
@given(several=st.lists(trees(), min_size=5, max_size=20))
def test_any_trees_have_the_same_roots(several: list[Tree]) -> None:
    assert our_roots(several) == importer_roots(several)


@FEW
@given(counts=st.lists(st.integers(1, 400), min_size=5, max_size=20), prefix=NAMES)
def test_any_sharded_directories_have_the_same_roots(counts: list[int], prefix: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "DIRECTORY_BLOCK_BYTES_MAX", 300)
        several: list[Tree] = [{f"{prefix}{number}": Content(number) for number in range(count)} for count in counts]
        assert our_roots(several) == importer_roots(several, directoryBytes=300)
