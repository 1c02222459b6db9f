"""What lost in merges and is in no tree of files: entries of the siblings map name it by bytes, and not by links."""

from leither.codec import Cid
from leither.merkle import Nodes, conflicts
from leither.mimei.entry import decode_path_entry
from leither.mimei.path import PATH_TYPE


def lost_files(nodes: Nodes, siblings: Cid | None) -> tuple[Cid, ...]:
    """Return the roots of all files in a version's siblings map, sorted by their bytes, each once.

    Raises: SiblingMalformed, BadEntry, what reading nodes does. Cost: O(siblings).
    """
    entries = (decode_path_entry(entry.value) for entry in conflicts(nodes, siblings) if entry.key[:1] == PATH_TYPE)
    return tuple(sorted({entry.cid for entry in entries if entry.cid is not None and entry.mimei is None}))
