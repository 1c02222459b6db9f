"""Conflicts from the command line: listed, taken, resolved, of files and of databases."""

from pathlib import Path

import pytest

from tests.end_to_end.program import leither, ok

pytestmark = pytest.mark.network


PASSPHRASE = "correct horse"


def carried(source: Path, target: Path, tmp_path: Path, *options: str) -> None:
    file = tmp_path / "carried.car"
    file.unlink(missing_ok=True)
    ok(source, "export", str(file), *options, LEITHER_PASSPHRASE=PASSPHRASE)
    ok(target, "import", str(file), LEITHER_PASSPHRASE=PASSPHRASE)


def test_each_side_of_a_conflict_is_named_and_chosen(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    ok(home, "mm", "create", "--type", "db", "--mark", "words")
    leither(home, "db", "words", "SET", "greeting", "hello")
    ok(home, "backup", "words")
    carried(home, other, tmp_path, "--with-identity")
    for place, said in ((home, "hi"), (other, "moin")):
        leither(place, "db", "words", "SET", "greeting", said)
        leither(place, "db", "words", "HSET", "more", "evening", said)
        ok(place, "backup", "words")
    carried(other, home, tmp_path)
    shown = leither(home, "conflicts", "words").out
    assert "greeting" in shown
    assert "more field evening" in shown
    (item,) = [one for one in ok(home, "conflicts", "words")["items"] if one["database"]["key"] == "greeting"]
    (aside,) = item["others"]
    taken = leither(home, "conflicts", "take", "words", "greeting", str(aside["writer"]), str(aside["seq"]))
    assert "greeting is what writer" in taken.out, taken
    assert leither(home, "db", "words", "GET", "greeting").out.strip().strip('"') == aside["value"]
    done = ok(home, "conflicts", "resolve", "words")
    assert done == {"resolved": ["more field evening"], "left": 0}
    ok(home, "backup", "words")
    assert ok(home, "conflicts", "words")["items"] == []
