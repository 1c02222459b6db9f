"""What stands at a path of a MiMei, for one principal, found quickly when asked again."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from leither import limits
from leither.codec import Cid
from leither.crypto import MimeiId
from leither.http.media_type import media_type
from leither.http.sending import Content
from leither.mimei.address import CUR, RELEASE, Selector
from leither.mimei.entry import EntryType
from leither.mimei.path import Path
from leither.mimei.version import Version
from leither.people import Act, Principal
from leither.service.catalog import authorize
from leither.service.denied import refuse_denied
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import Mimei, load
from leither.service.tree import open_tree
from leither.service.versions import act_for, default_selector, readable_version
from leither.service.visible import CHANGE


@dataclass(frozen=True, slots=True)
class State:
    """One state of a MiMei that a principal may read; `version` is None for `cur`; it may be read until `until_ms`."""

    mimei: Mimei
    version: Cid | None
    until_ms: int

    @property
    def is_release(self) -> bool:
        """Whether this is the released version."""
        return self.version is not None and self.version == self.mimei.release


class Places:
    """The files of a node by MiMei, version and path. Thread-safe; every method may wait for the disk."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._known: OrderedDict[tuple[Cid, Path], Content] = OrderedDict()
        self._releases: dict[tuple[MimeiId, Principal], State] = {}
        self._generation = 0
        self._guard = threading.Lock()

    def hear(self, event: Event) -> None:
        """Take note of a change. To be called for every event of the node."""
        if event.what != CHANGE:
            with self._guard:
                self._generation += 1
                self._releases.clear()

    @property
    def generation(self) -> int:
        """Counts the changes; what was found out under an older one may no longer hold."""
        return self._generation + self._engines.denied.generation

    def release(self, mimei: MimeiId, principal: Principal) -> State:
        """Return the released version. Raises: MimeiNotFound, VersionNotFound. Cost: nothing, when asked for again."""
        known = self._releases.get((mimei, principal))
        if known is not None and self._engines.clock.now_ms() < known.until_ms:
            known.mimei.note(principal, Act.READ_RELEASE)
            return known
        generation = self.generation
        state = self.open(mimei, RELEASE, principal)
        with self._guard:
            # What was released meanwhile is not in it, so it must not stay.
            if generation == self.generation:
                if len(self._releases) >= limits.RELEASES_CACHED_MAX:
                    self._releases.clear()
                self._releases[mimei, principal] = state
        return state

    def open(self, mimei: MimeiId, selector: Selector | None, principal: Principal) -> State:
        """Return the state that `selector` names, or that `principal` sees by default.

        Raises: MimeiNotFound, VersionNotFound: also for what `principal` may not read.
        """
        with self._engines.state.read() as view:
            found = load(self._engines, view, mimei)
            chosen = default_selector(found, principal) if selector is None else selector
            if chosen == CUR:
                authorize(principal, found, act_for(found, CUR, None))
                return State(found, None, found.verdict(principal).until_ms)
            version = readable_version(self._engines, view, found, chosen, principal)
            refuse_denied(self._engines.denied, found.engines.record(Version, version).content)
            return State(found, version, found.verdict(principal).until_ms)

    def known(self, state: State, path: Path) -> Content | None:
        """Return the file at `path` if it was found before, without waiting for anything."""
        if state.version is None:
            return None
        known = self._known.get((state.version, path))
        if known is not None:
            self._refuse_denied(state, path)
            refuse_denied(self._engines.denied, known.cid)
        return known

    def _refuse_denied(self, state: State, path: Path) -> None:
        if state.version is not None:
            root = state.mimei.engines.record(Version, state.version).content
            refuse_denied(self._engines.denied, root, path)

    def at(self, state: State, path: Path, principal: Principal) -> Content | None:
        """Return the file at `path`, None for a directory. Symlinks and references are followed.

        Raises: NothingAtPath, TooManyReferences.
        """
        with open_tree(self._engines, state.mimei.id, state.version or CUR, principal) as tree:
            found = tree.follow(path)
            entry = found.entry
            inside = found.tree is tree
            blocks = found.tree.engines.file_blocks
        self._refuse_denied(state, path)
        if entry.type is not EntryType.FILE:
            return None
        assert entry.cid is not None
        refuse_denied(self._engines.denied, entry.cid)
        name = path[-1] if path else f".{state.mimei.genesis.ext}"
        content = Content.of(entry.cid, entry.size_bytes, media_type(name))
        if blocks is not self._engines.file_blocks:
            content = replace(content, get=blocks.fetch)
        # What lies in another MiMei depends on who asks, and on what is released there.
        if state.version is not None and inside:
            with self._guard:
                self._known[state.version, path] = content
                if len(self._known) > limits.PATHS_CACHED_MAX:
                    self._known.popitem(last=False)
        return content

    def children(self, state: State, path: Path, principal: Principal) -> tuple[list[tuple[str, bool]], bool]:
        """Return (name, whether a directory) of a directory by name, and whether that is all."""
        listed: list[tuple[str, bool]] = []
        with open_tree(self._engines, state.mimei.id, state.version or CUR, principal) as tree:
            found = tree.follow(path)
            for name, entry in found.tree.children(found.path):
                if len(listed) == limits.LISTED_ENTRIES_MAX:
                    return listed, False
                listed.append((name, entry.is_directory))
        return listed, True
