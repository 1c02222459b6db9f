"""PROPFIND: properties of a resource and of what is below it, page by page, so that no snapshot is held for long."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import islice
from xml.etree.ElementTree import Element

from leither import limits
from leither.dav.element import DAV, BadXml, empty_element, parse_xml
from leither.dav.fault import TooDeep
from leither.dav.guard import Guard
from leither.dav.header import Depth
from leither.dav.live import Shown
from leither.dav.multistatus import CLOSING, OPENING, Wanted, described, propstat, response
from leither.dav.place import PREFIX, Place
from leither.dav.resource import Resource, look, member, members
from leither.errors import NotFound
from leither.mimei.address import Address
from leither.mimei.entry import decode_path_entry
from leither.mimei.path import ROOT, Path, below, key_path, path_key
from leither.people import Principal
from leither.service.catalog import Catalog
from leither.service.engines import Engines
from leither.service.entries import IMPLIED_DIRECTORY
from leither.service.locks import Locks
from leither.service.properties import any_below, properties
from leither.service.tree import Tree, open_tree


def parse_wanted(body: bytes) -> Wanted:
    """Return what the body of a PROPFIND asks for; nothing asks for all. Raises: BadXml, ForeignEntity."""
    if not body.strip():
        return Wanted(None)
    root = parse_xml(body)
    if root.tag != f"{DAV}propfind":
        raise BadXml("it is no propfind element")
    if root.find(f"{DAV}propname") is not None:
        return Wanted(None, only_names=True)
    if root.find(f"{DAV}allprop") is not None:
        return Wanted(None, also=_names(root.find(f"{DAV}include")))
    prop = root.find(f"{DAV}prop")
    if prop is None:
        raise BadXml("a propfind holds prop, allprop or propname")
    return Wanted(_names(prop))


def _names(element: Element | None) -> list[str]:
    names = list(dict.fromkeys(child.tag for child in element)) if element is not None else []
    if len(names) > limits.DAV_NAMED_MAX:
        raise BadXml(f"it names more than {limits.DAV_NAMED_MAX} properties")
    return names


class Listing:
    """One PROPFIND on a place. `pieces` gives its answer; each piece reads from a snapshot of its own."""

    def __init__(self, engines: Engines, guard: Guard, wanted: Wanted) -> None:
        self._engines = engines
        self._guard = guard
        self._place = guard.place
        self._wanted = wanted

    def pieces(self, depth: Depth) -> Iterator[bytes]:
        """Iterate over the answer. Raises: NothingAtPath, MimeiNotFound, TooDeep, Unmet, before the first piece."""
        with self._open() as tree:
            top = look(tree, self._place.path)
            self._guard.check(tree.view, top.entry)
            if depth is Depth.INFINITY and top.is_collection:
                found = sum(1 for _ in islice(top.tree.walk(top.path), limits.DAV_TREE_ENTRIES_MAX + 1))
                if found > limits.DAV_TREE_ENTRIES_MAX:
                    raise TooDeep(limits.DAV_TREE_ENTRIES_MAX)
            one = OPENING + self._one(tree, top, (), locks=self._locks(tree), kept=True)
            closing = depth is Depth.ZERO or not top.is_collection
        yield (one + CLOSING if closing else one).encode()
        if not closing:
            yield from self._near() if depth is Depth.ONE else self._far()
            yield CLOSING.encode()

    def _open(self) -> AbstractContextManager[Tree]:
        return open_tree(self._engines, self._place.address.id, self._place.address.version, self._guard.principal)

    def _near(self) -> Iterator[bytes]:
        """Iterate over the direct members, in pages."""
        after: str | None = None
        while True:
            with self._open() as tree:
                top = look(tree, self._place.path)
                locks, kept = self._locks(tree), any_below(top.tree.entries, top.path)
                told = []
                for name, found in islice(members(top, after=after), limits.DAV_PAGE_ENTRIES):
                    told.append(self._one(tree, found, (name,), locks=locks, kept=kept or not found.own))
                    after = name
            if told:
                yield "".join(told).encode()
            if len(told) < limits.DAV_PAGE_ENTRIES:
                return

    def _far(self) -> Iterator[bytes]:
        """Iterate over everything below, in pages, in the order of keys. Nothing is listed inside references."""
        last: Path | None = None
        while True:
            with self._open() as tree:
                top = look(tree, self._place.path)
                locks, kept = self._locks(tree), any_below(top.tree.entries, top.path)
                start, stop = below(top.path)
                if last is not None:
                    start = path_key(top.path + last) + b"\0"
                told: list[str] = []
                count = 0
                for key, value in islice(top.tree.entries.scan(start, stop), limits.DAV_PAGE_ENTRIES):
                    count += 1
                    path = key_path(key)
                    rest = path[len(top.path) :]
                    for above in _implied(last, rest):
                        implied = Resource(top.tree, top.path + above, IMPLIED_DIRECTORY, top.own)
                        told.append(self._one(tree, implied, above, locks=locks, kept=kept))
                    last = rest
                    found = member(top, path, decode_path_entry(value))
                    if found is not None:
                        told.append(self._one(tree, found, rest, locks=locks, kept=kept or not found.own))
            if told:
                yield "".join(told).encode()
            if count < limits.DAV_PAGE_ENTRIES:
                return

    def _locks(self, tree: Tree) -> Locks | None:
        if tree.version is not None:
            return None
        return Locks(tree.view, tree.mimei.id, self._engines.clock.now_ms())

    def _one(self, tree: Tree, found: Resource, rest: Path, *, locks: Locks | None, kept: bool) -> str:
        """Return what is told of the resource `rest` below the place; `kept`: whether it may have properties."""
        path = self._place.path + rest
        name = path[-1] if path else mimei_name(tree)
        shown = Shown(self._place, found, name, locks is not None, locks.covering(path) if locks is not None else ())
        dead = dict(properties(found.tree.entries, found.path)) if kept else {}
        return described(self._place.href(path, collection=found.is_collection), shown, dead, self._wanted)


def _implied(last: Path | None, path: Path) -> Iterator[Path]:
    """Iterate over the directories above `path` that have not been told of when `last` was the one before."""
    for depth in range(1, len(path)):
        if last is None or last[:depth] != path[:depth]:
            yield path[:depth]


def mimei_name(tree: Tree) -> str:
    """Return what people call a MiMei."""
    topic = tree.mimei.genesis
    name = topic.mark or topic.app or topic.id_text
    return f"{name}.{topic.ext}" if topic.type == "file" and topic.ext else name


def all_mimei(engines: Engines, principal: Principal, wanted: Wanted, depth: Depth) -> Iterator[bytes]:
    """Iterate over the answer for the list of all MiMei: one collection or file for each that `principal` may read."""
    yield (OPENING + _top(wanted)).encode()
    if depth is not Depth.ZERO:
        for mimei in Catalog(engines).list(principal):
            place = Place(Address(mimei.id), ROOT, mimei.genesis.id_text)
            try:
                with open_tree(engines, mimei.id, None, principal) as tree:
                    shown = Shown(place, look(tree, ROOT), mimei_name(tree), False, ())
                    dead = dict(properties(shown.resource.tree.entries, ROOT))
            except NotFound:
                continue  # an empty file, a database, or nothing released yet
            href = place.href(ROOT, collection=shown.resource.is_collection)
            yield described(href, shown, dead, wanted).encode()
    yield CLOSING.encode()


def _top(wanted: Wanted) -> str:
    """Return what is told of the list itself."""
    inner = {"resourcetype": "<D:collection/>", "displayname": "Leither"}
    names = [f"{DAV}{name}" for name in inner] if wanted.names is None else wanted.names
    found = [name for name in names if name.removeprefix(DAV) in inner and name.startswith(DAV)]
    told = "".join(f"<D:{name}>{inner[name]}</D:{name}>" for name in (found.removeprefix(DAV) for found in found))
    missing = "".join(empty_element(name) for name in names if name not in found)
    groups = [propstat(told, 200)] if told or not missing else []
    return response(f"/{PREFIX}/", [*groups, propstat(missing, 404)] if missing else groups)
