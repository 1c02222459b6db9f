"""Export and import: the same node again on another machine."""

import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.program import PROGRAM, environment, leither, ok, process, up

pytestmark = pytest.mark.network
PASSPHRASE = "correct horse"


def exported(home: Path, site: Path, file: Path) -> None:
    ok(home, "app", "publish", str(site))
    (site / "index.html").write_text("two")
    ok(home, "app", "publish", str(site))
    ok(home, "release", "site@0")
    ok(home, "export", str(file), "--with-identity", LEITHER_PASSPHRASE=PASSPHRASE)


def test_an_empty_folder_becomes_the_same_person_with_another_node(home: Path, site: Path, tmp_path: Path) -> None:
    exported(home, site, tmp_path / "all.car")
    other = tmp_path / "other"
    ok(other, "import", str(tmp_path / "all.car"), LEITHER_PASSPHRASE=PASSPHRASE)
    one, two = ok(home, "status"), ok(other, "status")
    assert one["person"] == two["person"]
    assert one["id"] != two["id"]
    assert (home / "identity" / "node.key").read_bytes() != (other / "identity" / "node.key").read_bytes()
    assert ok(home, "log", "site") == ok(other, "log", "site")
    assert ok(home, "mm", "info", "site")["release_cid"] == ok(other, "mm", "info", "site")["release_cid"]
    assert ok(home, "right", "get", "site") == ok(other, "right", "get", "site")


def test_what_was_imported_with_its_identity_can_be_changed_and_published(
    home: Path, site: Path, tmp_path: Path
) -> None:
    exported(home, site, tmp_path / "all.car")
    other = tmp_path / "other"
    ok(other, "import", str(tmp_path / "all.car"), LEITHER_PASSPHRASE=PASSPHRASE)
    (site / "index.html").write_text("three")
    app = ok(other, "app", "publish", str(site))
    assert app["version"] == 2
    with up(other) as node:
        assert node.page(app["id"]) == b"three"


def test_a_wrong_passphrase_is_denied_and_makes_nothing(home: Path, site: Path, tmp_path: Path) -> None:
    exported(home, site, tmp_path / "all.car")
    answer = leither(tmp_path / "other", "import", str(tmp_path / "all.car"), LEITHER_PASSPHRASE="wrong")
    assert answer.status == 4, answer
    assert not (tmp_path / "other" / "identity").exists()


def test_a_folder_with_an_identity_keeps_it_unless_told(home: Path, site: Path, tmp_path: Path) -> None:
    exported(home, site, tmp_path / "all.car")
    other = tmp_path / "other"
    mine = ok(other, "status")["person"]
    refused = leither(other, "import", str(tmp_path / "all.car"), LEITHER_PASSPHRASE=PASSPHRASE)
    assert refused.status == 7
    assert mine in refused.err
    assert "--replace-identity" in refused.err
    assert ok(other, "import", str(tmp_path / "all.car"), "--data-only")["mimei"][0]["state"] == "added"
    assert ok(other, "status")["person"] == mine
    ok(other, "import", str(tmp_path / "all.car"), "--replace-identity", LEITHER_PASSPHRASE=PASSPHRASE)
    assert ok(other, "status")["person"] == ok(home, "status")["person"]
    assert (other / "identity" / f"seed.{mine}").exists()


def test_importing_ones_own_export_changes_nothing(home: Path, site: Path, tmp_path: Path) -> None:
    exported(home, site, tmp_path / "all.car")
    before = ok(home, "mm", "info", "site")
    done = ok(home, "import", str(tmp_path / "all.car"), LEITHER_PASSPHRASE=PASSPHRASE)
    assert {each["state"] for each in done["mimei"]} == {"unchanged"}
    assert ok(home, "mm", "info", "site") == before


def test_the_welcome_app_of_an_imported_person_is_not_published_over(home: Path, tmp_path: Path) -> None:
    with up(home):
        pass
    before = ok(home, "log", "welcome")
    ok(home, "export", str(tmp_path / "all.car"), "--with-identity", LEITHER_PASSPHRASE=PASSPHRASE)
    other = tmp_path / "other"
    ok(other, "import", str(tmp_path / "all.car"), LEITHER_PASSPHRASE=PASSPHRASE)
    with up(other):
        assert ok(other, "log", "welcome") == before


def test_an_export_is_for_its_owner_alone_and_replaces_nothing(home: Path, site: Path, tmp_path: Path) -> None:
    ok(home, "app", "publish", str(site))
    file = tmp_path / "one.car"
    ok(home, "export", str(file), "site")
    assert file.stat().st_mode & 0o777 == 0o600
    assert leither(home, "export", str(file), "site").status == 7


def test_nobody_to_ask_for_a_passphrase_is_a_usage_error(home: Path, tmp_path: Path) -> None:
    answer = leither(home, "export", str(tmp_path / "x.car"), "--with-identity")
    assert answer.status == 2
    assert "LEITHER_PASSPHRASE" in answer.err
    assert not (tmp_path / "x.car").exists()


def test_an_export_goes_through_pipes(home: Path, site: Path, tmp_path: Path) -> None:
    app = ok(home, "app", "publish", str(site))
    made = subprocess.run([PROGRAM, "export", "-"], env=environment(home), capture_output=True, check=True)
    taken = process(tmp_path / "other", "import", "-", "--json", stdin=made.stdout)
    assert taken.status == 0, taken
    index = ok(home, "identity", "show")["index"]
    assert {each["id"] for each in taken.json["mimei"]} == {app["id"], index}
