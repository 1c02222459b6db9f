"""A format is its text, its grammar and its vectors; none stands alone."""

from __future__ import annotations

from pathlib import Path

from tests.meta.tree import ROOT

SPEC = ROOT / "spec"


def lacking(spec: Path) -> list[str]:
    """What the formats described under `spec` lack, as sentences."""
    found = []
    for page in sorted((spec / "format").glob("*.md")):
        if page.stem == "README":
            continue
        if not page.with_suffix(".cddl").is_file():
            found.append(f"{page.stem} has no grammar")
        vectors = spec / "vectors" / page.stem
        if not (vectors / "README.md").is_file():
            found.append(f"{page.stem} has no README for its vectors")
        if not any(path.name != "README.md" for path in vectors.glob("*")):
            found.append(f"{page.stem} has no vectors")
    return found


def test_every_format_has_a_grammar_and_vectors() -> None:
    assert lacking(SPEC) == []


def test_a_format_that_is_only_text_is_found(tmp_path: Path) -> None:
    (tmp_path / "format").mkdir()
    (tmp_path / "format" / "genesis.md").write_text("# Genesis\n")
    assert lacking(tmp_path) == [
        "genesis has no grammar",
        "genesis has no README for its vectors",
        "genesis has no vectors",
    ]
