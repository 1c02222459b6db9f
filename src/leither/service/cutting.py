"""Cutting a writer off: what it signed so far stays, and nothing it signs from now on counts."""

from dataclasses import dataclass

from leither.crypto import KeyId, MimeiId, id_text, key_id
from leither.errors import Conflict, NotFound
from leither.mimei.control import Cut
from leither.people import Principal
from leither.service.catalog import Catalog
from leither.service.engines import Engines
from leither.service.holding import heads, load, load_all
from leither.service.writers import ensure_writer


class DeviceNotFound(NotFound):
    """No writer of what the caller made has that key."""

    code = "device-not-found"

    def __init__(self, device: str) -> None:
        self.device = device[:100]
        super().__init__(f"no device {self.device!r} writes anything of yours; `leither device list` shows which do")


class ThisDevice(Conflict):
    """A node was to cut itself off."""

    code = "this-device"

    def __init__(self) -> None:
        super().__init__("this is the node you are using, which can't cut itself off; revoke it from another of yours")


@dataclass(frozen=True, slots=True)
class WriterSeen:
    """A key that writes what a person made. `mimei`, `cut`: how many of theirs name it, and have cut it off."""

    key: bytes
    mimei: int
    cut: int


def writers_of(engines: Engines, user: KeyId | None) -> list[WriterSeen]:
    """Return the keys that write what a user, or the owner, made and holds here, by id."""
    found: dict[bytes, WriterSeen] = {}
    with engines.state.read() as view:
        for mimei in load_all(engines, view):
            if mimei.facts.user != user or not mimei.facts.own:
                continue
            for writer in mimei.control.writers:
                seen = found.get(writer.key, WriterSeen(writer.key, 0, 0))
                cut = mimei.control.cut_of(writer.number) is not None
                found[writer.key] = WriterSeen(writer.key, seen.mimei + 1, seen.cut + cut)
    return sorted(found.values(), key=lambda writer: key_id(writer.key))


def cut_everywhere(engines: Engines, user: KeyId | None, device: KeyId, *, by: Principal | None = None) -> int:
    """Cut a writer off in all that a user, or the owner, made and holds here; return in how many it stood before.

    Where it never wrote, it is no writer any more. Broken off and begun again, it goes on.
    Raises: DeviceNotFound, ThisDevice, ControlDiverged.
    """
    if device == engines.identity.node.id:
        raise ThisDevice
    found = [writer.key for writer in writers_of(engines, user) if key_id(writer.key) == device]
    if not found:
        raise DeviceNotFound(id_text(device))
    with engines.state.read() as view:
        theirs = [mimei.id for mimei in load_all(engines, view) if mimei.facts.user == user and mimei.facts.own]
    return sum(_cut(engines, mimei, found[0], by) for mimei in theirs)


def _cut(engines: Engines, mimei: MimeiId, key: bytes, by: Principal | None) -> bool:
    with engines.lock(mimei):
        with engines.state.read() as view:
            held = load(engines, view, mimei)
            head = next((head for _, head, _ in heads(engines, view, mimei) if head.by == key), None)
        writer = held.control.writer(key)
        if writer is None or held.control.cut_of(writer.number) is not None:
            return False
        if head is None and len(held.control.writers) == 1:  # a control names a writer
            with engines.blocks.lease() as lease:
                held = ensure_writer(engines, mimei, lease)
        if head is None:
            kept = tuple(each for each in held.control.writers if each.key != key)
            Catalog(engines).change_control(mimei, by=by, epoch=held.control.epoch + 1, writers=kept)
        else:
            cuts = (*held.control.cut, Cut(writer.number, head.seq, head.cid))
            ordered = tuple(sorted(cuts, key=lambda cut: cut.number))
            Catalog(engines).change_control(mimei, by=by, epoch=held.control.epoch + 1, cut=ordered)
        return True
