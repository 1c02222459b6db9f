"""The Trustless Gateway specification (specs.ipfs.tech/http-gateways/trustless-gateway), paragraph by paragraph."""

import base64

import pytest

from leither.codec import RAW, Block, Cid
from leither.codec.car import CarReader
from leither.codec.dagpb import PBLink, encode
from leither.codec.links import links
from leither.unixfs import lookup
from tests.unit.web.front import Front, Reply

CHUNK = 1 << 20
FRONT = Front()
_, VERSION = FRONT.publish(
    "site",
    {"dir/file.bin": bytes(CHUNK) + b"\1" * CHUNK + b"\2" * 10, "dir/small.txt": b"small", "other.txt": b"other"},
)
ROOT = FRONT.content(VERSION)
DIR = Cid.read(lookup(FRONT.engines.blocks.get, ROOT, "dir").cid)
FILE = Cid.read(lookup(FRONT.engines.blocks.get, DIR, "file.bin").cid)
LEAVES = links(FILE, FRONT.engines.blocks.get(FILE))


def _blocks(reply: Reply) -> list[Cid]:
    assert reply.status == 200
    assert reply.complete
    return [block.cid for block in CarReader([reply.body])]


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        ("?format=raw", None, "application/vnd.ipld.raw"),
        ("", "application/vnd.ipld.raw", "application/vnd.ipld.raw"),
        ("?format=car", None, "application/vnd.ipld.car; version=1; order=dfs; dups=n"),
        ("", "application/vnd.ipld.car", "application/vnd.ipld.car; version=1; order=dfs; dups=n"),
        ("", "application/vnd.ipld.car; version=1; order=dfs; dups=y",
         "application/vnd.ipld.car; version=1; order=dfs; dups=y"),
        ("", "application/vnd.ipld.car;order=unk", "application/vnd.ipld.car; version=1; order=dfs; dups=n"),
        ("?format=raw", "application/vnd.ipld.car", "application/vnd.ipld.raw"),
        ("?format=car", "application/vnd.ipld.raw", "application/vnd.ipld.car; version=1; order=dfs; dups=n"),
        ("?format=car&car-dups=y", "application/vnd.ipld.car;dups=n",
         "application/vnd.ipld.car; version=1; order=dfs; dups=y"),
        ("", "application/vnd.ipld.car;order=foo, application/vnd.ipld.car;order=dfs;dups=y;q=0.5",
         "application/vnd.ipld.car; version=1; order=dfs; dups=y"),
        ("", "application/vnd.ipld.raw;q=0.1, application/vnd.ipld.car;q=0.9",
         "application/vnd.ipld.car; version=1; order=dfs; dups=n"),
    ],
)  # fmt: skip
def test_format_beats_accept_and_every_answer_names_all_its_parameters(
    query: str, accept: str | None, media_type: str
) -> None:
    reply = FRONT.get(f"/ipfs/{FILE}{query}", headers={"Accept": accept} if accept else {})
    assert (reply.status, reply.headers["content-type"]) == (200, media_type)


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("?format=dag-json", "*/*"),
        ("?format=ipns-record", "*/*"),
        ("", "application/vnd.ipld.dag-json"),
        ("", "application/vnd.ipld.car; version=2"),
        ("?format=car&car-version=2", "*/*"),
        ("?format=car&car-order=bfs", "*/*"),
        ("?format=car&car-dups=maybe", "*/*"),
    ],
)
def test_what_can_not_be_given_is_not_acceptable(query: str, accept: str) -> None:
    assert FRONT.get(f"/ipfs/{FILE}{query}", headers={"Accept": accept}).status == 406


def test_a_raw_answer_is_the_block_with_every_header() -> None:
    reply = FRONT.get(f"/ipfs/{FILE}?format=raw")
    assert reply.body == FRONT.engines.blocks.get(FILE)
    assert reply.headers == {
        "cache-control": "public, max-age=29030400, immutable",
        "content-disposition": f'attachment; filename="{FILE}.bin"',
        "content-length": str(len(reply.body)),
        "content-type": "application/vnd.ipld.raw",
        "etag": f'"{FILE}.raw"',
        "referrer-policy": "no-referrer",
        "vary": "accept, authorization",
        "x-content-type-options": "nosniff",
        "x-ipfs-path": f"/ipfs/{FILE}",
        "x-ipfs-roots": f"{FILE}",
    }


def test_a_car_has_every_header() -> None:
    headers = FRONT.get(f"/ipfs/{ROOT}/dir/file.bin?format=car").headers
    assert headers["content-disposition"] == f'attachment; filename="{FILE}.car"'
    assert headers["etag"].startswith(f'W/"{ROOT}.car.')
    assert headers["cache-control"] == "public, max-age=29030400, immutable"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-ipfs-path"] == f"/ipfs/{ROOT}/dir/file.bin"
    assert headers["x-ipfs-roots"] == f"{ROOT},{DIR},{FILE}"
    assert headers["accept-ranges"] == "none"


def test_tags_differ_by_path_scope_range_and_duplicates() -> None:
    addresses = [
        f"/ipfs/{ROOT}?format=car",
        f"/ipfs/{ROOT}?format=raw",
        f"/ipfs/{ROOT}/",
        f"/ipfs/{ROOT}?format=car&car-dups=y",
        f"/ipfs/{ROOT}?format=car&dag-scope=entity",
        f"/ipfs/{ROOT}?format=car&dag-scope=block",
        f"/ipfs/{ROOT}?format=car&entity-bytes=0:9",
        f"/ipfs/{ROOT}?format=car&entity-bytes=0:*",
        f"/ipfs/{ROOT}/other.txt?format=car",
    ]
    tags = [FRONT.get(address).headers.get("etag") for address in addresses]
    assert len(set(tags)) == len(addresses)


@pytest.mark.parametrize("query", ["?format=raw", "?format=car", "?format=car&dag-scope=block"])
def test_what_the_client_has_is_not_sent_again(query: str) -> None:
    etag = FRONT.get(f"/ipfs/{FILE}{query}").headers["etag"]
    for given in (etag, f'"x", {etag}', etag.removeprefix("W/"), "*"):
        reply = FRONT.get(f"/ipfs/{FILE}{query}", headers={"If-None-Match": given})
        assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", etag)


@pytest.mark.parametrize("query", ["?format=raw", "?format=car"])
def test_head_has_the_headers_and_no_body(query: str) -> None:
    get, head = FRONT.get(f"/ipfs/{FILE}{query}"), FRONT.call("HEAD", f"/ipfs/{FILE}{query}")
    assert (head.status, head.body, head.headers) == (200, b"", get.headers)


def test_the_path_is_proved_before_what_stands_at_its_end() -> None:
    assert _blocks(FRONT.get(f"/ipfs/{ROOT}/dir/file.bin?format=car")) == [ROOT, DIR, FILE, *LEAVES]
    assert _blocks(FRONT.get(f"/ipfs/{ROOT}/dir/file.bin?format=car&dag-scope=block")) == [ROOT, DIR, FILE]
    assert _blocks(FRONT.get(f"/ipfs/{ROOT}/dir?format=car&dag-scope=entity")) == [ROOT, DIR]
    assert len(_blocks(FRONT.get(f"/ipfs/{ROOT}?format=car&dag-scope=all"))) == 3 + len(LEAVES) + 2


@pytest.mark.parametrize(
    ("span", "leaves"),
    [
        ("0:*", [0, 1, 2]), ("0:0", [0]), (f"{CHUNK}:{CHUNK}", [1]), (f"{CHUNK - 1}:{CHUNK}", [0, 1]),
        ("-5:*", [2]), ("-11:*", [1, 2]),
        (f"{CHUNK}:-11", [1]), (f"{CHUNK * 2}:99999999", [2]), ("99999999:*", []), ("-99999999:0", [0]),
    ],
)  # fmt: skip
def test_entity_bytes_sends_the_least_that_proves_the_range(span: str, leaves: list[int]) -> None:
    for dups in ("n", "y"):
        found = _blocks(FRONT.get(f"/ipfs/{FILE}?format=car&entity-bytes={span}&car-dups={dups}"))
        assert found == [FILE, *[LEAVES[leaf] for leaf in leaves]]


def test_entity_bytes_of_a_directory_are_ignored() -> None:
    assert _blocks(FRONT.get(f"/ipfs/{DIR}?format=car&entity-bytes=0:5")) == [DIR]


@pytest.mark.parametrize(
    "query",
    [
        "dag-scope=some",
        "entity-bytes=5",
        "entity-bytes=a:b",
        "entity-bytes=5:2",
        "entity-bytes=*:5",
        "entity-bytes=0:1.5",
    ],
)
def test_malformed_parameters_are_bad_requests(query: str) -> None:
    assert FRONT.get(f"/ipfs/{FILE}?format=car&{query}").status == 400


def test_repeated_blocks_come_each_time_only_when_asked_for() -> None:
    front = Front()
    _, version = front.publish("twice", {"a/x": b"same", "b/x": b"same", "zeros": bytes(3 * CHUNK)})
    root = front.content(version)
    once = _blocks(front.get(f"/ipfs/{root}?format=car"))
    every = _blocks(front.get(f"/ipfs/{root}?format=car&car-dups=y"))
    assert len(once) == len(set(once)) == len(set(every))
    assert every.count(Cid.of(RAW, bytes(CHUNK))) == 3
    assert every.count(Cid.of(RAW, b"same")) == 2
    file = _blocks(front.get(f"/ipfs/{root}/zeros?format=car&dag-scope=entity&car-dups=y"))
    assert file.count(Cid.of(RAW, bytes(CHUNK))) == 3


def test_a_missing_root_is_not_found() -> None:
    absent = Cid.of(RAW, b"nowhere")
    for query in ("?format=raw", "?format=car", ""):
        assert FRONT.get(f"/ipfs/{absent}{query}").status == 404
        assert FRONT.get(f"/ipfs/{absent}{query}", headers={"Cache-Control": "only-if-cached"}).status == 412
    assert FRONT.get(f"/ipfs/{FILE}?format=raw", headers={"Cache-Control": "only-if-cached"}).status == 200
    assert FRONT.get(f"/ipfs/{ROOT}/dir/none?format=car").status == 404


def _broken() -> tuple[Front, Cid]:
    """Return a node that holds a file node and its first leaf, and lacks the second."""
    front = Front()
    first, second = Block.of(RAW, b"1" * 10), Block.of(RAW, b"2" * 10)
    data = bytes.fromhex("0802" + "1814" + "200a" + "200a")
    node = Block.of(0x70, encode([PBLink(b"", first.cid, 10), PBLink(b"", second.cid, 10)], data))
    with front.engines.blocks.lease() as lease:
        lease.put_many((node, first))
    return front, node.cid


def test_a_missing_child_breaks_the_stream_off() -> None:
    front, cid = _broken()
    for dups in ("n", "y"):
        reply = front.get(f"/ipfs/{cid}?format=car&car-dups={dups}", token=front.owner_token())
        assert reply.status == 200
        assert not reply.complete


def test_identity_blocks_are_never_sent() -> None:
    front = Front()
    inline = bytes((1, RAW, 0, 5)) + b"inner"
    from leither.codec.foreign import parse_binary

    node = Block.of(0x70, encode([PBLink(b"in.txt", parse_binary(inline), 5)], b"\x08\x01"))
    with front.engines.blocks.lease() as lease:
        lease.put(node)
    for dups in ("n", "y"):
        reply = front.get(f"/ipfs/{node.cid}?format=car&car-dups={dups}", token=front.owner_token())
        assert inline not in reply.body[len(node.data) + 100 :]
        assert _blocks(reply) == [node.cid]
    assert front.get(f"/ipfs/{node.cid}/in.txt", token=front.owner_token()).body == b"inner"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_probe_answers(method: str) -> None:
    raw = FRONT.call(method, "/ipfs/bafkqaaa?format=raw")
    assert (raw.status, raw.body, raw.headers["content-type"]) == (200, b"", "application/vnd.ipld.raw")
    assert raw.headers["etag"] == '"bafkqaaa.raw"'
    car = FRONT.call(method, "/ipfs/bafkqaaa?format=car")
    assert (car.status, car.headers["content-type"].partition(";")[0]) == (200, "application/vnd.ipld.car")
    if method == "GET":
        reader = CarReader([car.body])
        assert [bytes(root).hex() for root in reader.roots] == ["01550000"]
        assert list(reader) == []


def test_a_cid_may_be_written_in_any_common_base() -> None:
    raw = bytes(ROOT)
    texts = [
        "B" + base64.b32encode(raw).decode().rstrip("="),
        "f" + raw.hex(),
        "u" + base64.urlsafe_b64encode(raw).decode().rstrip("="),
        "k" + _in_base(raw, "0123456789abcdefghijklmnopqrstuvwxyz"),
        "z" + _in_base(raw, "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"),
        _in_base(b"\x12\x20" + ROOT.digest, "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"),
    ]
    assert texts[-1].startswith("Qm")
    for text in texts:
        reply = FRONT.get(f"/ipfs/{text}?format=raw")
        assert (reply.status, reply.headers["etag"]) == (200, f'"{ROOT}.raw"')


def _in_base(data: bytes, alphabet: str) -> str:
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, len(alphabet))
        text = alphabet[digit] + text
    return text


@pytest.mark.parametrize(
    "text", ["x", "b", "bafy", "Qm", "bafkreiÿ", "9" * 600, "z0OIl", "b1", f"{ROOT}a", "fzz", "k!"]
)
def test_what_is_no_cid_is_a_bad_request(text: str) -> None:
    assert FRONT.get(f"/ipfs/{text}?format=raw").status == 400
