"""The gateway shows nothing of a private MiMei: it would have to send its blocks in the clear."""

from leither.crypto import id_text
from leither.mimei.path import parse_path
from leither.people import OWNER
from leither.service.catalog import Catalog
from leither.service.tree import open_tree
from tests.unit.web.front import Front


def test_a_private_mimei_is_neither_shown_nor_are_its_blocks_given_out() -> None:
    front = Front()
    mimei = Catalog(front.engines).create(kind="fs", mark="diary", private=True)[0].id
    front.fill(mimei, {"map.txt": b"treasure"})
    front.save(mimei)
    owner = front.owner_token()
    with open_tree(front.engines, mimei, 0, OWNER) as tree:
        cid = tree.entry(parse_path("map.txt")).cid
    assert cid is not None
    assert front.get(f"/mm/{id_text(mimei)}@0/map.txt").status == 404
    assert front.get(f"/mm/{id_text(mimei)}@0/map.txt", token=owner).status == 409
    assert front.get(f"/ipfs/{cid}", token=owner).status == 404
    assert front.get(f"/ipfs/{cid}").status == 404
