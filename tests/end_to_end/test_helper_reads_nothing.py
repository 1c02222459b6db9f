"""A paired node keeps what is private without a word of it: neither its disk nor the wire to it tells any."""

from __future__ import annotations

import base64
import gzip
import random
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.end_to_end.program import Up, leither, ok, up
from tests.end_to_end.recorder import Recorder, found, recorded

PASSPHRASE = "the passphrase of nobody else"
BULK_BYTES = 300_000
WORDS = {
    name: f"planted {name} {number} of the garden".encode()
    for number, name in enumerate(("text", "later text", "file name", "new file name", "folder", "mark of files"))
} | {name: f"planted-{name}-in-the-garden".encode() for name in ("app", "mark", "key", "value", "field", "later-value")}


class Desk:
    """The author's node, its commands in short."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.settings = {"LEITHER_NETWORK_PORT": "0", "LEITHER_PASSPHRASE": PASSPHRASE}

    def told(self, *arguments: str) -> Any:  # noqa: ANN401
        return ok(self.home, *arguments, stdin=b"", **self.settings)

    def write(self, mimei: str, path: bytes, data: bytes) -> None:
        done = leither(self.home, "mm", "put", mimei, "-", path.decode(), stdin=data, **self.settings)
        assert done.status == 0, done

    def up(self) -> AbstractContextManager[Up]:
        return up(self.home, "--port", "0", "--no-welcome", **self.settings)


def furnish(desk: Desk, *options: str) -> list[str]:
    """Files and a database with all the words in them: changed, renamed, and sealed under a later key where private."""
    topic = ("--app", WORDS["app"].decode(), *options)
    files = desk.told("mm", "create", "--type", "fs", "--mark", WORDS["mark of files"].decode(), *topic)["id"]
    data = desk.told("mm", "create", "--type", "db", "--mark", WORDS["mark"].decode(), *topic)["id"]
    bulk = random.Random(1).randbytes(BULK_BYTES)
    desk.write(files, WORDS["folder"] + b"/" + WORDS["file name"], WORDS["text"] + bulk)
    for line in (("SET", "key", "value"), ("HSET", "mark", "field", "value")):
        desk.told("db", data, line[0], *(WORDS[word].decode() for word in line[1:]))
    for mimei in (files, data):
        desk.told("backup", mimei)
    if "--private" in options:
        for mimei in (files, data):
            desk.told("mm", "rotate", mimei)
    desk.write(files, WORDS["folder"] + b"/" + WORDS["new file name"], bulk[::-1] + WORDS["later text"])
    desk.told("mm", "rm", files, (WORDS["folder"] + b"/" + WORDS["file name"]).decode())
    desk.told("db", data, "SET", WORDS["key"].decode(), WORDS["later-value"].decode())
    for mimei in (files, data):
        desk.told("backup", mimei)
    return [files, data]


def disk_of(home: Path) -> bytes:
    """All that a node has on disk, the names of files included."""
    files = sorted(path for path in home.rglob("*") if path.is_file())
    return b"\n".join(str(path.relative_to(home)).encode() + b"\n" + path.read_bytes() for path in files)


@contextmanager
def paired(desk: Desk, shelf: Path) -> Iterator[tuple[Up, Recorder]]:
    """Both nodes up and paired; all that passes between them is recorded. Gives the author's, and the record."""
    helper_settings = {"LEITHER_NETWORK_PORT": "0"}
    with up(shelf, "--port", "0", "--no-welcome", **helper_settings), desk.up() as author:
        shown = ok(shelf, "pair", "--no-wait", "--name", "the author", stdin=b"", **helper_settings)
        address = next(each for each in shown["addresses"] if "/ws" not in each)
        port = address.split("/")[4]
        with recorded(int(port)) as recorder:
            through = address.replace(f"/tcp/{port}/", f"/tcp/{recorder.port}/")
            desk.told("pair", "enter", through, shown["code"], "--name", "the helper")
            yield author, recorder


def test_what_is_private_is_on_no_helper_and_on_no_wire(tmp_path: Path) -> None:
    desk, shelf = Desk(tmp_path / "desk"), tmp_path / "shelf"
    ok(desk.home, "mm", "list")
    ok(desk.home, "identity", "passphrase", stdin=f"{PASSPHRASE}\n".encode())
    with paired(desk, shelf) as (_, recorder):
        made = furnish(desk, "--private")
        assert desk.told("backup-status", "--wait", "60")["safe"]
        for mimei in made:
            copies = desk.told("where", mimei)["copies"]
            assert [(copy["name"], copy["state"]) for copy in copies] == [("the helper", "current")]
    phrase = desk.told("identity", "words", "--yes")["words"].encode()
    disk = disk_of(shelf)
    assert min(len(disk), len(recorder.seen)) > 2 * BULK_BYTES
    secret = {*WORDS.values(), PASSPHRASE.encode(), phrase}
    assert found(secret, disk) == set()
    assert found(secret, recorder.seen) == set()


def test_what_is_public_is_found_on_the_helper_and_none_of_it_on_the_wire(tmp_path: Path) -> None:
    desk, shelf = Desk(tmp_path / "desk"), tmp_path / "shelf"
    with paired(desk, shelf) as (author, recorder):
        files, _ = furnish(desk, "--right", "everyone=read-versions,read-release")
        assert desk.told("backup-status", "--wait", "60")["safe"]
        desk.told("release", files)
        with recorded(author.port) as door:
            path = quote(f"/{WORDS['folder'].decode()}/{WORDS['new file name'].decode()}")
            page = urllib.request.Request(
                f"http://127.0.0.1:{door.port}{path}", headers={"Host": f"{files}.localhost:{author.port}"}
            )
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(page).read()
    assert found(WORDS.values(), disk_of(shelf)) == set(WORDS.values())
    assert found(WORDS.values(), recorder.seen) == set()
    assert WORDS["later text"] in found(WORDS.values(), door.seen)


@pytest.mark.parametrize(
    "written",
    [
        bytes,
        lambda text: text.hex().encode(),
        lambda text: text.hex().upper().encode(),
        base64.b64encode,
        base64.urlsafe_b64encode,
        base64.b32encode,
        lambda text: base64.b32encode(text).lower(),
        lambda text: text.decode("latin-1").encode("utf-16-le"),
        zlib.compress,
        gzip.compress,
    ],
)
@pytest.mark.parametrize("before", range(5))
def test_a_word_is_found_however_it_is_written(written: Callable[[bytes], bytes], before: int) -> None:
    word = b"one word among others"
    data = random.Random(before).randbytes(100 + before) + written(bytes(before) + word + b"!") + b"and so on"
    assert found({word, b"another one of them"}, data) == {word}
