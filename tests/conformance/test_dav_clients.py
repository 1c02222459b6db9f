"""WebDAV clients that people use work with a node: rclone, cadaver, curl, davfs2."""

import http.client
import random
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote
from xml.etree.ElementTree import fromstring

import pytest

from tests.conformance.dav_mount import mounted
from tests.conformance.dav_node import DavNode, run, serve_dav
from tests.end_to_end.program import ok

pytestmark = [pytest.mark.network, pytest.mark.timeout(400)]
FILES = 500
"""rclone spaces its calls by 10 ms and makes three for a file, so many more would only wait."""
COLLECTION = 5000


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavNode]:
    with serve_dav(tmp_path_factory.mktemp("dav") / "home") as node:
        yield node


@pytest.fixture(scope="module")
def large(node: DavNode, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in a collection `large` of the working copy and of its last version."""
    folder = tmp_path_factory.mktemp("large")
    names = [f"entry {number:04d} & é.txt" for number in range(COLLECTION)]
    for name in names:
        (folder / name).write_text(name)
    ok(node.home, "mm", "put", node.mimei, str(folder), "large")
    ok(node.home, "backup", node.mimei)
    return names


def rclone(node: DavNode, *arguments: str, path: str = "") -> list[str]:
    """The command with the node as the remote `leither:`; its settings are in the environment of no one else."""
    obscured = run(node, "rclone", "obscure", node.token).stdout.strip()
    node.environment.update(
        {
            "RCLONE_CONFIG": str(node.home.parent / "rclone.conf"),
            "RCLONE_CONFIG_LEITHER_TYPE": "webdav",
            "RCLONE_CONFIG_LEITHER_URL": node.url + path,
            "RCLONE_CONFIG_LEITHER_VENDOR": "other",
            "RCLONE_CONFIG_LEITHER_USER": "anybody",
            "RCLONE_CONFIG_LEITHER_PASS": obscured,
        }
    )
    return ["rclone", "--webdav-vendor", "other", *arguments]


def tree(folder: Path, files: int) -> Path:
    """A tree of small files with names that need escaping."""
    dice = random.Random(4)
    for number in range(files):
        place = folder / f"d{number % 13}" / ("é #%?" if number % 3 else "plain")
        place.mkdir(parents=True, exist_ok=True)
        (place / f"file {number}&+.txt").write_bytes(dice.randbytes(dice.randrange(3000)))
    (folder / ".DS_Store").write_bytes(b"\0")
    (folder / "large").write_bytes(dice.randbytes(3 << 20))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_rclone_syncs_both_ways_and_finds_no_difference(node: DavNode, tmp_path: Path) -> None:
    source, back = tree(tmp_path / "source", FILES), tmp_path / "back"
    for command in (
        ("sync", str(source), "leither:tree", "--transfers", "16", "--checkers", "16"),
        ("check", str(source), "leither:tree"),
        ("sync", "leither:tree", str(back), "--transfers", "16", "--checkers", "16"),
        ("check", "leither:tree", str(back)),
    ):
        done = run(node, *rclone(node, *command))
        assert done.returncode == 0, done.stderr
    assert contents(back) == contents(source)
    (source / "large").unlink()
    assert run(node, *rclone(node, "sync", str(source), "leither:tree")).returncode == 0
    assert run(node, *rclone(node, "check", "--size-only", str(source), "leither:tree")).returncode == 0


def test_rclone_reads_a_version(node: DavNode, tmp_path: Path) -> None:
    run(node, *rclone(node, "rcat", "leither:kept.txt"), stdin="kept")
    number = ok(node.home, "backup", node.mimei)["version"]["n"]
    run(node, *rclone(node, "rcat", "leither:kept.txt"), stdin="changed")
    assert run(node, *rclone(node, "cat", "leither:kept.txt", path=f"@{number}")).stdout == "kept"
    refused = run(node, *rclone(node, "deletefile", "leither:kept.txt", "--retries", "1", path=f"@{number}"))
    assert refused.returncode != 0


def test_cadaver_puts_moves_locks_and_sets_properties(node: DavNode, tmp_path: Path) -> None:
    (tmp_path / "here.txt").write_text("from cadaver")
    (node.home / ".netrc").write_text(f"machine 127.0.0.1 login anybody password {node.token}\n")
    script = f"""mkcol shelf
cd shelf
put {tmp_path}/here.txt one.txt
copy one.txt two.txt
move two.txt three.txt
lock one.txt
propset one.txt colour green
propget one.txt colour
unlock one.txt
get three.txt {tmp_path}/there.txt
ls
delete three.txt
cd ..
rmcol shelf
quit
"""
    done = run(node, "cadaver", f"{node.url}/", stdin=script)
    assert "failed" not in done.stdout.lower() + done.stderr.lower(), done.stdout
    assert "green" in done.stdout
    assert (tmp_path / "there.txt").read_text() == "from cadaver"


def test_a_locked_file_stays_locked_over_kill_9_until_its_token_unlocks_it(tmp_path: Path) -> None:
    with serve_dav(tmp_path / "home") as node:
        curl = ["curl", "-s", "-o", str(tmp_path / "out"), "-w", "%{http_code}", "-u", f"x:{node.token}"]
        body = '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>'
        dump = ["-D", str(tmp_path / "head")]
        locked = run(node, *curl, *dump, "-X", "LOCK", "-H", "Timeout: Second-3600", "-d", body, f"{node.url}/a")
        assert locked.stdout == "201"
        head = (tmp_path / "head").read_text().lower()
        token = head.partition("lock-token: <")[2].partition(">")[0]
        again = node.restarted()
        try:
            put = [*curl, "-X", "PUT", "-d", "new"]
            assert run(node, *put, f"{again.url}/a").stdout == "423"
            assert run(node, *put, "-H", f"If: (<{token}>)", f"{again.url}/a").stdout == "204"
            unlock = ["-X", "UNLOCK", "-H", f"Lock-Token: <{token}>"]
            assert run(node, *curl, *unlock, f"{again.url}/a").stdout == "204"
            assert run(node, *put, f"{again.url}/a").stdout == "204"
        finally:
            again.up.stop()


def test_a_chunked_upload_that_waits_to_be_asked_arrives_whole(node: DavNode, tmp_path: Path) -> None:
    data = random.Random(5).randbytes(2 << 20)
    (tmp_path / "data").write_bytes(data)
    curl = ["curl", "-s", "-u", f"x:{node.token}"]
    sent = run(
        node,
        *curl,
        *("-w", "%{http_code}", "-T", str(tmp_path / "data")),
        *("-H", "Transfer-Encoding: chunked", "-H", "Expect: 100-continue"),
        f"{node.url}/chunked",
    )
    assert sent.stdout == "201"
    run(node, *curl, "-o", str(tmp_path / "back"), f"{node.url}/chunked")
    assert (tmp_path / "back").read_bytes() == data


@pytest.mark.parametrize("state", ["", "@last"], ids=["working copy", "version"])
def test_a_collection_of_thousands_comes_whole_in_one_answer(node: DavNode, large: list[str], state: str) -> None:
    at = f"/dav/{node.mimei}{state}/large/"
    secret = b64encode(f"x:{node.token}".encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", node.up.port)
    connection.request("PROPFIND", at, headers={"Depth": "1", "Authorization": f"Basic {secret}"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 207
    sizes = {
        unquote(response.findtext("{DAV:}href", "")): response.findtext(".//{DAV:}getcontentlength")
        for response in fromstring(body).iter("{DAV:}response")
    }
    assert sizes == {at: None} | {at + name: str(len(name.encode())) for name in large}


def test_a_mounted_folder_is_listed_written_read_renamed_and_deleted(node: DavNode, tmp_path: Path) -> None:
    data = random.Random(6).randbytes(300_000)
    with mounted(node) as at:
        shelf = at / "mounted"
        shelf.mkdir()
        (shelf / "one.txt").write_text("one")
        (shelf / "large").write_bytes(data)
        (shelf / "é #%?.txt").write_text("two")
        assert sorted(path.name for path in shelf.iterdir()) == ["large", "one.txt", "é #%?.txt"]
        assert (shelf / "large").read_bytes() == data
        (shelf / "one.txt").rename(shelf / "three.txt")
        with (shelf / "three.txt").open("a") as file:
            file.write(" and more")
        (shelf / "é #%?.txt").unlink()
        (shelf / "gone").mkdir()
        (shelf / "gone").rmdir()
    assert run(node, *rclone(node, "lsf", "leither:mounted")).stdout.split() == ["large", "three.txt"]
    assert run(node, *rclone(node, "cat", "leither:mounted/three.txt")).stdout == "one and more"
    assert run(node, *rclone(node, "copyto", "leither:mounted/large", str(tmp_path / "back"))).returncode == 0
    assert (tmp_path / "back").read_bytes() == data


def test_a_mounted_folder_lists_thousands_of_entries(node: DavNode, large: list[str]) -> None:
    with mounted(node) as at:
        assert sorted(path.name for path in (at / "large").iterdir()) == large


def test_a_file_that_a_mount_holds_open_is_locked_for_others(node: DavNode) -> None:
    put = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-u", f"x:{node.token}", "-X", "PUT", "-d", "theirs"]
    with mounted(node) as at:
        with (at / "held.txt").open("w") as file:
            file.write("ours")
            file.flush()
            assert run(node, *put, f"{node.url}/held.txt").stdout == "423"
        assert (at / "held.txt").read_text() == "ours"
    assert run(node, *put, f"{node.url}/held.txt").stdout == "204"
