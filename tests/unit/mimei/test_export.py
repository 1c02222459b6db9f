"""Export and shelf: what an archive begins with, bounded like all that is foreign."""

import pytest

from leither import limits
from leither.mimei.export import Export, Shelf
from leither.mimei.record import NotARecord
from tests.unit.mimei.samples import cid

SHELF = Shelf(genesis=cid("genesis"), control=cid("control"), versions=cid("versions"))


def test_a_shelf_comes_back_from_its_bytes() -> None:
    whole = Shelf(
        genesis=cid("genesis"), control=cid("control"), versions=cid("v"), heads=(cid("h"),), cur=cid("changes")
    )
    assert [Shelf.decode(one.encode()) for one in (SHELF, whole)] == [SHELF, whole]


def test_an_export_comes_back_from_its_bytes() -> None:
    export = Export(mimei=(SHELF.cid,), identity=bytes(90))
    assert Export.decode(export.encode()) == export


def test_a_shelf_has_a_head_for_each_writer_and_no_more() -> None:
    most = Shelf(
        genesis=SHELF.genesis, control=SHELF.control, versions=SHELF.versions, heads=(cid("h"),) * limits.WRITERS_MAX
    )
    assert Shelf.decode(most.encode()) == most
    more = Shelf(genesis=SHELF.genesis, control=SHELF.control, versions=SHELF.versions, heads=(*most.heads, cid("h")))
    with pytest.raises(NotARecord, match="1024"):
        Shelf.decode(more.encode())


def test_an_export_holds_so_many_mimei_and_no_more() -> None:
    most = Export(mimei=(SHELF.cid,) * limits.EXPORT_MIMEI_MAX)
    assert Export.decode(most.encode()) == most
    with pytest.raises(NotARecord, match="16384"):
        Export.decode(Export(mimei=(*most.mimei, SHELF.cid)).encode())
