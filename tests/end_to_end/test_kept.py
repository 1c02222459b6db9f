"""A private MiMei on the node of somebody who can't read it: kept, checked, given on, by the command line."""

from pathlib import Path

from tests.end_to_end.program import ok, up
from tests.end_to_end.test_private import SECRET, packs_of


def test_a_keeper_keeps_a_private_folder_and_gives_it_on_without_reading_it(home: Path, tmp_path: Path) -> None:
    note, car, again, back = (tmp_path / name for name in ("hidden-name.txt", "one.car", "two.car", "back"))
    note.write_text(SECRET)
    keeper, reader = tmp_path / "keeper", tmp_path / "reader"
    mimei = ok(home, "mm", "create", "--private", "--mark", "secret-mark")["id"]
    ok(home, "mm", "put", mimei, str(note))
    keys = ok(reader, "share", "key", "--private")["key"]
    ok(home, "share", mimei, "--to", keys, "--may", "read-versions")
    ok(home, "export", str(car), mimei)
    with up(keeper):
        assert ok(keeper, "import", str(car))["mimei"][0]["state"] == "kept"
        assert [item["id"] for item in ok(keeper, "kept", "list")["items"]] == [mimei]
        assert mimei not in [item["id"] for item in ok(keeper, "mm", "list")["items"]]
        ok(keeper, "gc")
        ok(keeper, "verify")
        ok(keeper, "export", str(again), mimei)
    stored = packs_of(keeper)
    assert len(stored) > 500
    for word in (b"treasure", b"hidden-name", b"secret-mark"):
        assert word not in stored
    ok(reader, "import", str(again))
    ok(reader, "mm", "get", f"{mimei}@last", "-o", str(back))
    assert (back / "hidden-name.txt").read_text() == SECRET
    ok(keeper, "kept", "forget", mimei)
    assert ok(keeper, "kept", "list")["items"] == []
