"""A damaged state file is refused by name and left as it is."""

from contextlib import closing
from pathlib import Path

import pytest

from leither import limits
from leither.store import LmdbState, StateDamaged, StoreInUse, TooManyReaders
from leither.testing.suites.state import get, set_all


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with closing(LmdbState(tmp_path)) as state:
        for number in range(50):
            set_all(state, [(b"%d" % number, bytes(5000))])
    return tmp_path


@pytest.mark.parametrize("keep", [0, 100, 4096, 8192, 100_000])
def test_a_truncated_file_is_refused_and_left_as_it_is(home: Path, keep: int) -> None:
    data = home / "data.mdb"
    cut = data.read_bytes()[:keep]
    data.write_bytes(cut)
    with pytest.raises(StateDamaged, match=r"data\.mdb is damaged") as error:
        LmdbState(home)
    assert error.value.path == str(data)
    assert data.read_bytes() == cut


def test_a_missing_file_is_not_taken_for_a_first_start(home: Path) -> None:
    (home / "data.mdb").unlink()
    with pytest.raises(StateDamaged, match="missing"):
        LmdbState(home)


def test_garbage_is_refused(home: Path) -> None:
    data = home / "data.mdb"
    data.write_bytes(b"garbage!" * (data.stat().st_size // 8))
    with pytest.raises(StateDamaged, match="no LMDB file"):
        LmdbState(home)


def test_garbage_behind_sound_first_pages_is_refused(home: Path) -> None:
    data = home / "data.mdb"
    whole = data.read_bytes()
    data.write_bytes(whole[:8192] + b"garbage!" * ((len(whole) - 8192) // 8))
    with pytest.raises(StateDamaged):
        LmdbState(home)


def test_an_unknown_format_is_refused(home: Path) -> None:
    (home / "format").write_bytes(b"leither state 9\n")
    with pytest.raises(StateDamaged, match="format"):
        LmdbState(home)


def test_a_first_start_that_was_cut_short_starts_again(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(bytes(100))
    (tmp_path / "format").write_bytes(b"leither st")
    with closing(LmdbState(tmp_path)) as state:
        set_all(state, [(b"a", b"1")])
    with closing(LmdbState(tmp_path)) as state:
        assert get(state, b"a") == b"1"


def test_opening_twice_is_refused_by_name(home: Path) -> None:
    with closing(LmdbState(home)), pytest.raises(StoreInUse, match=r"in use by process \d+"):
        LmdbState(home)


def test_too_many_snapshots_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STATE_READERS_MAX", 3)
    with closing(LmdbState(tmp_path)) as state:
        set_all(state, [(b"a", b"1")])
        with state.read(), state.read(), state.read(), pytest.raises(TooManyReaders), state.read():
            pass
        assert get(state, b"a") == b"1"
