"""Drafts from nodes that lie, lag or were copied: refused with their reason, and nothing of them is shown."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from leither.codec import Block
from leither.crypto import MimeiId
from leither.db import execute
from leither.errors import LeitherError
from leither.mimei.contents import Seen
from leither.mimei.draft import Draft
from leither.people import Act
from leither.people import right as rights
from leither.service import tables
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.clones import ClonedWriter
from leither.service.cutting import cut_everywhere
from leither.service.database import Database
from leither.service.drafting import share_cur
from leither.service.engines import Engines
from leither.service.holding import drafts, load
from leither.service.proof_of_records import Refused
from leither.service.sync_node import outcome_of
from leither.service.sync_session import SyncSession
from leither.testing.node import counted, memory_engines
from leither.wire.sync_follower import Outcome
from leither.wire.sync_messages import Ask, Want
from tests.unit.service.life import held, made, put, remove, shown
from tests.unit.service.syncing import take

Lie = Callable[[Draft, Engines], Draft]


@pytest.fixture
def site(desk: Engines, phone: Engines) -> MimeiId:
    """A MiMei with a version on both nodes, and a draft on one."""
    mimei = made(desk)
    put(desk, mimei, "a", b"1")
    backup(desk, mimei)
    take(phone, desk, mimei)
    put(desk, mimei, "b", b"2")
    share_cur(desk, mimei)
    return mimei


def draft_of(engines: Engines, mimei: MimeiId) -> Draft:
    with engines.state.read() as view:
        (draft,) = drafts(view, load(engines, view, mimei)).values()
    return draft


def offer(engines: Engines, mimei: MimeiId, draft: Draft) -> None:
    """Let a node tell of this draft, whatever it is."""
    with engines.blocks.lease() as lease:
        lease.put(draft.block)
    number = held(engines, mimei).row.number
    engines.state.write(lambda transaction: transaction.put(tables.draft(mimei, number), draft.cid))


def resigned(engines: Engines, draft: Draft, **changes: object) -> Draft:
    return msgspec.structs.replace(draft, **changes).signed(engines.identity.node)


LIES: dict[str, Lie] = {
    "a field changed after signing": lambda draft, _: msgspec.structs.replace(draft, size_bytes=7),
    "a signature of somebody else": lambda draft, _: draft.signed(
        memory_engines(person="eve", node="eve's").identity.node
    ),
    "a merge": lambda draft, _: msgspec.structs.replace(
        draft, parents=tuple(sorted((draft.content, draft.side))), by=None, sig=None
    ),
    "another MiMei": lambda draft, desk: resigned(desk, draft, mimei=bytes(20)),
    "an unknown version below": lambda draft, desk: resigned(desk, draft, parents=(draft.side,)),
    "a size that is not": lambda draft, desk: resigned(desk, draft, size_bytes=7),
    "another salt": lambda draft, desk: resigned(desk, draft, salt=bytes(16)),
    "a number that none could follow": lambda draft, desk: resigned(
        desk, draft, seen=tuple(Seen(seen.writer, (1 << 53) - 1) for seen in draft.seen)
    ),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_draft_that_does_not_prove_itself_is_refused(lie: Lie, site: MimeiId, desk: Engines, phone: Engines) -> None:
    offer(desk, site, lie(draft_of(desk, site), desk))
    with pytest.raises(LeitherError) as caught:
        take(phone, desk, site, live=True)
    assert outcome_of(caught.value) is Outcome.BAD
    assert shown(phone, site) == {"a": b"1"}
    assert held(phone, site).row.draft == b""


def test_another_content_than_the_entries_make_is_refused(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "a", b"1")
    put(desk, mimei, "b", b"2")
    share_cur(desk, mimei)
    content = draft_of(desk, mimei).content
    remove(desk, mimei, "b")
    share_cur(desk, mimei)
    offer(desk, mimei, resigned(desk, draft_of(desk, mimei), content=content))
    with pytest.raises(Refused, match="another content"):
        take(phone, desk, mimei, live=True)


def test_entries_that_a_draft_says_it_has_not_seen_are_refused(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    for text in (b"1", b"2"):
        put(desk, mimei, "a", text)
        share_cur(desk, mimei)
    draft = draft_of(desk, mimei)
    offer(desk, mimei, resigned(desk, draft, seen=(Seen(draft.seen[0].writer, 1),)))
    with pytest.raises(LeitherError) as caught:
        take(phone, desk, mimei, live=True)
    assert outcome_of(caught.value) is Outcome.BAD


def test_what_follows_from_other_entries_can_not_be_told_otherwise(desk: Engines, phone: Engines) -> None:
    mimei = made(desk, "db")
    take(phone, desk, mimei)
    database = Database.open(desk, mimei)
    database.write(lambda space: execute(space, [b"RPUSH", b"queue", b"x"])).result()
    database.write(lambda space: space.delete(b"\x90queue")).result()
    share_cur(desk, mimei)
    with pytest.raises(LeitherError) as caught:
        take(phone, desk, mimei, live=True)
    assert outcome_of(caught.value) is Outcome.BAD


def test_an_older_draft_says_nothing(site: MimeiId, desk: Engines, phone: Engines) -> None:
    old = draft_of(desk, site)
    put(desk, site, "b", b"3")
    share_cur(desk, site)
    take(phone, desk, site, live=True)
    offer(desk, site, old)
    talk = take(phone, desk, site, live=True)
    assert talk.arrived is not None
    assert talk.arrived.state == "unchanged"
    assert shown(phone, site) == {"a": b"1", "b": b"3"}


def test_two_drafts_of_one_number_are_refused(site: MimeiId, desk: Engines, phone: Engines) -> None:
    take(phone, desk, site, live=True)
    copy = memory_engines(node="desk")
    take(copy, phone, site)
    put(copy, site, "c", b"other")
    share_cur(copy, site)
    assert draft_of(copy, site).seen == draft_of(desk, site).seen
    with pytest.raises(ClonedWriter):
        take(phone, copy, site, live=True)
    assert shown(phone, site) == {"a": b"1", "b": b"2"}


def test_of_a_writer_that_was_cut_off_no_draft_counts(site: MimeiId, desk: Engines, phone: Engines) -> None:
    take(phone, desk, site, live=True)
    put(phone, site, "c", b"3")
    backup(phone, site)
    take(desk, phone, site)
    assert cut_everywhere(desk, None, phone.identity.node.id) == 1
    put(phone, site, "d", b"4")
    share_cur(phone, site)
    take(desk, phone, site, live=True)
    assert shown(desk, site) == {"a": b"1", "b": b"2", "c": b"3"}
    assert held(desk, site).row.draft == b""


def test_a_draft_counts_no_more_once_its_writer_is_known_to_be_cut_off(
    site: MimeiId, desk: Engines, phone: Engines
) -> None:
    put(phone, site, "c", b"3")
    backup(phone, site)
    take(desk, phone, site)
    tablet = memory_engines(node="tablet")
    take(tablet, phone, site)
    put(phone, site, "d", b"4")
    share_cur(phone, site)
    take(tablet, phone, site, live=True)
    assert shown(tablet, site) == {"a": b"1", "c": b"3", "d": b"4"}
    assert cut_everywhere(desk, None, phone.identity.node.id) == 1
    take(tablet, desk, site, live=True)
    assert shown(tablet, site) == {"a": b"1", "b": b"2", "c": b"3"}


def test_who_may_not_read_the_working_copy_gets_no_block_of_it(site: MimeiId, desk: Engines, stranger: Engines) -> None:
    Catalog(desk).change_control(site, right=rights.pack(everyone=Act.READ_VERSIONS))
    draft = draft_of(desk, site)
    session = SyncSession(desk, stranger.identity.node.public)
    list(session.receive(Ask(mimei=site, live=True)))
    answer = list(session.receive(Want(blocks=(draft.cid, draft.side, draft.content))))
    assert not [frame for frame in answer if isinstance(frame, Block)]


def test_a_holder_that_lost_a_block_of_a_draft_is_no_liar(site: MimeiId, desk: Engines, phone: Engines) -> None:
    counted(desk).lose([draft_of(desk, site).side])
    with pytest.raises(LeitherError) as caught:
        take(phone, desk, site, live=True)
    assert outcome_of(caught.value) is Outcome.AWAY
    with phone.state.read() as view:
        assert load(phone, view, site).row.draft == b""
