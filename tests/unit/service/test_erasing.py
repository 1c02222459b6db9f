"""All that is a user's is deleted, and a receipt says so: nothing is left, whatever it was broken off by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from leither.crypto import MimeiId, id_text
from leither.people import Act, Asking, Front, Principal, Scope
from leither.people.erasure import Erasure
from leither.service import tables
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.engines import Engines
from leither.service.erasing import erase
from leither.service.tags import add as add_tag
from leither.service.tokens import Tokens
from leither.service.users import Joined, Users
from leither.store import LmdbState, PackBlocks
from leither.store.memory_seeds import MemorySeeds
from leither.store.seed_files import SeedFiles
from leither.testing.node import engines_over
from tests.unit.service.life import put, shown

SECRETS = [
    *(b"Zebedee", b"treasure island", b"map of it", b"dearest diary"),
    *(b"firefox of hers", b"laptop-token", b"very-hers"),
]
"""What only she has brought to the node, in names, contents, tags, settings, tokens and sessions."""


@contextmanager
def on_disk(folder: Path) -> Iterator[tuple[Engines, Users]]:
    """A node in files."""
    with closing(PackBlocks(folder / "blocks")) as blocks, closing(LmdbState(folder / "state")) as state:
        engines = engines_over(blocks, state)
        tokens = Tokens(engines)
        users = Users(engines, tokens, SeedFiles(folder / "users"))
        users.keys.admit_all()
        yield engines, users
        tokens.close()


def settled(engines: Engines, users: Users) -> tuple[Joined, list[MimeiId]]:
    """Zebedee joins and leaves traces everywhere; return who she is and her MiMei."""
    joined = users.join(users.invite("Zebedee")[0], agent="firefox of hers")
    catalog, user = Catalog(engines), joined.id
    public = catalog.create(kind="fs", mark="very-hers", user=user)[0].id
    private = catalog.create(kind="fs", mark="very-hers", user=user, private=True)[0].id
    for mimei in (public, private):
        put(engines, mimei, "treasure island/map of it", b"dearest diary, " * 300)
        backup(engines, mimei, note="dearest diary")
        put(engines, mimei, "treasure island/unsaved", b"dearest diary, again")
    add_tag(engines, public, "topic", "very-hers")
    users.set_settings(user, {"about": "dearest diary"})
    Tokens(engines).create("laptop-token", Scope.WRITE, user=user)
    catalog.get(public, Principal("x", Scope.OWNER, user=user, asking=Asking(Front.API, "", "laptop-token")), Act.WRITE)
    engines.audit.write()
    return joined, [public, private]


def of_others(engines: Engines) -> MimeiId:
    mimei = Catalog(engines).create(kind="fs", mark="owners")[0].id
    for number in range(40):
        put(engines, mimei, f"file{number}", b"the owner's %d, " % number * 500)
    backup(engines, mimei)
    return mimei


def found_in(folder: Path, secrets: list[bytes]) -> dict[bytes, list[str]]:
    """Which of the secrets stand in which files, as they are on the disk."""
    files = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {
        secret: holding for secret in secrets if (holding := [path for path, data in files.items() if secret in data])
    }


def test_nothing_of_a_person_is_left_in_any_file_of_the_home_folder(tmp_path: Path) -> None:
    with on_disk(tmp_path) as (engines, users):
        kept = of_others(engines)
        before = shown(engines, kept)
        joined, _ = settled(engines, users)
        secrets = [*SECRETS, engines.persons.of_user(joined.id).seed]
        assert set(found_in(tmp_path, secrets)) == set(secrets)
        assert erase(engines, users, joined.id).compacted
        assert found_in(tmp_path, secrets) == {}
        assert shown(engines, kept) == before
    assert found_in(tmp_path, secrets) == {}
    with on_disk(tmp_path) as (engines, users):
        assert shown(engines, kept) == before
        assert users.list() == []


def test_the_receipt_says_who_when_what_and_which_key(tmp_path: Path) -> None:
    with on_disk(tmp_path) as (engines, users):
        joined, mimei = settled(engines, users)
        done = erase(engines, users, joined.id)
        receipt = Erasure.decode(done.erasure.encode()).check()
        assert receipt.by == engines.identity.node.public
        assert (receipt.person, receipt.keys) == (joined.row.key, (joined.row.key,))
        assert set(mimei) <= set(receipt.mimei)
        assert receipt.at == engines.clock.now_ms()
        assert receipt.ended == 2
        assert receipt.blocks > 0
        assert receipt.bytes > 4000
        assert engines.blocks.stats().blocks == 0


def test_what_others_have_too_stays_and_is_counted_apart(desk: Engines) -> None:
    users = Users(desk, Tokens(desk), MemorySeeds())
    joined = users.join(users.invite("Zebedee")[0])
    hers = Catalog(desk).create(kind="fs", mark="hers", user=joined.id)[0].id
    mine = Catalog(desk).create(kind="fs", mark="mine")[0].id
    entry = put(desk, hers, "f", b"the same " * 100)
    put(desk, mine, "g", b"the same " * 100)
    put(desk, hers, "alone", b"hers alone")
    done = erase(desk, users, joined.id).erasure
    assert entry.cid is not None
    assert desk.blocks.has(entry.cid)
    assert (done.shared_blocks, done.shared_bytes) == (1, 900)
    assert done.blocks >= 1
    assert shown(desk, mine) == {"g": b"the same " * 100}


class Stopped(Exception):
    """The process ends here."""


def stops(engines: Engines, users: Users, monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], None]]:
    """Ways to break a deletion off, each at another step."""

    def stop(*_: object, **__: object) -> None:
        raise Stopped("here")

    return {
        "deleting": lambda: monkeypatch.setattr(Catalog, "delete", stop),
        "the seed": lambda: monkeypatch.setattr(users.keys.seeds, "remove", stop),
        "sweeping": lambda: monkeypatch.setattr(engines.blocks, "sweep", stop),
        "compacting": lambda: monkeypatch.setattr(engines.state, "compact", stop),
    }


@pytest.mark.parametrize("step", ["deleting", "the seed", "sweeping", "compacting"])
def test_broken_off_and_begun_again_it_goes_on_and_the_receipt_names_everything(
    desk: Engines, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = Users(desk, Tokens(desk), MemorySeeds())
    joined, mimei = settled(desk, users)
    with monkeypatch.context() as broken:
        stops(desk, users, broken)[step]()
        with pytest.raises(Stopped):
            erase(desk, users, joined.id)
    assert users.find(id_text(joined.id)).row.suspended, "the owner finds whom to go on with by their id"
    done = erase(desk, users, joined.id).erasure.check()
    assert set(mimei) <= set(done.mimei)
    assert done.ended == 2
    assert users.list() == []
    assert users.keys.seeds.all() == {}
    with desk.state.read() as view:
        assert list(view.scan(tables.LEAVING, tables.LEAVING + b"\xff")) == []


def test_a_person_can_come_back_to_nothing(desk: Engines) -> None:
    users = Users(desk, Tokens(desk), MemorySeeds())
    joined, _ = settled(desk, users)
    erase(desk, users, joined.id)
    again = users.join(users.invite("Zebedee")[0], phrase=joined.words)
    assert (again.id, again.returned) == (joined.id, 0)
