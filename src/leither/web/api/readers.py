"""Who reads a private MiMei: the readers of its key ring, and a new key for what is written from now on."""

from collections.abc import Sequence

from litestar import get, post

from leither.crypto import id_text
from leither.service import readers
from leither.web.api.describing import moment
from leither.web.api.parameters import REF, CallerGiven, Ref
from leither.web.schema_people import KeyEpoch, ReaderInfo


@get(f"{REF}/readers", operation_id="listReaders", tags=["rights"])
async def list_readers(caller: CallerGiven, ref: Ref) -> Sequence[ReaderInfo]:
    """List who may read a private MiMei, the author first. Only whose it is can."""

    def work() -> list[ReaderInfo]:
        mimei = caller.own(ref, "listing readers")
        found = readers.readers_of(caller.engines, mimei.id)
        return [ReaderInfo(id_text(reader.id), moment(reader.until_ms), reader.has_key) for reader in found]

    return await caller.run(work)


@post(f"{REF}/rotate", status_code=200, operation_id="rotateEpoch", tags=["rights"])
async def rotate_key(caller: CallerGiven, ref: Ref) -> KeyEpoch:
    """Seal what is written into a private MiMei from now on under a new key. Only the author's node can."""

    def work() -> KeyEpoch:
        mimei = caller.own(ref, "giving it a new key")
        return KeyEpoch(readers.rotate(caller.engines, mimei.id).control.key_epoch or 0)

    return await caller.run(work)


OPERATIONS = (list_readers, rotate_key)
