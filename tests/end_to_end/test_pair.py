"""Two nodes as processes on loopback: paired by a code, backed up, one lost, and all of it back from 24 words."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

from tests.end_to_end.program import Up, leither, ok, up

PORTS = {"LEITHER_NETWORK_PORT": "0"}
SECRET = b"nobody but ada reads this"


def told(home: Path, *arguments: str, stdin: bytes = b"") -> Any:  # noqa: ANN401
    return ok(home, *arguments, stdin=stdin, **PORTS)


def safe(home: Path) -> Any:  # noqa: ANN401
    """Whether all of the owner's comes to be elsewhere."""
    return told(home, "backup-status", "--wait", "60")["safe"]


def start(home: Path) -> Any:  # noqa: ANN401
    return up(home, "--port", "0", "--no-welcome", **PORTS)


def furnish(home: Path, site: Path, node: Up) -> tuple[str, str]:
    """A public garden and a private diary at a node."""
    garden = told(home, "app", "publish", str(site), "--mark", "garden")["id"]
    diary = told(home, "mm", "create", "--type", "fs", "--mark", "diary", "--private")["id"]
    assert leither(home, "mm", "put", diary, "-", "monday", stdin=SECRET, **PORTS).status == 0
    told(home, "backup", diary)
    assert node.page(garden) == b"<h1>one</h1>"
    return garden, diary


def test_a_lost_node_comes_back_from_its_paired_one_and_24_words(tmp_path: Path, site: Path) -> None:
    desk, shelf, laptop = (tmp_path / name for name in ("desk", "shelf", "laptop"))
    with start(desk) as one, start(shelf) as other:
        garden, diary = furnish(desk, site, one)
        shown = told(shelf, "pair", "--no-wait", "--name", "ada")
        paired = told(desk, "pair", "enter", shown["invitation"], "--name", "bob")
        assert paired["name"] == "bob"
        assert safe(desk)
        assert told(shelf, "network")["id"] == paired["peer"]
        copies = told(desk, "where", garden)["copies"]
        assert [(copy["name"], copy["state"]) for copy in copies] == [("bob", "current")]
        protocols = {row["name"] for row in told(desk, "traffic")["protocols"]}
        assert {"/leither/pair/1", "/leither/keep/1", "/leither/sync/1"} <= protocols
        words = told(desk, "identity", "words", "--yes")["words"]
        person = told(desk, "identity", "show")["person"]
        address = told(shelf, "network")["addresses"][0]
        one.stop(signal.SIGKILL)

        assert other.page(garden) == b"<h1>one</h1>"
        assert not any(SECRET in path.read_bytes() for path in shelf.rglob("*") if path.is_file())
        back = told(laptop, "identity", "recover", "--from-node", address, stdin=f"{words}\n".encode())
        assert back["person"] == person
        assert {one["id"] for one in back["mimei"] if one["held"]} >= {garden, diary}
        told(laptop, "mm", "get", f"{diary}@last", "monday", "-o", str(tmp_path / "monday"))
        assert (tmp_path / "monday").read_bytes() == SECRET
        with start(laptop):
            assert safe(laptop)


def test_what_a_former_key_made_comes_back_with_the_words_of_the_new_one(tmp_path: Path, site: Path) -> None:
    desk, shelf, laptop = (tmp_path / name for name in ("desk", "shelf", "laptop"))
    with start(shelf) as other:
        with start(desk) as one:
            garden, diary = furnish(desk, site, one)
            told(desk, "pair", "enter", told(shelf, "pair", "--no-wait")["invitation"])
            assert safe(desk)
        told(desk, "identity", "rotate", "--yes")
        words = told(desk, "identity", "words", "--yes")["words"]
        with start(desk):
            note = told(desk, "mm", "create", "--type", "fs", "--mark", "note", "--private")["id"]
            assert leither(desk, "mm", "put", note, "-", "tuesday", stdin=SECRET, **PORTS).status == 0
            told(desk, "backup", note)
            assert safe(desk)
        address = told(shelf, "network")["addresses"][0]
        back = told(laptop, "identity", "recover", "--from-node", address, stdin=f"{words}\n".encode())
        assert {one["id"] for one in back["mimei"] if one["held"]} >= {garden, diary, note}
        for mimei, name in ((diary, "monday"), (note, "tuesday")):
            told(laptop, "mm", "get", f"{mimei}@last", name, "-o", str(tmp_path / name))
            assert (tmp_path / name).read_bytes() == SECRET
        assert other.page(garden) == b"<h1>one</h1>"


def test_a_wrong_code_pairs_nobody_and_says_so(tmp_path: Path) -> None:
    desk, shelf = (tmp_path / name for name in ("desk", "shelf"))
    with start(desk), start(shelf):
        shown = told(shelf, "pair", "--no-wait")
        address = shown["addresses"][0]
        typed = "0000000" if shown["code"].replace("-", "") != "0000000" else "0000017"
        wrong = leither(desk, "pair", "enter", address, typed, "--json", stdin=b"", **PORTS)
        assert wrong.status != 0
        assert "wrong-pairing-code" in wrong.out + wrong.err
        late = leither(desk, "pair", "enter", address, shown["code"], "--json", stdin=b"", **PORTS)
        assert "no-pairing-code" in late.out + late.err
        assert told(desk, "pair", "list")["items"] == []
