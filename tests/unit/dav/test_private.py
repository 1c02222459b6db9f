"""A private MiMei as a network folder."""

from __future__ import annotations

from leither.crypto import id_text
from tests.unit.dav.client import Dav

SECRET = b"the treasure lies under the third oak. " * 40


def test_what_is_put_into_a_private_folder_reads_back_and_is_stored_sealed() -> None:
    dav = Dav()
    dav.mimei = dav.catalog.create(kind="fs", mark="diary", private=True)[0].id
    dav.base = f"/dav/{id_text(dav.mimei)}"
    assert dav.call("PUT", "/map.txt", SECRET).status == 201
    assert dav.call("GET", "/map.txt").body == SECRET
    dav.save()
    assert dav.call("GET", "/map.txt").body == SECRET
    assert not any(b"treasure" in dav.engines.blocks.get(cid) for cid in dav.engines.blocks.cids())
