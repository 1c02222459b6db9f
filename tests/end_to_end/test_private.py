"""A private MiMei through the command line, on a node of its own: what is on disk for others to keep is sealed."""

from pathlib import Path

from tests.end_to_end.program import ok, up

SECRET = "the treasure lies under the third oak. " * 100


def packs_of(home: Path) -> bytes:
    """All that the store of blocks has on disk."""
    return b"".join(path.read_bytes() for path in sorted((home / "blocks").rglob("*")) if path.is_file())


def test_a_private_mimei_lives_through_restore_and_collection_and_its_packs_tell_nothing(
    home: Path, tmp_path: Path
) -> None:
    note = tmp_path / "hidden-name.txt"
    note.write_text(SECRET)
    back = tmp_path / "back"
    with up(home):
        made = ok(home, "mm", "create", "--private", "--app", "secret-app", "--mark", "secret-mark")
        mimei = made["id"]
        assert made["private"]
        ok(home, "mm", "put", mimei, str(note))
        ok(home, "backup", mimei)
        note.write_text("moved")
        ok(home, "mm", "put", mimei, str(note))
        ok(home, "backup", mimei)
        ok(home, "release", f"{mimei}@0")
        ok(home, "gc")
    assert ok(home, "mm", "info", mimei)["versions"] == 2
    ok(home, "restore", f"{mimei}@0")
    ok(home, "mm", "get", mimei, "-o", str(back))
    assert (back / "hidden-name.txt").read_text() == SECRET
    ok(home, "verify")
    data = ok(home, "mm", "create", "--private", "--type", "db", "--mark", "secret-data")["id"]
    ok(home, "db", data, "SET", "treasure", "oak")
    ok(home, "backup", data)
    assert ok(home, "db", f"{data}@0", "GET", "treasure")["reply"] == "oak"
    stored = packs_of(home)
    assert stored
    for word in (b"treasure", b"hidden-name", b"secret-app", b"secret-mark", b"secret-data"):
        assert word not in stored


def test_a_new_home_with_the_identity_reads_what_an_export_holds(home: Path, tmp_path: Path) -> None:
    note, car, back = tmp_path / "hidden-name.txt", tmp_path / "node.car", tmp_path / "back"
    note.write_text(SECRET)
    mimei = ok(home, "mm", "create", "--private", "--mark", "secret-mark")["id"]
    ok(home, "mm", "put", mimei, str(note))
    ok(home, "export", str(car), "--with-identity", LEITHER_PASSPHRASE="a long sentence of your own")
    for word in (b"treasure", b"hidden-name", b"secret-mark"):
        assert word not in car.read_bytes()
    new = tmp_path / "new"
    ok(new, "import", str(car), LEITHER_PASSPHRASE="a long sentence of your own")
    ok(new, "mm", "get", mimei, "-o", str(back))
    assert (back / "hidden-name.txt").read_text() == SECRET
    assert ok(new, "mm", "info", mimei)["private"]
    ok(new, "verify")
    assert b"treasure" not in packs_of(new)
