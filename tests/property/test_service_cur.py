"""`cur` against a model: changes, backups, restores in any order; counts, content and old versions always right."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from leither.mimei.path import parse_path
from leither.service import history, paths
from leither.service.archive_in import import_car
from leither.service.backup import backup
from leither.service.collect import check, collect
from leither.service.uploads import TreeUpload
from leither.testing.node import memory_engines
from leither.testing.suites.expect import damage
from tests.unit.service.life import (
    Shown,
    content_from_scratch,
    counters,
    exported,
    held,
    made,
    put,
    recounted,
    remove,
    shown,
    version,
)

PATHS = ["a", "a/x", "a/x/y", "a\x01", "ab", "b", "b/" + "n" * 255, "c/d/e/f"]
some_path = st.sampled_from(PATHS)
contents = st.sampled_from([b"", b"1", b"22"])


def above(path: str) -> list[str]:
    names = path.split("/")
    return ["/".join(names[:depth]) for depth in range(1, len(names))]


class CurMachine(RuleBasedStateMachine):
    """A tree of paths as a dictionary, and every version of it kept whole."""

    @initialize()
    def begin(self) -> None:
        self.engines = memory_engines()
        self.mimei = made(self.engines)
        self.model: Shown = {}
        self.versions: list[Shown] = []

    def fits(self, path: str, *, directory: bool) -> bool:
        """Whether something may be put at `path` as the tree is."""
        if any(self.model.get(one, "directory") != "directory" for one in above(path)):
            return False
        return directory or not any(other.startswith(path + "/") for other in self.model)

    def grow(self, path: str, value: bytes | str) -> None:
        self.model |= {one: "directory" for one in above(path)}
        self.model[path] = value

    @rule(path=some_path, data=contents)
    def put(self, path: str, data: bytes) -> None:
        try:
            put(self.engines, self.mimei, path, data)
        except (paths.NotADirectory, paths.DirectoryThere):
            assert not self.fits(path, directory=False)
        else:
            assert self.fits(path, directory=False)
            self.grow(path, data)

    @rule(path=some_path)
    def directory(self, path: str) -> None:
        try:
            paths.make_directory(self.engines, self.mimei, parse_path(path))
        except (paths.NotADirectory, paths.AlreadyThere):
            assert not self.fits(path, directory=True) or self.model[path] != "directory"
        else:
            self.grow(path, "directory")

    @rule(path=some_path)
    def remove(self, path: str) -> None:
        doomed = [one for one in self.model if one == path or one.startswith(path + "/")]
        try:
            assert remove(self.engines, self.mimei, path) == len(doomed)
        except paths.NothingToChange:
            assert not doomed
        for one in doomed:
            del self.model[one]

    @rule(source=some_path, goal=some_path, keep=st.booleans())
    def transfer(self, source: str, goal: str, keep: bool) -> None:
        try:
            (paths.copy if keep else paths.move)(self.engines, self.mimei, parse_path(source), parse_path(goal))
        except (paths.NotADirectory, paths.AlreadyThere, paths.NothingToChange, paths.WrongPlace):
            return
        moved = {one: data for one, data in self.model.items() if one == source or one.startswith(source + "/")}
        assert moved
        if not keep:
            self.model = {one: data for one, data in self.model.items() if one not in moved}
        for one, data in moved.items():
            self.grow(goal + one[len(source) :], data)

    @rule(files=st.dictionaries(st.sampled_from(["a", "ab", "b/x", "c/d"]), contents))
    def replace_all(self, files: dict[str, bytes]) -> None:
        with TreeUpload(self.engines, self.mimei, replace=True) as tree:
            for path, data in files.items():
                one = tree.file(parse_path(path))
                one.write(data)
                one.finish()
            tree.finish()
        self.model = {}
        for path, data in files.items():
            self.grow(path, data)

    @rule()
    def backup(self) -> None:
        changed = self.model != (self.versions[-1] if self.versions else {})
        done = backup(self.engines, self.mimei)
        assert done.changed or not changed
        if done.n == len(self.versions):
            self.versions.append(dict(self.model))
        assert version(self.engines, done.cid).content == content_from_scratch(self.model)

    @precondition(lambda self: self.versions)
    @rule(which=st.integers(0, 20))
    def restore(self, which: int) -> None:
        n = which % len(self.versions)
        history.restore(self.engines, self.mimei, n, discard=True)
        self.model = dict(self.versions[n])

    @rule()
    def discard(self) -> None:
        history.discard(self.engines, self.mimei)
        self.model = dict(self.versions[-1]) if self.versions else {}

    @rule()
    def sweep(self) -> None:
        collect(self.engines)

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        assert shown(self.engines, self.mimei) == self.model
        assert counters(self.engines, self.mimei) == recounted(self.engines, self.mimei)

    def teardown(self) -> None:
        if hasattr(self, "engines"):
            assert [shown(self.engines, self.mimei, n) for n in range(len(self.versions))] == self.versions
            assert damage(check(self.engines)) == []
            again = memory_engines(node="again")
            import_car(again, [exported(self.engines)])
            assert shown(again, self.mimei) == self.model
            assert held(again, self.mimei).base == held(self.engines, self.mimei).base


TestCur = CurMachine.TestCase
