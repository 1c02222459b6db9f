"""What is kept sealed for others: private MiMei that nobody on this node can read."""

from collections.abc import Sequence

from litestar import delete, get

from leither.crypto import id_text
from leither.service.kept import give_up, kept
from leither.web.api.context import working_copy
from leither.web.api.parameters import CallerGiven, Ref
from leither.web.schema_node import KeptInfo


@get("/kept", operation_id="listKept", tags=["archives"])
async def list_kept(caller: CallerGiven) -> Sequence[KeptInfo]:
    """List what the caller imported, and keeps sealed for others."""
    caller.principal.require_resident("listing what is kept sealed")

    def work() -> list[KeptInfo]:
        with caller.engines.state.read() as view:
            return [
                KeptInfo(id_text(one.id), id_text(one.author), len(one.versions), one.size_bytes)
                for one in kept(caller.engines, view)
                if one.imported and one.user == caller.principal.user
            ]

    return await caller.run(work)


@delete("/kept/{ref:str}", operation_id="giveUpKept", tags=["archives"])
async def give_up_kept(caller: CallerGiven, ref: Ref) -> None:
    """Keep something sealed no longer; a collection then gives the space back."""
    caller.principal.require_resident("giving up what is kept sealed")
    await caller.run(give_up, caller.engines, working_copy(ref), caller.principal.user)


OPERATIONS = (list_kept, give_up_kept)
