"""What the HTTP API takes and gives about what is brought up to date from other nodes."""

from typing import Annotated

from msgspec import Meta, Struct

from leither import limits
from leither.web.schema import Id
from leither.web.schema_copies import OnDemand
from leither.web.schema_network import PeerText


def _about(text: str) -> Meta:
    return Meta(description=text)


_Live = Annotated[bool, _about("Whether changes are fetched as they are made, and not only now and then.")]
SourceText = Annotated[
    str, Meta(max_length=512, description="A peer id, or an address that ends in one; that peer is then chosen too.")
]


class SourceInfo(Struct, frozen=True, kw_only=True):
    """A node from which a MiMei comes, and what the last attempt since the start came to."""

    peer: PeerText
    state: Annotated[str | None, _about("added, updated, merged or unchanged; null before the first, or if it failed.")]
    versions: Annotated[int, _about("How many versions came with it.")]
    error: Annotated[str | None, _about("The code of the error it failed with.")]
    message: Annotated[str | None, _about("The error in words.")]


class FollowInfo(Struct, frozen=True, kw_only=True):
    """A MiMei that is followed."""

    id: Id
    live: _Live
    on_demand: OnDemand
    sources: Annotated[list[SourceInfo], _about("The nodes from which it comes.")]


class FollowGiven(Struct, frozen=True, forbid_unknown_fields=True):
    """How a MiMei is to be followed. Nodes that are known of it already stay."""

    sources: Annotated[
        list[SourceText],
        Meta(
            max_length=limits.FOLLOW_SOURCES_MAX,
            description="The nodes from which it is to come. Without any, those that are connected or chosen.",
        ),
    ] = []
    live: _Live = False
    on_demand: OnDemand = False
    wait_s: Annotated[
        int, Meta(ge=0, le=limits.FOLLOW_WAIT_S_MAX, description="How long to wait for the first answer.")
    ] = 0
