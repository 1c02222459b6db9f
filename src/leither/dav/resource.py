"""What stands at a place, as WebDAV shows it: references and symbolic links show as what they lead to."""

from collections.abc import Iterator
from dataclasses import dataclass

from leither.errors import InputError
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.path import Path
from leither.service.tree import Tree

_PLAIN = (EntryType.FILE, EntryType.DIRECTORY)


@dataclass(frozen=True, slots=True)
class Resource:
    """An entry with the tree it was found in, which may be another MiMei's.

    Fields: path: in `tree`. own: whether it stands in the state that was addressed, at the path asked for.
    """

    tree: Tree
    path: Path
    entry: PathEntry
    own: bool

    @property
    def is_collection(self) -> bool:
        """Whether it can have members."""
        return self.entry.is_directory


def look(tree: Tree, path: Path) -> Resource:
    """Return what `path` shows. Raises: NothingAtPath, TooManyReferences."""
    found = tree.follow(path)
    return Resource(found.tree, found.path, found.entry, found.tree is tree and found.path == path)


def members(above: Resource, *, after: str | None) -> Iterator[tuple[str, Resource]]:
    """Iterate over (name, resource) of a collection, by name; links and references that lead nowhere are left out."""
    for name, entry in above.tree.children(above.path, after=after):
        shown = member(above, (*above.path, name), entry)
        if shown is not None:
            yield name, shown


def member(above: Resource, path: Path, entry: PathEntry) -> Resource | None:
    """Return what `entry` at `path` of the tree of `above` shows, None for what leads nowhere."""
    if entry.type in _PLAIN:
        return Resource(above.tree, path, entry, above.own)
    try:
        return look(above.tree, path)
    except InputError:
        return None
