"""Several people on one node: invited, joined, apart from each other, gone again in each way."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.program import leither, ok, up

pytestmark = pytest.mark.network
PASSPHRASE = "correct horse"
CHOSEN = "battery staple"


def joined(home: Path, name: str, *options: str) -> dict[str, Any]:
    """Invite somebody and let them join; return what they are told."""
    link = ok(home, "user", "invite", name, *options)["url"]
    return dict(ok(home, "user", "join", stdin=f"{link}\n".encode()))


def having(home: Path, tmp_path: Path, token: str, text: str) -> str:
    """Make an fs MiMei of the token's holder that has a version and an unsaved file; return its id."""
    made = str(ok(home, "mm", "create", "--app", "test", "--mark", "notes", LEITHER_TOKEN=token)["id"])
    (tmp_path / "file").write_text(text)
    ok(home, "mm", "put", made, str(tmp_path / "file"), "saved", LEITHER_TOKEN=token)
    ok(home, "backup", made, LEITHER_TOKEN=token)
    ok(home, "mm", "put", made, str(tmp_path / "file"), "unsaved", LEITHER_TOKEN=token)
    return made


def test_each_has_their_own_and_reads_nobody_elses(home: Path, tmp_path: Path) -> None:
    with up(home, "--port", "0", "--no-welcome"):
        ann, ben = joined(home, "Ann"), joined(home, "Ben", "--quota", "1MiB")
        hers, his = (having(home, tmp_path, one["token"], one["name"]) for one in (ann, ben))
        mine = ok(home, "mm", "create", "--app", "test", "--mark", "notes")["id"]
        assert len({hers, his, mine}) == 3, "the same topic is another MiMei for each"
        for token, own in ((ann["token"], hers), (ben["token"], his), ("", mine)):
            shown = ok(home, "mm", "list", LEITHER_TOKEN=token)["items"]
            assert [each["id"] for each in shown if each["app"] == "test"] == [own]
            for other in {hers, his, mine} - {own}:
                denied = leither(home, "mm", "cat", other, "saved", LEITHER_TOKEN=token)
                absent = leither(home, "mm", "cat", "a" * 32, "saved", LEITHER_TOKEN=token)
                assert (denied.status, denied.out) == (absent.status, absent.out) == (3, "")
                assert denied.err.replace(other, "") == absent.err.replace("a" * 32, "")
        assert leither(home, "mm", "cat", hers, "saved", LEITHER_TOKEN=ann["token"]).out == "Ann"


def test_users_are_listed_renamed_and_suspended_by_the_owner_alone(home: Path) -> None:
    with up(home, "--port", "0", "--no-welcome"):
        ann = joined(home, "Ann", "--quota", "10MiB")
        ok(home, "user", "invite", "Cy")
        found = ok(home, "user", "list")
        assert [(each["name"], each["quota"]) for each in found["users"]] == [("Ann", 10 << 20)]
        assert [each["name"] for each in found["invitations"]] == ["Cy"]
        assert leither(home, "user", "list", LEITHER_TOKEN=ann["token"]).status == 4
        assert leither(home, "user", "invite", "Cy").status == 7, "the name is taken"
        assert ok(home, "user", "rename", "Ann", "Anna")["name"] == "Anna"
        ok(home, "user", "suspend", "Anna")
        assert leither(home, "mm", "list", LEITHER_TOKEN=ann["token"]).status == 4
        ok(home, "user", "suspend", "Anna", "--resume")
        assert ok(home, "mm", "list", LEITHER_TOKEN=ann["token"])["items"] == []


def test_an_invitation_works_once(home: Path) -> None:
    link = ok(home, "user", "invite", "Ann")["url"]
    ok(home, "user", "join", stdin=f"{link}\n".encode())
    again = leither(home, "user", "join", stdin=f"{link}\n".encode())
    assert again.status == 4
    assert "was used already or has expired" in again.err


def test_a_user_reaches_their_quota_and_is_told(home: Path, tmp_path: Path) -> None:
    ben = joined(home, "Ben", "--quota", "1000")
    made = ok(home, "mm", "create", "--mark", "big", LEITHER_TOKEN=ben["token"])["id"]
    (tmp_path / "big").write_bytes(bytes(2000))
    answer = leither(home, "mm", "put", made, str(tmp_path / "big"), LEITHER_TOKEN=ben["token"])
    assert answer.status == 5
    assert "your quota on this node is 1,000" in answer.err
    ok(home, "user", "quota", "Ben", "none")
    ok(home, "mm", "put", made, str(tmp_path / "big"), LEITHER_TOKEN=ben["token"])
    assert ok(home, "user", "list")["users"][0]["bytes"] == 2000


def test_what_is_kept_is_the_owners_to_read_and_nobodys_to_change(home: Path, tmp_path: Path) -> None:
    ann = joined(home, "Ann")
    hers = having(home, tmp_path, ann["token"], "of Ann")
    done = ok(home, "user", "remove", "Ann", "--data", "keep", "--yes")
    assert (done["mimei"], done["versions"], done["sessions"]) == (1, 1, 1)
    assert leither(home, "mm", "list", LEITHER_TOKEN=ann["token"]).status == 4
    assert leither(home, "mm", "cat", hers, "unsaved").out == "of Ann"
    assert [each["note"] for each in ok(home, "log", hers)["items"]] == ["before its user left", ""]
    assert leither(home, "mm", "put", hers, str(tmp_path / "file"), "more").status == 4
    assert not list((home / "identity" / "users").iterdir())


def test_who_left_comes_back_with_their_words_to_what_was_kept(home: Path, tmp_path: Path) -> None:
    ann = joined(home, "Ann")
    hers = having(home, tmp_path, ann["token"], "of Ann")
    ok(home, "user", "remove", "Ann", "--data", "keep", "--yes")
    link = ok(home, "user", "invite", "Ann")["url"]
    back = ok(home, "user", "join", "--own-words", stdin=f"{link}\n{ann['words']}\n".encode())
    assert (back["id"], back["words"], back["returned"]) == (ann["id"], None, 1)
    assert leither(home, "mm", "cat", hers, "unsaved", LEITHER_TOKEN=back["token"]).out == "of Ann"
    assert leither(home, "mm", "cat", hers, "unsaved").status == 3, "the owner reads it no more"
    ok(home, "mm", "put", hers, str(tmp_path / "file"), "more", LEITHER_TOKEN=back["token"])
    assert ok(home, "backup", hers, LEITHER_TOKEN=back["token"])["version"]["n"] == 2


def test_what_is_deleted_is_gone_with_its_blocks(home: Path, tmp_path: Path) -> None:
    ann = joined(home, "Ann")
    hers = having(home, tmp_path, ann["token"], "of Ann")
    receipt = tmp_path / "receipt"
    done = ok(home, "user", "remove", "Ann", "--data", "delete", "--receipt", str(receipt), "--yes")
    assert done["mimei"] == 1
    assert done["blocks_dropped"] > 0
    assert leither(home, "mm", "info", hers).status == 3
    assert ok(home, "user", "list")["users"] == []
    assert ok(home, "verify")["faults"] == []
    told = ok(home, "receipt", "show", str(receipt), "--by", ok(home, "status")["id"])
    assert (told["person_id"], told["mimei"]) == (ann["id"], [hers])
    assert told["keys"] == [told["person"]]
    other = leither(home, "receipt", "show", str(receipt), "--by", "a" * 32)
    assert (other.status, "says nothing about that node" in other.err) == (6, True)


def test_nothing_of_who_was_deleted_is_in_the_home_folder_of_a_node_that_goes_on(home: Path, tmp_path: Path) -> None:
    with up(home, "--port", "0", "--no-welcome"):
        ann = joined(home, "Annabella")
        hers = having(home, tmp_path, ann["token"], "dearest diary")
        ok(home, "tag", "add", hers, "topic:gardens-of-hers", LEITHER_TOKEN=ann["token"])
        seed = next((home / "identity" / "users").iterdir()).read_bytes()
        secrets = [b"Annabella", b"dearest diary", b"gardens-of-hers", seed]
        assert {secret for secret, _ in found_in(home, secrets)} == set(secrets)
        done = ok(home, "user", "remove", "Annabella", "--data", "delete", "--yes")
        assert done["compacted"] or ok(home, "gc", "--thorough")["compacted"]
        assert found_in(home, secrets) == []
    assert found_in(home, secrets) == []


def found_in(folder: Path, secrets: list[bytes]) -> list[tuple[bytes, str]]:
    """Which of the secrets stand in which files, as they are on the disk."""
    files = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return [(secret, path) for secret in secrets for path, data in files.items() if secret in data]


def test_what_is_exported_makes_an_empty_folder_theirs(home: Path, tmp_path: Path) -> None:
    ann = joined(home, "Ann")
    hers = having(home, tmp_path, ann["token"], "of Ann")
    chosen, file, other = tmp_path / "chosen", tmp_path / "ann.car", tmp_path / "other"
    chosen.write_text(CHOSEN)
    ok(home, "user", "remove", "Ann", "--data", "export", "-o", str(file), "--passphrase-file", str(chosen), "--yes")
    assert leither(home, "mm", "info", hers).status == 3
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    ok(other, "import", str(file), LEITHER_PASSPHRASE=CHOSEN)
    assert ok(other, "status")["person"] == ann["id"]
    assert leither(other, "mm", "cat", hers, "unsaved").out == "of Ann"
    assert ok(other, "backup", hers)["version"]["n"] == 1


def test_everybody_takes_along_all_that_is_held_about_them(home: Path, tmp_path: Path) -> None:
    ann = joined(home, "Ann")
    hers = having(home, tmp_path, ann["token"], "of Ann")
    told = ok(home, "user", "export", str(tmp_path / "hers"), LEITHER_TOKEN=ann["token"])
    about = json.loads((tmp_path / "hers" / "about.json").read_text())
    assert (told["person"], about["name"]) == (ann["id"], "Ann")
    assert hers in [each["id"] for each in about["mimei"]]
    assert {each["kind"] for each in about["audit"]} >= {"sign-in", "create", "change", "backup", "export"}
    assert ann["token"] not in (tmp_path / "hers" / "about.json").read_text()
    assert oct((tmp_path / "hers" / "about.json").stat().st_mode & 0o777) == "0o600"
    ok(home, "user", "export", str(tmp_path / "mine"))
    assert json.loads((tmp_path / "mine" / "about.json").read_text())["role"] == "owner"
    assert leither(home, "user", "export", str(tmp_path / "mine")).status == 7, "it is there already"
    chosen = tmp_path / "chosen"
    chosen.write_text(CHOSEN)
    leaving = ("user", "export", str(tmp_path / "left"), "--user", "Ann", "--passphrase-file", str(chosen))
    assert leither(home, *leaving).status == 7, "she has not been suspended"
    ok(home, "user", "suspend", "Ann")
    ok(home, *leaving)
    ok(tmp_path / "other", "import", str(tmp_path / "left" / "mimei.car"), LEITHER_PASSPHRASE=CHOSEN)
    assert leither(tmp_path / "other", "mm", "cat", hers, "unsaved").out == "of Ann"


def test_an_export_of_everybodys_brings_back_each_their_own(home: Path, tmp_path: Path) -> None:
    ann = joined(home, "Ann")
    hers = having(home, tmp_path, ann["token"], "of Ann")
    file, other = tmp_path / "all.car", tmp_path / "other"
    ok(home, "export", str(file), "--everyone", "--with-identity", LEITHER_PASSPHRASE=PASSPHRASE)
    assert leither(home, "export", str(tmp_path / "x"), "--everyone", LEITHER_TOKEN=ann["token"]).status == 4
    seed = next((home / "identity" / "users").iterdir()).read_bytes()
    assert seed not in file.read_bytes()
    ok(other, "import", str(file), LEITHER_PASSPHRASE=PASSPHRASE)
    link = ok(other, "user", "invite", "Ann")["url"]
    back = ok(other, "user", "join", "--own-words", stdin=f"{link}\n{ann['words']}\n".encode())
    assert leither(other, "mm", "cat", hers, "saved", LEITHER_TOKEN=back["token"]).out == "of Ann"
    assert leither(other, "mm", "cat", hers, "saved").status == 3


def test_no_secret_of_a_user_is_in_the_state_or_in_a_log(home: Path, tmp_path: Path) -> None:
    with up(home, "--port", "0", LEITHER_LOG_LEVEL="debug") as node:
        link = ok(home, "user", "invite", "Ann")["url"]
        ann = ok(home, "user", "join", stdin=f"{link}\n".encode())
        answer = node.stop()
    secrets = (link.rpartition("=")[2], ann["token"], ann["words"])
    seed = next((home / "identity" / "users").iterdir())
    assert oct(seed.stat().st_mode & 0o777) == "0o600"
    stored = b"".join(path.read_bytes() for path in (home / "state").rglob("*") if path.is_file())
    for secret in secrets:
        assert secret not in answer.out + answer.err
        assert secret.encode() not in stored
    assert os.fsencode(seed.read_bytes().hex()) not in stored
    assert seed.read_bytes() not in stored


def test_a_user_hears_of_their_own_passphrase_and_key(home: Path) -> None:
    with up(home, "--port", "0", "--no-welcome"):
        ann = joined(home, "Ann")
        token = str(ann["token"])
        before = ok(home, "identity", "show", LEITHER_TOKEN=token)
        assert before["passphrase"] is False
        ok(home, "user", "passphrase", stdin=f"{PASSPHRASE}\n".encode(), LEITHER_TOKEN=token)
        assert ok(home, "identity", "show", LEITHER_TOKEN=token)["passphrase"] is True
        assert ok(home, "identity", "show")["passphrase"] is False, "the owner's is none"
        ok(home, "user", "unlock", stdin=f"{PASSPHRASE}\n".encode(), LEITHER_TOKEN=token)
        done = ok(
            home,
            *("user", "rotate", "--locked", "--yes"),
            stdin=f"{PASSPHRASE}\n".encode(),
            LEITHER_TOKEN=token,
        )
        after = ok(home, "identity", "show", LEITHER_TOKEN=token)
        assert (done["former"], after["former"], after["person"]) == (
            before["person"],
            [before["person"]],
            done["person"],
        )
        refused = leither(home, "user", "rotate", "--yes")
        assert "leither identity rotate" in refused.err, refused
