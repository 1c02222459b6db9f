"""The MM commands: what a MiMei can do that Redis does not know. They run beside the loop."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from leither import limits
from leither.codec import Cid
from leither.crypto import id_text
from leither.db.layout import DERIVED, user_key
from leither.mimei.address import CUR, LAST, Selector, parse_selector
from leither.mimei.version import Version
from leither.people import Act
from leither.people import right as rights
from leither.resp import refusal
from leither.resp.command import Command
from leither.resp.reply import LATER, Failure
from leither.resp.session import Session
from leither.resp.waiting import Slot
from leither.service import history
from leither.service.backup import backup
from leither.service.catalog import Catalog, authorize
from leither.service.cur import Cur
from leither.service.diff import diff
from leither.service.engines import Engines
from leither.service.holding import Mimei, load
from leither.service.versions import readable_version, rows

if TYPE_CHECKING:
    from leither.resp.connection import Connection

Work = Callable[[Engines, Session, list[str]], object]


def _mm(name: bytes, arity: int, summary: str, *, write: bool = False) -> Callable[[Work], Work]:
    def register(work: Work) -> Work:
        def local(connection: "Connection", words: list[bytes]) -> object:
            session, server = connection.session, connection.server
            assert session is not None
            slot = Slot()
            connection.await_slot(slot, park=True)
            texts = [word.decode("utf-8", "surrogateescape") for word in words[1:]]
            server.answer_beside(connection, slot, lambda: work(server.context.engines, session, texts))
            return LATER

        FOUND.append(
            Command(
                name,
                arity,
                "mimei",
                "7.0.0",
                summary,
                flags=frozenset({"write" if write else "readonly", "noscript"}),
                local=local,
                barrier=True,
                in_multi=False,
            )
        )
        return work

    return register


FOUND: list[Command] = []


def _held(engines: Engines, session: Session, act: Act) -> Mimei:
    return Catalog(engines).get(session.mimei, session.principal, act)


@_mm(b"mm.info", 1, "Describe the MiMei that is open; what may not be read is null")
def _info(engines: Engines, session: Session, _: list[str]) -> object:
    held = Catalog(engines).readable(session.mimei, session.principal)
    acts, row, topic = held.acts(session.principal), held.row, held.genesis
    newest = None
    if Act.READ_VERSIONS in acts:
        with engines.state.read() as view:
            newest = next(rows(engines, view, held), None)
    reads_cur = Act.READ_CUR in acts
    with engines.state.read() as view:
        unsaved = Cur(engines, view, held).unsaved_count() if reads_cur else None
    return {
        b"id": id_text(held.id),
        b"type": topic.type,
        b"app": topic.app,
        b"ext": topic.ext,
        b"mark": topic.mark,
        b"right": rights.text(held.control.right),
        b"open": session.version.text if session.version else CUR,
        b"last": newest.record.n if newest else None,
        b"release": held.release.text if held.release else None,
        b"entries": row.entries if reads_cur else None,
        b"size": row.size_bytes if reads_cur else None,
        b"unsaved": unsaved,
    }


@_mm(b"mm.backup", -1, "Append a version with what changed, and return its number: MM.BACKUP [note]", write=True)
def _backup(engines: Engines, session: Session, words: list[str]) -> object:
    if len(words) > 1:
        return refusal.SYNTAX
    _held(engines, session, Act.BACKUP)
    return backup(engines, session.mimei, note=words[0] if words else "").n


@_mm(b"mm.release", -1, "Point the release at a version, or at the newest: MM.RELEASE [version]", write=True)
def _release(engines: Engines, session: Session, words: list[str]) -> object:
    if len(words) > 1:
        return refusal.SYNTAX
    _held(engines, session, Act.RELEASE)
    return history.release(engines, session.mimei, parse_selector(words[0]) if words else LAST).text


@_mm(b"mm.restore", -2, "Make cur equal a version: MM.RESTORE version [DISCARD] (unsaved changes)", write=True)
def _restore(engines: Engines, session: Session, words: list[str]) -> object:
    if len(words) > 2 or (len(words) == 2 and words[1].lower() != "discard"):
        return refusal.SYNTAX
    held, selector = _held(engines, session, Act.WRITE), parse_selector(words[0])
    _readable(engines, session, held, selector)
    return history.restore(engines, session.mimei, selector, discard=len(words) == 2).text


@_mm(b"mm.log", -1, "List the versions, newest first: MM.LOG [COUNT count]")
def _log(engines: Engines, session: Session, words: list[str]) -> object:
    count = limits.LIST_PAGE_MAX
    if words:
        if len(words) != 2 or words[0].lower() != "count":
            return refusal.SYNTAX
        if not (words[1].isascii() and words[1].isdigit()):
            return refusal.NOT_A_NUMBER
        count = min(count, int(words[1]))
    _held(engines, session, Act.READ_VERSIONS)
    found: list[object] = []
    with engines.state.read() as view:
        for row in rows(engines, view, load(engines, view, session.mimei)):
            if len(found) == count:
                break
            found.append(_version_row(row.cid, row.record, released=row.released))
    return found


def _version_row(cid: Cid, record: Version, *, released: bool) -> dict[object, object]:
    return {
        b"n": record.n,
        b"cid": cid.text,
        b"time": record.time,
        b"note": record.note or "",
        b"size": record.size_bytes,
        b"released": int(released),
    }


@_mm(b"mm.diff", -2, "List the keys that differ between two states: MM.DIFF before [after]; after is cur by itself")
def _diff(engines: Engines, session: Session, words: list[str]) -> object:
    if len(words) > 2:
        return refusal.SYNTAX
    selectors = [parse_selector(word) for word in words]
    with engines.state.read() as view:
        held = load(engines, view, session.mimei)
        before = _readable(engines, session, held, selectors[0])
        after = _readable(engines, session, held, selectors[1] if len(selectors) == 2 else CUR)
        found: dict[bytes, int] = {}
        for each in diff(engines, view, held, before, after):
            key = user_key(each.key)
            if key is None or each.key[:1] in DERIVED:
                continue
            if key not in found and len(found) == limits.REDIS_DIFF_MAX:
                return Failure(f"ERR more than {limits.REDIS_DIFF_MAX} keys differ; `leither diff` lists them all")
            found[key] = found.get(key, 0) + 1
    return found


def _readable(engines: Engines, session: Session, held: Mimei, selector: Selector) -> Cid | None:
    if selector == CUR:
        authorize(session.principal, held, Act.READ_CUR)
        return None
    with engines.state.read() as view:
        return readable_version(engines, view, held, selector, session.principal)


@_mm(b"mm.fork", -2, "Make a new MiMei from a version, and return its id: MM.FORK mark [version]")
def _fork(engines: Engines, session: Session, words: list[str]) -> object:
    if len(words) > 2:
        return refusal.SYNTAX
    held = _held(engines, session, Act.FORK)
    selector = parse_selector(words[1]) if len(words) == 2 else LAST
    _readable(engines, session, held, selector)
    session.principal.require_resident("forking")
    return id_text(history.fork(engines, session.mimei, selector, mark=words[0], user=session.principal.user).id)


COMMANDS = tuple(FOUND)
