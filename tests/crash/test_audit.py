"""Killed at every disk operation: what the audit promises stands with its change, and a deletion goes on to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from leither.crypto import id_text
from leither.people import OWNER, Act, Asking, Front, Scope
from leither.people.right import everyone, pack
from leither.service.audit_rows import read_audit
from leither.service.catalog import Catalog
from leither.service.collect import check
from leither.service.engines import Engines
from leither.service.erasing import erase
from leither.service.grants import take_back
from leither.service.holding import load_all
from leither.service.tokens import Tokens
from leither.service.users import Users
from leither.store import Disk, LmdbState, PackBlocks
from leither.store.seed_files import SeedFiles
from leither.testing.faults import FaultyDisk, PowerCutDisk, run_in_child
from leither.testing.node import engines_over
from leither.testing.suites.expect import damage
from tests.unit.service.guests import BOB, shared
from tests.unit.service.life import made, put

ME = OWNER.through(Asking(Front.API, "here", "laptop", lasting=True))
SECRET = b"dearest diary"


@contextmanager
def opened(home: Path, disk: Disk | None = None) -> Iterator[Engines]:
    with (
        closing(PackBlocks(home / "blocks", disk=disk)) as blocks,
        closing(LmdbState(home / "state", disk=disk)) as state,
    ):
        yield engines_over(blocks, state)


def users_of(engines: Engines, home: Path) -> Users:
    users = Users(engines, Tokens(engines), SeedFiles(home / "users"))
    users.keys.admit_all()
    return users


def noted(engines: Engines) -> list[str]:
    with engines.state.read() as view:
        return [entry.trace.kind for entry in read_audit(view, None)]


def standing(engines: Engines) -> dict[str, bool]:
    """Which changes stand, by what the audit calls them."""
    with engines.state.read() as view:
        held = {mimei.genesis.mark: mimei for mimei in load_all(engines, view)}
        site = held.get("site")
    return {
        "rights": site is not None and bool(everyone(site.control.right)),
        "revoke": site is not None and site.control.revoked is not None,
        "delete": site is not None and "doomed" not in held,
        "sign-in": bool(Tokens(engines).list()),
    }


def deeds(engines: Engines, report: Callable[[str], None]) -> None:
    """Make two MiMei, then one change after the other that must not be lost."""
    doomed, site = made(engines, mark="doomed"), made(engines, mark="site")
    report("made")
    Catalog(engines).change_control(site, by=ME, right=pack(everyone=Act.READ_CUR))
    report("rights")
    kept = shared(engines, site, Act.READ_CUR, to=BOB)
    take_back(engines, site, kept.name, by=ME)
    report("revoke")
    Catalog(engines).delete(doomed, by=ME)
    report("delete")
    Tokens(engines).create("ci", Scope.READ)
    report("sign-in")


def deaths(workload: Callable[[Path, Disk | None, Callable[[str], None]], None], tmp_path: Path) -> range:
    """Return the numbers of the operations at which `workload` can die."""

    def count(report: Callable[[str], None]) -> None:
        disk = FaultyDisk()
        workload(tmp_path / "counted", disk, lambda _: None)
        report(str(disk.count))

    (counted,), status = run_in_child(count)
    assert status == 0
    return range(1, int(counted) + 1)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("disk_at", [pytest.param(FaultyDisk, id="killed"), pytest.param(PowerCutDisk, id="power-cut")])
def test_rights_deletions_and_sign_ins_stand_in_the_audit_exactly_where_they_stand(
    disk_at: Callable[[int], FaultyDisk], tmp_path: Path
) -> None:
    def workload(home: Path, disk: Disk | None, report: Callable[[str], None]) -> None:
        with opened(home, disk) as engines:
            deeds(engines, report)

    for at in deaths(workload, tmp_path):
        home = tmp_path / str(at)

        def die(report: Callable[[str], None], at: int = at, home: Path = home) -> None:
            workload(home, disk_at(at), report)

        reported, status = run_in_child(die)
        assert status in (-9, 0), (at, reported)

        def look(report: Callable[[str], None], home: Path = home, reported: list[str] = reported) -> None:
            with opened(home) as engines:
                found, stands = noted(engines), standing(engines)
                for kind in ("rights", "revoke", "delete", "sign-in"):
                    assert (kind in found) is stands[kind], (kind, found, stands)
                assert set(reported) - {"made"} <= set(found)

        complaints, status = run_in_child(look)
        assert (complaints, status) == ([], 0), (at, reported)


@pytest.mark.timeout(300)
def test_a_deletion_that_was_broken_off_anywhere_goes_on_and_leaves_nothing(tmp_path: Path) -> None:
    def settle(home: Path) -> None:
        with opened(home) as engines:
            users = users_of(engines, home)
            joined = users.join(users.invite("Annabella")[0])
            mimei = Catalog(engines).create(kind="fs", mark="hers", user=joined.id)[0].id
            put(engines, mimei, "file", SECRET * 100)
            put(engines, made(engines, mark="site"), "kept", b"the owner's")

    def workload(home: Path, disk: Disk | None, report: Callable[[str], None]) -> None:
        settle(home)
        with opened(home, disk) as engines:
            users = users_of(engines, home)
            (ann,) = users.list()
            erase(engines, users, ann.id)
            report("erased")

    for at in deaths(workload, tmp_path):
        home = tmp_path / str(at)

        def die(report: Callable[[str], None], at: int = at, home: Path = home) -> None:
            workload(home, FaultyDisk(at), report)

        reported, status = run_in_child(die)
        assert status in (-9, 0), (at, reported)

        def look(report: Callable[[str], None], home: Path = home, reported: list[str] = reported) -> None:
            with opened(home) as engines:
                users = users_of(engines, home)
                left = users.list()
                assert not left or not reported
                for ann in left:
                    done = erase(engines, users, users.find(id_text(ann.id)).id).erasure.check()
                    assert len(done.mimei) == 1
                assert users.keys.seeds.all() == {}
                assert damage(check(engines)) == []
            files = [path for path in home.rglob("*") if path.is_file()]
            for secret in (SECRET, b"Annabella"):
                assert [path.name for path in files if secret in path.read_bytes()] == []

        complaints, status = run_in_child(look)
        assert (complaints, status) == ([], 0), (at, reported)
