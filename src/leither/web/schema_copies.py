"""What the HTTP API takes and gives about how much of a MiMei is on this node."""

from typing import Annotated

from msgspec import Meta, Struct

from leither import limits
from leither.web.schema import Bytes


def _about(text: str) -> Meta:
    return Meta(description=text)


OnDemand = Annotated[
    bool, _about("Whether files come when they are read, and may go again when others have them and room is short.")
]


class CopyInfo(Struct, frozen=True, kw_only=True):
    """How much of the files of a MiMei is on this node. Bytes that several files share count once."""

    on_demand: OnDemand
    fills: Annotated[bool, _about("Whether what is not here comes by and by, without being read.")]
    here_bytes: Bytes
    total_bytes: Bytes
    error: Annotated[str | None, _about("The code of the error for which it did not come whole the last time.")]
    message: Annotated[str | None, _about("The error in words.")]


class CopyGiven(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of a MiMei is to be on this node."""

    on_demand: OnDemand
    wait_s: Annotated[
        int,
        Meta(ge=0, le=limits.FILL_WAIT_S_MAX, description="How long to wait until all of it is here, if it is to be."),
    ] = 0
