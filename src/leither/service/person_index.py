"""The index of a person: a private MiMei that says what they have, under an id that follows from their key alone.

nodes/<node>/mimei/<id>   JSON: the topic of a MiMei that this node holds of theirs; of a private one under their seed
nodes/<node>/device       the record by which the person says that the node acts for them
nodes/<node>/revocation   the record by which they say that it no longer does
former/<person>.seed      a seed that they had before, under the present one, while something private needs it
former/<person>.successor what both keys signed when another took its place

Each node writes below its own name and what is former is the same everywhere, so indexes that went separate ways join
without a conflict. It is brought up to date whenever all of a person's leaves the node.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from leither import limits
from leither.crypto import KeyId, MimeiId, NotAnId, id_text, key_id, parse_id, person_key, seal_key
from leither.crypto.former_seed import open_former_seed, seal_former_seed
from leither.crypto.index_topic import open_topic, seal_topic
from leither.errors import LeitherError
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.genesis import Genesis
from leither.mimei.path import Path
from leither.people.device import Device, Revocation
from leither.people.successor import Successor
from leither.service import tables
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.cur import Cur, Edit
from leither.service.editing import edit
from leither.service.engines import Engines
from leither.service.holding import load, load_all
from leither.service.known_keys import learn_revocation
from leither.service.paths import clear, place
from leither.service.persons import Former, Person
from leither.service.tree import read_bytes
from leither.service.uploads import Upload
from leither.service.user_rows import UserQuotaReached
from leither.service.writers import WriterCut
from leither.unixfs import FileBuilder

APP, MARK = "leither", "index"
_NODES, _MIMEI, _DEVICE, _REVOCATION, _FORMER = "nodes", "mimei", "device", "revocation", "former"
_SEED, _SUCCESSOR = ".seed", ".successor"
_SHORT = 6
_FILLED_BYTES = 128


@dataclass(frozen=True, slots=True)
class Listed:
    """A MiMei that the index names. `nodes`: ids of the nodes that had it."""

    id: MimeiId
    type: str
    app: str
    ext: str
    mark: str
    nodes: tuple[str, ...]


def index_id(public: bytes) -> MimeiId:
    """Return the id of the index of the person whose whole key this is."""
    return Genesis(author=public, app=APP, ext="", mark=MARK, type="fs").id


def update_index(engines: Engines, user: KeyId | None) -> MimeiId:
    """Bring the index of a user, or the owner, up to date, making it if need be; return its id.

    A user without room for it keeps the one they have, and so does a node that was cut off.
    Cost: O(MiMei of theirs). Raises: UserNotFound, StoreFull.
    """
    person = engines.persons.of_user(user)
    index, _ = Catalog(engines).create(kind="fs", app=APP, mark=MARK, user=user, formerly=False)
    here = (_NODES, id_text(engines.identity.node.id))
    wanted = dict(_mimei_files(engines, user, here, index.id))
    wanted |= _former_files(person)
    if _read(engines, index.id, (*here, _DEVICE)) is None:
        wanted[*here, _DEVICE] = _device(engines, person).encode()
    with engines.blocks.lease() as lease:
        entries: dict[Path, PathEntry] = {}
        for path, data in wanted.items():
            builder = FileBuilder(lease.put)
            builder.write(data)
            link = builder.finish()
            entries[path] = PathEntry(EntryType.FILE, 0, 0, link.cid, link.size_bytes)
        lease.flush()

        def change(editing: Edit) -> None:
            for path, entry in entries.items():
                if editing.entry(path) != entry:
                    place(editing, path, entry)
            held = [path for path, entry in editing.walk((*here, _MIMEI)) if not entry.is_directory]
            clear(editing, [path for path in held if path not in entries])

        with suppress(UserQuotaReached, WriterCut):
            edit(engines, index.id, change)
            with engines.state.read() as view:
                saved = load(engines, view, index.id).is_saved
            if not saved:  # unsaved changes would not join what another node has
                backup(engines, index.id)
    return index.id


def _mimei_files(engines: Engines, user: KeyId | None, here: Path, index: MimeiId) -> Iterator[tuple[Path, bytes]]:
    seed = engines.persons.of_user(user).seed
    with engines.state.read() as view:
        for mimei in load_all(engines, view):
            if mimei.facts.user == user and mimei.facts.own and mimei.id != index:
                topic = mimei.genesis
                told: dict[str, object] = {"app": topic.app, "ext": topic.ext, "mark": topic.mark}
                if mimei.is_private:  # the index stands in the clear
                    told = {"private": True, "sealed": _sealed_topic(told, seed, mimei.id)}
                told["type"] = topic.type
                yield (*here, _MIMEI, id_text(mimei.id)), json.dumps(told, ensure_ascii=False).encode() + b"\n"


def _sealed_topic(topic: dict[str, object], seed: bytes, mimei: MimeiId) -> str:
    """Return a topic under its person's seed, filled up with spaces so that its length tells little."""
    told = json.dumps(topic, ensure_ascii=False).encode()
    return b64encode(seal_topic(told + b" " * (-len(told) % _FILLED_BYTES), seed, mimei)).decode()


def _opened_topic(told: dict[str, object], seed: bytes, mimei: MimeiId) -> dict[str, object]:
    """Return what an index says of a MiMei, with the topic of a private one if it opens."""
    sealed = told.get("sealed")
    if not isinstance(sealed, str):
        return told
    try:
        topic = open_topic(b64decode(sealed, validate=True), seed, mimei)
    except ValueError:
        topic = None
    found = json.loads(topic) if topic is not None else {}
    return told | found if isinstance(found, dict) else told


def _former_files(person: Person) -> dict[Path, bytes]:
    found: dict[Path, bytes] = {}
    for former in person.former:
        name = id_text(key_id(former.key))
        found[_FORMER, name + _SUCCESSOR] = former.successor.encode()
        if former.seed is not None:
            found[_FORMER, name + _SEED] = seal_former_seed(former.seed, person.seed)
    return found


def own_device(engines: Engines, user: KeyId | None = None) -> Device:
    """Return the word of a user, or the owner, that this node acts for them. It begins early, for clocks differ.

    Raises: UserNotFound.
    """
    early_ms = engines.clock.now_ms() - limits.DEVICE_EARLY_S * 1000
    return _device(engines, engines.persons.of_user(user), start_ms=max(early_ms, 0))


def _device(engines: Engines, person: Person, *, start_ms: int | None = None) -> Device:
    """Return the person's word that this node acts for them."""
    node, now = engines.identity.node, engines.clock.now_ms()
    return Device(
        by=person.key.public,
        device=node.public,
        seal=seal_key(node.secret).public,
        name=f"node {id_text(node.id)[:_SHORT]}",
        start_ms=now if start_ms is None else start_ms,
        until_ms=now + limits.DEVICE_S * 1000,
    ).signed(person.key)


def listed(engines: Engines, user: KeyId | None) -> list[Listed]:
    """Return what the index of a user, or the owner, names, by id; nothing where there is no index."""
    nodes: dict[MimeiId, list[str]] = {}
    topics: dict[MimeiId, dict[str, str]] = {}
    seed = engines.persons.of_user(user).seed
    for path, data in _files(engines, user, (_NODES,)):
        match path:
            case (_, node, kind, name) if kind == _MIMEI:
                try:
                    mimei, told = MimeiId(parse_id(name)), json.loads(data)
                except (NotAnId, ValueError):
                    continue  # put there by somebody's hand; it says nothing that counts
                if isinstance(told, dict):
                    nodes.setdefault(mimei, []).append(node)
                    topics[mimei] = {key: str(value) for key, value in _opened_topic(told, seed, mimei).items()}
    return [
        Listed(
            mimei,
            type=topics[mimei].get("type", ""),
            app=topics[mimei].get("app", ""),
            ext=topics[mimei].get("ext", ""),
            mark=topics[mimei].get("mark", ""),
            nodes=tuple(nodes[mimei]),
        )
        for mimei in sorted(nodes)
    ]


def names_private(engines: Engines, public: bytes) -> bool:
    """Tell whether the index of a key, as far as it is here, names anything private."""
    return any(True for _ in _private_ones(_files_of(engines, index_id(public), (_NODES,))))


def names_private_elsewhere(engines: Engines, user: KeyId | None) -> bool:
    """Tell whether the index of a user, or the owner, names anything private that is not here. It may come yet."""
    with engines.state.read() as view:
        for name in _private_ones(_files(engines, user, (_NODES,))):
            with suppress(NotAnId):  # as in `listed`
                if view.get(tables.holding(MimeiId(parse_id(name)))) is None:
                    return True
    return False


def _private_ones(files: Iterable[tuple[Path, bytes]]) -> Iterator[str]:
    """Yield the names of what files of an index say to be private."""
    return (path[-1] for path, data in files if path[2:3] == (_MIMEI,) and b'"private"' in data)


def devices(engines: Engines, user: KeyId | None) -> list[Device]:
    """Return what a user, or the owner, has signed about their devices, as their index has it; by key."""
    keys = engines.persons.of_user(user).keys
    found: list[Device] = []
    for path, data in _files(engines, user, (_NODES,)):
        if len(path) == len((_NODES, "", _DEVICE)) and path[-1] == _DEVICE:
            try:
                device = Device.decode(data).check()
            except LeitherError:
                continue  # as above
            if device.by in keys:
                found.append(device)
    return sorted(found, key=lambda device: device.device)


def learn_revoked(engines: Engines, user: KeyId | None) -> None:
    """Let count here what the index of a user, or the owner, says of devices that no longer act for them."""
    person = engines.persons.of_user(user).key.public
    for path, data in _files(engines, user, (_NODES,)):
        if path[2:] == (_REVOCATION,):
            with suppress(LeitherError):  # as above
                record = Revocation.decode(data)
                if record.by == person:
                    learn_revocation(engines, record)


def former_keys(engines: Engines, seed: bytes) -> tuple[Former, ...]:
    """Return what a person's index says of keys before that of `seed`, as far as they lead to it, the first first."""
    key = person_key(seed).public
    files = dict(_files_of(engines, index_id(key), (_FORMER,)))
    by_new: dict[bytes, Successor] = {}
    for path, data in files.items():
        if path[-1].endswith(_SUCCESSOR):
            with suppress(LeitherError):  # put there by somebody's hand; it says nothing that counts
                record = Successor.decode(data).check()
                by_new[record.new] = record
    found: list[Former] = []
    while key in by_new:
        record = by_new.pop(key)
        key, person = record.by, key_id(record.by)
        sealed = files.get((_FORMER, id_text(person) + _SEED))
        earlier = open_former_seed(sealed, seed, person) if sealed is not None else None
        found.append(Former(earlier, record))
    return tuple(found[::-1])


def note_revoked(engines: Engines, user: KeyId | None, key: bytes) -> None:
    """Let the index of a user, or the owner, say for good that a device no longer acts for them."""
    index = update_index(engines, user)
    person = engines.persons.of_user(user).key
    path = (_NODES, id_text(key_id(key)), _REVOCATION)
    if _read(engines, index, path) is None:
        record = Revocation(by=person.public, at=engines.clock.now_ms(), device=key).signed(person)
        learn_revocation(engines, record)
        with Upload(engines, index, path, mtime_ms=0) as upload:
            upload.write(record.encode())
            upload.finish()


def _files(engines: Engines, user: KeyId | None, below: Path) -> list[tuple[Path, bytes]]:
    """Return (path, bytes) of the files in the index of a user, or the owner, under a path, short ones alone."""
    return _files_of(engines, index_id(engines.persons.of_user(user).key.public), below)


def _files_of(engines: Engines, index: MimeiId, below: Path) -> list[tuple[Path, bytes]]:
    with engines.state.read() as view:
        if view.get(tables.holding(index)) is None:
            return []
        entries = list(Cur(engines, view, load(engines, view, index)).walk(below))
    return [
        (path, b"".join(read_bytes(engines, entry.cid)))
        for path, entry in entries
        if entry.type is EntryType.FILE and entry.cid is not None and entry.size_bytes <= limits.INDEX_FILE_BYTES_MAX
    ]


def _read(engines: Engines, index: MimeiId, path: Path) -> PathEntry | None:
    with engines.state.read() as view:
        return Cur(engines, view, load(engines, view, index)).entry(path)
