"""What the records of a MiMei are built of: the base that all records share, and the numbers of its writers."""

from typing import Annotated

from msgspec import Meta

from leither import limits
from leither.codec.record import (
    U64,
    BadSignature,
    Id,
    Key,
    NotARecord,
    Record,
    Signature,
    SignedRecord,
    TimeMs,
)

Writer = Annotated[int, Meta(ge=1, le=limits.MAP_WRITER_MAX)]
Seq = Annotated[int, Meta(ge=1, le=limits.MAP_SEQ_MAX)]
"""A writer's sequence number, from 1: what a stamp holds, and `seen` tells from "nothing yet"."""

__all__ = [
    "U64",
    "BadSignature",
    "Id",
    "Key",
    "NotARecord",
    "Record",
    "Seq",
    "Signature",
    "SignedRecord",
    "TimeMs",
    "Writer",
]
