"""Secret files: whole or not at all, and for their owner's eyes alone."""

import os
import stat
from pathlib import Path

import pytest

from leither.store import StoreBroken
from leither.store.keyfile import KeyFileDamaged, KeyFileExposed, read_key, read_secret, write_secret

KEY = bytes(range(32))


def test_a_key_reads_back(tmp_path: Path) -> None:
    write_secret(tmp_path / "identity" / "seed", KEY)
    assert read_key(tmp_path / "identity" / "seed", size_bytes=32) == KEY


def test_a_key_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_key(tmp_path / "seed", size_bytes=32) is None


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_file_and_folder_are_for_their_owner_alone(tmp_path: Path) -> None:
    write_secret(tmp_path / "identity" / "seed", KEY)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "identity", tmp_path / "identity" / "seed")]
    assert modes == [0o700, 0o600]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    write_secret(tmp_path / "seed", KEY)
    (tmp_path / "seed").chmod(0o640)
    with pytest.raises(KeyFileExposed, match="chmod 600"):
        read_key(tmp_path / "seed", size_bytes=32)


@pytest.mark.parametrize("held", [b"", KEY[:31], KEY + b"\n"])
def test_a_key_of_another_size_is_refused(tmp_path: Path, held: bytes) -> None:
    write_secret(tmp_path / "seed", held)
    with pytest.raises(KeyFileDamaged, match=f"holds {len(held)} bytes"):
        read_key(tmp_path / "seed", size_bytes=32)


def test_no_error_shows_what_the_file_holds(tmp_path: Path) -> None:
    write_secret(tmp_path / "seed", b"tell nobody")
    with pytest.raises(KeyFileDamaged) as caught:
        read_key(tmp_path / "seed", size_bytes=32)
    assert "tell" not in repr(caught.value) + str(caught.value.details)


def test_writing_again_replaces_the_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_secret(tmp_path / "token", b"old")
    write_secret(tmp_path / "token", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["token"]
    assert read_secret(tmp_path / "token", size_bytes_max=100) == b"new"


def test_a_place_that_can_not_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "identity").write_text("a file where a folder should be")
    with pytest.raises(StoreBroken, match="identity"):
        write_secret(tmp_path / "identity" / "seed", KEY)
