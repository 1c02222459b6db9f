"""Who the owner is: words, passphrase, a new key, devices, and coming back on an empty machine."""

from pathlib import Path

import pytest

from leither.crypto import read_phrase, write_phrase
from tests.end_to_end.program import leither, ok, process, up

pytestmark = pytest.mark.network
PASSPHRASE = "correct horse"


def published(home: Path, site: Path, tmp_path: Path) -> str:
    """Publish twice, and leave a change unsaved; return the app's id."""
    ok(home, "app", "publish", str(site))
    (site / "index.html").write_text("two")
    made = str(ok(home, "app", "publish", str(site))["id"])
    (tmp_path / "more").write_text("more")
    ok(home, "mm", "put", made, str(tmp_path / "more"))
    return made


def words_of(home: Path, **more: str) -> str:
    return str(ok(home, "identity", "words", "--yes", stdin=b"", **more)["words"])


def recovered(home: Path, words: str, *arguments: str) -> dict[str, object]:
    return dict(ok(home, "identity", "recover", *arguments, stdin=f"{words}\n".encode()))


def test_words_alone_bring_the_same_ids_back(home: Path, site: Path, tmp_path: Path) -> None:
    made = published(home, site, tmp_path)
    other = tmp_path / "other"
    assert recovered(other, words_of(home))["person"] == ok(home, "status")["person"]
    (site / "index.html").write_text("one")
    assert ok(other, "app", "publish", str(site))["id"] == made
    assert ok(other, "identity", "show")["index"] == ok(home, "identity", "show")["index"]


def test_words_and_an_export_bring_everything_back_byte_for_byte(home: Path, site: Path, tmp_path: Path) -> None:
    made = published(home, site, tmp_path)
    file, again, other = tmp_path / "all.car", tmp_path / "again.car", tmp_path / "other"
    ok(home, "export", str(file))
    done = recovered(other, words_of(home), "--from", str(file))
    listed = done["mimei"]
    assert isinstance(listed, list)
    assert [(each["id"], each["held"]) for each in listed] == [(made, True)]
    for command in (("log", made), ("mm", "ls", f"{made}@0"), ("mm", "ls", made), ("right", "get", made)):
        assert ok(other, *command) == ok(home, *command)
    assert leither(other, "mm", "cat", made, "more").out == "more"
    ok(home, "export", str(again), made)
    ok(other, "export", str(tmp_path / "theirs.car"), made)
    assert (tmp_path / "theirs.car").read_bytes() == again.read_bytes()


def test_what_the_index_names_and_the_export_lacks_is_told(home: Path, site: Path, tmp_path: Path) -> None:
    made = published(home, site, tmp_path)
    index = ok(home, "identity", "show")["index"]
    file, other = tmp_path / "index.car", tmp_path / "other"
    ok(home, "export", str(file), index)
    listed = recovered(other, words_of(home), "--from", str(file))["mimei"]
    assert isinstance(listed, list)
    assert [(each["id"], each["held"]) for each in listed] == [(made, False)]


def test_wrong_words_are_told_apart(home: Path) -> None:
    right = write_phrase(bytes(32))
    for words, status, said in (
        ("abandon " * 3, 2, "has 24 words"),
        (right.replace("abandon", "abandom", 1), 2, "abandon"),
        (" ".join(reversed(right.split())), 2, "no recovery phrase"),
    ):
        answer = leither(home, "identity", "recover", stdin=f"{words}\n".encode())
        assert (answer.status, said in answer.err) == (status, True), answer
    assert not (home / "identity").exists()


def test_words_of_somebody_else_do_not_open_an_export(home: Path, site: Path, tmp_path: Path) -> None:
    published(home, site, tmp_path)
    ok(home, "export", str(tmp_path / "all.car"))
    words = write_phrase(bytes(32))
    answer = leither(
        tmp_path / "other", "identity", "recover", "--from", str(tmp_path / "all.car"), stdin=f"{words}\n".encode()
    )
    assert answer.status == 6
    assert "nothing that this person made" in answer.err


def test_private_mimei_come_back_by_name_from_the_words_even_those_of_a_former_key(home: Path, tmp_path: Path) -> None:
    note, car, back = tmp_path / "note.txt", tmp_path / "all.car", tmp_path / "back"
    note.write_text("a secret")
    mimei = ok(home, "mm", "create", "--private", "--mark", "secret-mark")["id"]
    ok(home, "mm", "put", mimei, str(note))
    ok(home, "identity", "rotate", "--yes")
    ok(home, "export", str(car))
    assert b"secret-mark" not in car.read_bytes()
    other = tmp_path / "other"
    listed = recovered(other, words_of(home), "--from", str(car))["mimei"]
    assert isinstance(listed, list)
    assert (mimei, "secret-mark", True) in [(one["id"], one["mark"], one["held"]) for one in listed]
    ok(other, "mm", "get", mimei, "-o", str(back))
    assert (back / "note.txt").read_text() == "a secret"


def test_a_folder_that_is_somebodys_is_not_recovered_over(home: Path) -> None:
    ok(home, "status")
    answer = leither(home, "identity", "recover", stdin=f"{write_phrase(bytes(32))}\n".encode())
    assert answer.status == 7


def test_words_are_shown_only_where_somebody_confirms(home: Path) -> None:
    ok(home, "status")
    assert leither(home, "identity", "words").status == 4
    assert leither(home, "identity", "words", "--json").status == 4
    assert read_phrase(words_of(home)) == (home / "identity" / "seed").read_bytes()


def test_a_passphrase_keeps_the_seed_and_is_asked_for(home: Path, site: Path, tmp_path: Path) -> None:
    made = published(home, site, tmp_path)
    before, seed = ok(home, "status"), (home / "identity" / "seed").read_bytes()
    ok(home, "identity", "passphrase", stdin=f"{PASSPHRASE}\n".encode())
    assert seed not in (home / "identity" / "seed").read_bytes()
    asked = process(home, "up", "--port", "0")
    assert (asked.status, "LEITHER_PASSPHRASE" in asked.err) == (2, True), asked
    wrong = leither(home, "status", LEITHER_PASSPHRASE="wrong")
    assert (wrong.status, "does not open" in wrong.err) == (4, True), wrong
    with up(home, "--port", "0", LEITHER_PASSPHRASE=PASSPHRASE) as node:
        assert node.page(made) == b"two"
        assert ok(home, "status")["person"] == before["person"]
    assert words_of(home, LEITHER_PASSPHRASE=PASSPHRASE) == write_phrase(seed)
    ok(home, "identity", "passphrase", "--remove", LEITHER_PASSPHRASE=PASSPHRASE)
    assert (home / "identity" / "seed").read_bytes() == seed


def test_a_new_key_leaves_what_was_made_in_its_place(home: Path, site: Path, tmp_path: Path) -> None:
    made, before = published(home, site, tmp_path), ok(home, "status")["person"]
    old_words = words_of(home)
    done = ok(home, "identity", "rotate", "--yes")
    assert done["former"] == before
    assert ok(home, "status")["person"] == done["person"] != before
    assert words_of(home) != old_words
    (site / "index.html").write_text("three")
    assert ok(home, "app", "publish", str(site))["id"] == made, "the same topic is still the same MiMei"
    ok(home, "right", "set", made, "private")
    assert ok(home, "identity", "show")["former"] == [before]
    assert ok(home, "verify")["faults"] == []
    kept = b"".join(path.read_bytes() for path in (home / "identity").rglob("*") if path.is_file())
    assert read_phrase(old_words) not in kept, "the old seed is needed no more"


def test_new_words_bring_back_what_was_made_before_them(home: Path, site: Path, tmp_path: Path) -> None:
    made, before = published(home, site, tmp_path), ok(home, "status")["person"]
    between = ok(home, "identity", "rotate", "--yes")["person"]
    ok(home, "identity", "rotate", "--yes")
    ok(home, "export", str(tmp_path / "all.car"))
    other = tmp_path / "other"
    done = recovered(other, words_of(home), "--from", str(tmp_path / "all.car"))
    assert done["former"] == [before, between]
    ok(other, "right", "set", made, "private")
    (site / "index.html").write_text("four")
    assert ok(other, "app", "publish", str(site))["id"] == made


def test_a_rotated_identity_stays_under_its_passphrase(home: Path) -> None:
    ok(home, "status")
    ok(home, "identity", "passphrase", stdin=f"{PASSPHRASE}\n".encode())
    old = words_of(home, LEITHER_PASSPHRASE=PASSPHRASE)
    ok(home, "identity", "rotate", "--yes", LEITHER_PASSPHRASE=PASSPHRASE)
    kept = b"".join(path.read_bytes() for path in (home / "identity").rglob("*") if path.is_file())
    for words in (old, words_of(home, LEITHER_PASSPHRASE=PASSPHRASE)):
        assert read_phrase(words) not in kept
    assert len(ok(home, "identity", "show", LEITHER_PASSPHRASE=PASSPHRASE)["former"]) == 1


def test_a_lost_device_writes_no_more(home: Path, site: Path, tmp_path: Path) -> None:
    made = published(home, site, tmp_path)
    file, lost = tmp_path / "all.car", tmp_path / "lost"
    ok(home, "export", str(file))
    recovered(lost, words_of(home), "--from", str(file))
    (site / "index.html").write_text("from the other")
    ok(lost, "app", "publish", str(site))
    ok(lost, "export", str(tmp_path / "lost.car"))
    ok(home, "import", str(tmp_path / "lost.car"))
    assert leither(home, "mm", "cat", made, "index.html").out == "from the other"
    (device,) = [each for each in ok(home, "device", "list")["items"] if not each["here"]]
    assert ok(home, "device", "revoke", device["id"], "--yes")["cut"] >= 1
    (site / "index.html").write_text("by a thief")
    ok(lost, "app", "publish", str(site))
    ok(lost, "export", str(tmp_path / "stolen.car"), made)
    leither(home, "import", str(tmp_path / "stolen.car"))
    assert leither(home, "mm", "cat", made, "index.html").out == "from the other"
    assert leither(home, "device", "revoke", ok(home, "status")["id"], "--yes").status == 7
