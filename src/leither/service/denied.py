"""What a denylist of this node rules out, as those who would give it are told."""

from collections.abc import Callable
from typing import TypeVar

from leither.codec import Cid
from leither.codec.foreign import AnyCid
from leither.errors import DeniedError
from leither.ports import Denied

T = TypeVar("T")


class ContentDenied(DeniedError):
    """A denylist of this node says that it is given to nobody."""

    code = "content-denied"

    def __init__(self, what: str) -> None:
        self.content = what
        super().__init__(
            f"{what} stands on a denylist of this node, so it is given to nobody; its owner may change the lists in "
            "the folder `denylists`"
        )


def refuse_denied(denied: Denied, cid: AnyCid, path: tuple[str, ...] = ()) -> None:
    """Raise what says that a CID, or a path below it, is denied. Raises: ContentDenied."""
    if denied.denies(cid, path):
        raise ContentDenied("/".join(("/ipfs", cid.text, *path)))


def sparing(denied: Denied, get: Callable[[Cid], T]) -> Callable[[Cid], T]:
    """Return `get` that gives nothing denied. It raises, too: ContentDenied."""

    def spare(cid: Cid) -> T:
        refuse_denied(denied, cid)
        return get(cid)

    return spare
