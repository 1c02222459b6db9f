"""Which blocks whom. Every test here guards somebody's private data."""

from contextlib import ExitStack

import pytest

from leither.codec import DAG_PB, RAW, Block, Cid
from leither.codec.dagpb import PBLink, encode
from leither.crypto import MimeiId
from leither.people import Scope
from leither.people import right as rights
from leither.service.block_index import BlockIndex
from leither.service.catalog import Catalog
from leither.service.history import release
from leither.service.paths import make_reference
from leither.service.public_blocks import PublicBlocks
from leither.service.visible import Visibility
from leither.unixfs import lookup
from tests.unit.web.front import OPEN, PRIVATE, PUBLIC, Front

TREE = {"d/secret.txt": b"the secret", "big": bytes(3_000_000)}


class Door(Front):
    """A front door that shows as well what strangers get by Bitswap."""

    def __init__(self) -> None:
        super().__init__()
        visibility = Visibility(self.engines)
        self.public = PublicBlocks(self.engines, visibility)
        self.watching = ExitStack()
        self.watching.enter_context(self.engines.events.watching(visibility.hear))


def _fetch(front: Door, cid: Cid, token: str | None = None) -> set[int]:
    """Return the statuses of every way to ask for `cid`."""
    by_bitswap = set() if token else {404 if front.public.size_bytes(cid) is None else 200}
    return by_bitswap | {
        front.get(f"/ipfs/{cid}{form}", token=token).status
        for form in ("?format=raw", "?format=car", "?format=car&car-dups=y", "")
    }


def _inner(front: Door, version: Cid) -> list[Cid]:
    """Return the content root, a directory, a file and a leaf below it."""
    get = front.engines.blocks.get
    root = front.content(version)
    directory = lookup(get, root, "d").cid
    file = lookup(get, directory, "secret.txt").cid
    big = lookup(get, root, "big").cid
    from leither.codec.links import links

    assert isinstance(directory, Cid)
    assert isinstance(file, Cid)
    assert isinstance(big, Cid)
    return [root, directory, file, big, links(big, get(big))[0]]


def test_a_guest_gets_404_for_every_block_of_a_private_mimei() -> None:
    front = Door()
    _, version = front.publish("private", TREE, right=PRIVATE)
    front.publish("public", {"x": b"public"})
    for cid in _inner(front, version):
        assert _fetch(front, cid) == {404}
        assert front.call("HEAD", f"/ipfs/{cid}?format=raw").status == 404


def test_hidden_and_absent_blocks_answer_alike() -> None:
    front = Door()
    _, version = front.publish("private", TREE, right=PRIVATE)
    hidden, absent = front.content(version), Cid.of(DAG_PB, b"nowhere")
    for query in ("?format=raw", "?format=car", "", "?format=car&dag-scope=block"):
        there, away = front.get(f"/ipfs/{hidden}{query}"), front.get(f"/ipfs/{absent}{query}")
        assert there.body.replace(hidden.text.encode(), b"") == away.body.replace(absent.text.encode(), b"")
        assert there.headers.keys() == away.headers.keys()


def test_the_owner_gets_every_block() -> None:
    front = Door()
    _, version = front.publish("private", TREE, right=PRIVATE)
    token = front.owner_token()
    for cid in _inner(front, version):
        reply = front.get(f"/ipfs/{cid}?format=raw", token=token)
        assert reply.body == front.engines.blocks.get(cid)
        assert reply.headers["cache-control"].startswith("private")
    assert front.get(f"/ipfs/{version}?format=raw", token=token).status == 200


def test_a_guest_gets_every_block_below_a_public_release() -> None:
    front = Door()
    _, version = front.publish("public", TREE)
    for cid in _inner(front, version):
        assert 200 in _fetch(front, cid)
        assert front.get(f"/ipfs/{cid}?format=raw").body == front.engines.blocks.get(cid)


def test_no_record_is_given_to_a_guest_however_public_what_it_describes() -> None:
    front = Door()
    mimei, version = front.publish("public", TREE, right=OPEN)
    with front.engines.state.read() as view:
        from leither.service.holding import load

        held = load(front.engines, view, mimei)
    from leither.mimei.version import Version

    side = front.engines.record(Version, version).side
    for cid in (version, side, Cid(held.row.genesis), Cid(held.row.control), Cid(held.row.head)):
        assert _fetch(front, cid) == {404}


def test_what_is_not_released_is_not_given() -> None:
    front = Door()
    mimei, _ = front.publish("public", {"x": b"one"})
    front.fill(mimei, {"x": b"two"})
    unsaved = Cid.of(RAW, b"two")
    assert _fetch(front, unsaved) == {404}
    second = front.save(mimei)
    assert _fetch(front, unsaved) == {404}
    release(front.engines, mimei, second)
    assert _fetch(front, unsaved) == {200}
    assert _fetch(front, Cid.of(RAW, b"one")) == {404}


def test_rolling_back_and_turning_private_count_at_once() -> None:
    front = Door()
    mimei, version = front.publish("public", TREE)
    cids = _inner(front, version)
    assert 200 in _fetch(front, cids[-1])
    Catalog(front.engines).change_control(mimei, right=PRIVATE)
    assert all(_fetch(front, cid) == {404} for cid in cids)
    Catalog(front.engines).change_control(mimei, right=PUBLIC)
    assert 200 in _fetch(front, cids[-1])
    Catalog(front.engines).delete(mimei)
    assert all(_fetch(front, cid) == {404} for cid in cids)


def test_reading_cur_alone_opens_no_version() -> None:
    front = Door()
    _, version = front.publish("a", TREE, right=rights.parse("everyone=read-cur"))
    assert all(_fetch(front, cid) == {404} for cid in _inner(front, version))


def _referring(front: Door, right: int) -> tuple[MimeiId, Cid, Cid]:
    """Publish a MiMei that refers to another of `right`; return its id and version, and the other's version."""
    inner, inner_version = front.publish("inner", TREE, right=right)
    outer = front.make("outer", {"x": b"outer"})
    make_reference(front.engines, outer, ("there",), inner, inner_version)
    version = front.save(outer)
    release(front.engines, outer, version)
    return outer, version, inner_version


def test_a_reference_from_a_public_mimei_opens_no_private_one() -> None:
    front = Door()
    _, outer, inner = _referring(front, PRIVATE)
    root = front.content(outer)
    for cid in _inner(front, inner):
        assert _fetch(front, cid) == {404}
    assert front.get(f"/ipfs/{root}/there/d/secret.txt").status == 404
    assert front.get(f"/ipfs/{root}/there?format=raw").status == 404
    assert front.get(f"/ipfs/{root}/x").body == b"outer"


@pytest.mark.parametrize("query", ["", "&car-dups=y"])
def test_a_car_breaks_off_where_it_would_cross_into_what_is_private(query: str) -> None:
    front = Door()
    _, outer, _ = _referring(front, PRIVATE)
    reply = front.get(f"/ipfs/{front.content(outer)}?format=car{query}")
    assert not reply.complete
    assert b"the secret" not in reply.body
    whole = front.get(f"/ipfs/{front.content(outer)}?format=car{query}", token=front.owner_token())
    assert whole.complete
    assert b"the secret" in whole.body


def test_a_reference_into_a_public_mimei_is_followed() -> None:
    front = Door()
    _, outer, _ = _referring(front, PUBLIC)
    root = front.content(outer)
    assert front.get(f"/ipfs/{root}/there/d/secret.txt").body == b"the secret"
    assert front.get(f"/ipfs/{root}?format=car").complete


def test_a_chain_of_references_is_cut_where_it_turns_private() -> None:
    front = Door()
    deep, deep_version = front.publish("deep", TREE, right=PRIVATE)
    middle = front.make("middle", {"x": b"middle"})
    make_reference(front.engines, middle, ("deep",), deep, deep_version)
    middle_version = front.save(middle)
    release(front.engines, middle, middle_version)
    outer = front.make("outer", {"x": b"outer"})
    make_reference(front.engines, outer, ("middle",), middle, middle_version)
    release(front.engines, outer, outer_version := front.save(outer))
    root = front.content(outer_version)
    assert front.get(f"/ipfs/{root}/middle/x").body == b"middle"
    assert front.get(f"/ipfs/{root}/middle/deep/d/secret.txt").status == 404
    assert not front.get(f"/ipfs/{root}?format=car").complete


def test_public_bytes_that_look_like_a_directory_lead_nowhere_private() -> None:
    front = Door()
    _, version = front.publish("private", TREE, right=PRIVATE)
    target = front.content(version)
    crafted = encode([PBLink(b"loot", target, 1)], b"\x08\x01")
    front.publish("public", {"harmless.bin": crafted})
    assert front.get(f"/ipfs/{Cid.of(RAW, crafted)}?format=raw").body == crafted
    disguised = Cid.of(DAG_PB, crafted)
    assert _fetch(front, disguised) == {404}
    assert front.get(f"/ipfs/{disguised}/loot/d/secret.txt").status == 404


def test_a_directory_of_a_public_release_may_be_had_raw() -> None:
    front = Door()
    _, version = front.publish("public", TREE)
    directory = _inner(front, version)[1]
    raw = Cid.from_digest(RAW, directory.digest)
    assert front.get(f"/ipfs/{raw}?format=raw").body == front.engines.blocks.get(directory)


def test_a_token_opens_what_its_scope_reads_and_no_more() -> None:
    front = Door()
    mimei, version = front.publish("private", TREE, right=PRIVATE)
    _, other = front.publish("other", {"x": b"other"}, right=PRIVATE)
    _, secret = front.tokens.create("reader", Scope.READ, only=mimei)
    for cid in _inner(front, version):
        assert 200 in _fetch(front, cid, secret)
    assert _fetch(front, front.content(other), secret) == {404}
    assert _fetch(front, version, secret) == {404}


def test_an_identity_cid_leads_to_no_stored_block() -> None:
    front = Door()
    _, version = front.publish("private", TREE, right=PRIVATE)
    inline = encode([PBLink(b"loot", front.content(version), 1)], b"\x08\x01")
    text = "f" + (bytes((1, DAG_PB, 0, len(inline))) + inline).hex()
    for token in (None, front.owner_token()):
        assert front.get(f"/ipfs/{text}/loot/d/secret.txt", token=token).status == 404
        assert front.get(f"/ipfs/{text}?format=raw", token=token).body == inline


def test_an_index_past_its_bound_hides_what_it_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leither.limits.PUBLIC_BLOCKS_MAX", 3)
    leaves = [Block.of(RAW, bytes((n,))) for n in range(10)]
    node = Block.of(DAG_PB, encode([PBLink(b"", leaf.cid, 1) for leaf in leaves], b"\x08\x02"))
    held = {block.cid: block.data for block in (node, *leaves)}
    index = BlockIndex(held.__getitem__, [node.cid], frozenset())
    assert len(index) == 3
    assert node.cid in index
    assert sum(leaf.cid in index for leaf in leaves) == 2


def test_an_index_tells_codecs_apart_and_finds_what_is_first_and_last() -> None:
    leaves = [Block.of(RAW, bytes((n,))) for n in range(50)]
    node = Block.of(DAG_PB, encode([PBLink(b"", leaf.cid, 1) for leaf in leaves], b"\x08\x02"))
    index = BlockIndex({node.cid: node.data}.__getitem__, [node.cid], frozenset())
    assert all(leaf.cid in index for leaf in leaves)
    assert not any(Cid.from_digest(DAG_PB, leaf.cid.digest) in index for leaf in leaves)
    assert Cid.of(RAW, b"absent") not in index
    assert Cid.of(RAW, b"absent") not in BlockIndex(Door().engines.blocks.get, [], frozenset())
