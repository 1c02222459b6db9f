"""What the HTTP API gives about MiMei that come from other nodes."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from leither.web.schema import Count, MimeiInfo
from leither.web.schema_network import PeerText


def _about(text: str) -> Meta:
    return Meta(description=text)


class FetchDone(Struct, frozen=True, kw_only=True):
    """What became of a MiMei that was looked for on other nodes."""

    state: Annotated[
        Literal["added", "updated", "merged", "unchanged"], _about("What it was to this node, once all had come.")
    ]
    versions: Annotated[int, _about("How many versions came.")]
    peer: Annotated[PeerText | None, _about("From whom; null if it was up to date a moment before.")]
    holders: Count
    mimei: MimeiInfo
