"""Moving MiMei between nodes as CAR files."""

from collections.abc import Callable, Iterator
from typing import Annotated

import anyio
import anyio.from_thread
import anyio.to_thread
from litestar import get, post
from litestar.params import JSONBody, QueryParameter

from leither import limits
from leither.crypto import KeyId, MimeiId, id_text
from leither.errors import CorruptionError, InputError, LeitherError, PeerError
from leither.people.audit import Kind
from leither.service.archive_in import Imported, import_car
from leither.service.archive_out import export_car, own_ids, seal_identity
from leither.service.engines import Engines
from leither.service.kept import kept
from leither.service.person_index import update_index
from leither.web.api.body import pieces
from leither.web.api.context import Caller, working_copy
from leither.web.api.files import Incoming
from leither.web.api.parameters import CallerGiven
from leither.web.api.streaming import ByteStream, joined
from leither.web.schema_node import ExportRequest, ImportDone, ImportedInfo

CAR = "application/vnd.ipld.car"
CAR_HEADERS = {"content-disposition": 'attachment; filename="leither.car"', "x-content-type-options": "nosniff"}


class PassphraseNeeded(InputError):
    """The identity leaves the node encrypted only."""

    code = "passphrase-needed"

    def __init__(self) -> None:
        super().__init__("an export with the identity needs a passphrase, which must not stand in an address; POST it")


class EveryoneOrSome(InputError):
    """An export of everybody's names MiMei."""

    code = "everyone-or-some"

    def __init__(self) -> None:
        super().__init__("an export of what is everybody's names no MiMei; leave out `ids`, or `everyone`")


class ImportRefused(InputError):
    """The archive does not prove itself."""

    code = "import-refused"

    def __init__(self, error: LeitherError) -> None:
        self.because = error.code
        super().__init__(f"the archive is refused: {error}; nothing of it shows")


@get("/export", operation_id="exportAll", tags=["archives"])
async def export_named(
    caller: CallerGiven,
    id: Annotated[
        list[str] | None,
        QueryParameter(max_items=limits.LIST_PAGE_MAX, description="The MiMei; none for all that are the caller's."),
    ] = None,
    with_identity: Annotated[bool, QueryParameter(description="Refused here: POST with a passphrase instead.")] = False,
) -> ByteStream:
    """Send MiMei, or all that are the caller's, as a CAR that `import` takes in."""
    caller.principal.require_resident("exporting")
    if with_identity:
        raise PassphraseNeeded
    return await _export(caller, id, None)


@post("/export", status_code=200, operation_id="exportWith", tags=["archives"])
async def export_posted(caller: CallerGiven, data: JSONBody[ExportRequest]) -> ByteStream:
    """Send MiMei, or all that are the caller's, as a CAR; with a passphrase, the person's encrypted seed in it."""
    caller.principal.require_resident("exporting")
    if data.everyone:
        caller.principal.require_owner("exporting what is everybody's")
        if data.ids is not None:
            raise EveryoneOrSome
    return await _export(caller, data.ids, data.passphrase, everyone=data.everyone)


async def _export(
    caller: Caller, ids: list[str] | None, passphrase: str | None, *, everyone: bool = False
) -> ByteStream:
    person = caller.engines.persons.of_user(caller.principal.user)
    if ids:
        wanted: list[MimeiId] | None = [await caller.run(_chosen, caller, text) for text in dict.fromkeys(ids)]
    else:
        wanted = None
        caller.note_export(caller.principal.user)

    def make() -> Iterator[bytes]:
        engines = caller.engines
        if wanted is None:  # so that the person's words find all that is in it
            for each in (person, *(engines.persons.users() if everyone else ())):
                update_index(engines, each.user)
        sealed = seal_identity(engines, person, passphrase) if passphrase is not None else None
        chosen = wanted if wanted is not None or everyone else own_ids(engines, person.user)
        yield from joined(export_car(engines, chosen, identity=sealed))

    return ByteStream(caller, make, media_type=CAR, headers=CAR_HEADERS)


def _chosen(caller: Caller, text: str) -> MimeiId:
    """Return the id of a MiMei of the caller's, or of one that they keep sealed. Raises: MimeiNotFound, Denied."""
    mimei = working_copy(text)
    with caller.engines.state.read() as view:
        sealed = any(one.user == caller.principal.user for one in kept(caller.engines, view, mimei))
    if sealed:
        return mimei
    found = caller.own(text, "exporting a MiMei")
    caller.note(found, Kind.EXPORT)
    return found.id


@post("/import", status_code=200, operation_id="importArchive", tags=["archives"], request_max_body_size=None)
async def import_archive(request: Incoming, caller: CallerGiven) -> ImportDone:
    """Take in a CAR that an export made. Nothing shows until all of it has come and is proved."""
    caller.principal.require_resident("importing")
    body = pieces(request)

    async def following() -> bytes:
        return await anext(body, b"")

    def arriving() -> Iterator[bytes]:
        while piece := anyio.from_thread.run(following):
            yield piece

    done = await anyio.to_thread.run_sync(
        _import, caller.engines, arriving, caller.principal.user, limiter=caller.context.imports
    )
    return ImportDone(
        [ImportedInfo(id_text(one.id), one.state, one.versions) for one in done.mimei], done.blocks, done.bytes
    )


def _import(engines: Engines, arriving: Callable[[], Iterator[bytes]], user: KeyId | None) -> Imported:
    try:
        return import_car(engines, arriving(), user=user)
    except (CorruptionError, PeerError) as error:
        raise ImportRefused(error) from error


OPERATIONS = (export_named, export_posted, import_archive)
