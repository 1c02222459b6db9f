"""Mimeizing a directory: it becomes a MiMei of its own, and a reference stays where it was."""

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.errors import Conflict
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.path import ROOT, Path, path_text
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.cur import Cur, Edit
from leither.service.demand_switch import require_whole
from leither.service.editing import edit
from leither.service.engines import Engines
from leither.service.history import TopicTaken, release
from leither.service.holding import Mimei, load
from leither.service.paths import NotADirectory, NothingToChange, WrongPlace, clear, place, reference_entry
from leither.service.private import PrivateUnsupported
from leither.service.properties import properties_below, set_property
from leither.service.resealing import reseal


class ChangedMeanwhile(Conflict):
    """Somebody wrote into the directory while it was being split off."""

    code = "changed-meanwhile"

    def __init__(self, path: Path) -> None:
        self.path = path_text(path)
        super().__init__(f"{self.path!r} was written to meanwhile, so it stays where it is; try again")


def split(engines: Engines, mimei: MimeiId, path: Path, *, mark: str, follow: bool = False) -> Mimei:
    """Turn the directory at `path` into an `fs` MiMei marked `mark`, and put a reference to it in its place.

    The new MiMei gets a version, which is released; the reference holds to that version, or with `follow` to whatever
    is released later. No bytes are copied, but for a private MiMei, whose part is private as well: it is sealed again,
    and the reference follows its release. A MiMei of that mark which holds just this is what a split that was cut short
    has left, and is taken. Cost: the entries under `path`.
    Raises: NothingToChange, NotADirectory, WrongPlace, TopicTaken, ChangedMeanwhile, PrivateUnsupported, NotWhole.
    """
    with engines.lock(mimei):
        require_whole(engines, mimei, "splitting off a part of it")
        with engines.state.read() as view:
            held = load(engines, view, mimei)
            if held.is_private and not follow:
                raise PrivateUnsupported(mimei, "a reference to one version of what is split off (say --follow)")
            cur = Cur(engines, view, held)
            entry = cur.entry(path)
            if path == ROOT or held.genesis.type != "fs":
                raise WrongPlace(path, "only a directory inside a file system can be split off")
            if entry is None:
                raise NothingToChange(path)
            if not entry.is_directory:
                raise NotADirectory(path)
            below = list(cur.walk(path))
            kept = list(properties_below(cur, path))
        catalog = Catalog(engines)
        topic = held.genesis
        made, new = catalog.create(
            kind="fs",
            app=topic.app,
            ext=topic.ext,
            mark=mark,
            right=held.control.right,
            quota=held.control.quota,
            user=held.facts.user,
            private=held.is_private,
        )
        if not new and not _is_left_over(engines, made.id, path, below, kept):
            raise TopicTaken(made.id)
        if held.is_private:
            with made.engines.blocks.lease() as lease:
                reseal(
                    held.engines,
                    (entry.cid for _, entry in below if entry.cid is not None and entry.mimei is None),
                    lease,
                )
        version = _fill(engines, made.id, path, below, kept)
        reference = reference_entry(engines, made.id, None if follow else version, mtime_ms=engines.clock.now_ms())
        try:
            edit(engines, mimei, lambda editing: _swap(editing, path, below, reference))
        except BaseException:
            if new:
                catalog.delete(made.id, force=True)
            raise
    with engines.state.read() as view:
        return load(engines, view, made.id)


def _is_left_over(
    engines: Engines,
    mimei: MimeiId,
    path: Path,
    below: list[tuple[Path, PathEntry]],
    kept: list[tuple[Path, str, bytes]],
) -> bool:
    """Tell whether the MiMei is empty as if just made, or holds what is to be split off and nothing else."""
    with engines.state.read() as view:
        found = load(engines, view, mimei)
        cur = Cur(engines, view, found)
        entries, properties = list(cur.walk(ROOT)), list(properties_below(cur, ROOT))
    if not entries and not properties and found.base is None:
        return True
    cut = len(path)
    return entries == [(each[cut:], entry) for each, entry in below] and properties == [
        (each[cut:], name, value) for each, name, value in kept
    ]


def _fill(
    engines: Engines,
    mimei: MimeiId,
    path: Path,
    below: list[tuple[Path, PathEntry]],
    kept: list[tuple[Path, str, bytes]],
) -> Cid:
    def change(editing: Edit) -> None:
        known: set[Path] = set()
        for found, entry in below:
            place(editing, found[len(path) :], entry, known=known)
        for found, name, value in kept:
            set_property(editing, found[len(path) :], name, value)

    edit(engines, mimei, change)
    made = backup(engines, mimei).cid
    assert made is not None, "a first backup always makes a version"
    release(engines, mimei, made)
    return made


def _swap(editing: Edit, path: Path, below: list[tuple[Path, PathEntry]], reference: PathEntry) -> None:
    if list(editing.walk(path)) != below:
        raise ChangedMeanwhile(path)
    clear(editing, [found for found, _ in below])
    clear(editing, [path])
    assert reference.type is EntryType.REFERENCE
    place(editing, path, reference)
