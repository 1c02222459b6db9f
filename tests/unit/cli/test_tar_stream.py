"""A folder as a tar stream."""

import io
import os
import socket
import tarfile
from pathlib import Path

import pytest

from leither.cli.tar_stream import FileChanged, NameNotUnicode, folder_bytes, tar_stream


def members(folder: Path, skipped: list[str] | None = None) -> dict[str, tarfile.TarInfo]:
    heard: list[str] = [] if skipped is None else skipped
    data = b"".join(tar_stream(folder, skipped=heard.append))
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {member.name: member for member in archive}


def test_everything_below_is_there_in_order_hidden_files_too(tmp_path: Path) -> None:
    (tmp_path / "b" / "deep").mkdir(parents=True)
    (tmp_path / "b" / "deep" / "x").write_bytes(b"x")
    (tmp_path / ".hidden").write_bytes(b"h")
    (tmp_path / "a").write_bytes(b"")
    assert list(members(tmp_path)) == [".hidden", "a", "b", "b/deep", "b/deep/x"]


def test_content_modes_and_times_come_along(tmp_path: Path) -> None:
    file = tmp_path / "run.sh"
    file.write_bytes(b"#!/bin/sh\n" * 100_000)
    file.chmod(0o755)
    os.utime(file, ns=(0, 1_700_000_000_123_456_789))
    data = b"".join(tar_stream(tmp_path, skipped=print))
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        member = archive.getmember("run.sh")
        content = archive.extractfile(member)
        assert content is not None
        assert content.read() == file.read_bytes()
    assert (member.mode, round(member.mtime, 3)) == (0o755, 1_700_000_000.123)


def test_links_are_kept_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "dangling").symlink_to("nowhere")
    found = members(tmp_path)
    assert {name: member.linkname for name, member in found.items()} == {"dangling": "nowhere", "up": ".."}
    assert all(member.issym() for member in found.values())


def test_long_and_foreign_names_survive(tmp_path: Path) -> None:
    name = "ø" * 120
    (tmp_path / name).write_bytes(b"x")
    assert list(members(tmp_path)) == [name]


def test_special_files_are_skipped_with_a_notice(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.path.relpath(tmp_path / "sock"))
        heard: list[str] = []
        assert members(tmp_path, heard) == {}
    assert heard == ["pipe", "sock"]


def test_a_name_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/bad\xff", "wb"):
        pass
    with pytest.raises(NameNotUnicode, match=r"bad\\udcff"):
        members(tmp_path)


def test_a_file_that_shrinks_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(bytes(4 << 20))
    stream = tar_stream(tmp_path, skipped=print)
    next(stream)
    file.write_bytes(b"")
    with pytest.raises(FileChanged, match="log"):
        list(stream)


def test_chunks_are_small_whatever_the_files_are(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(5 << 20))
    for number in range(3000):
        (tmp_path / f"{number}").touch()
    assert max(map(len, tar_stream(tmp_path, skipped=print))) < 3 << 20


def test_the_length_for_a_progress_bar_is_the_streams(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(100_000))
    (tmp_path / "b").mkdir()
    os.utime(tmp_path / "a", ns=(0, 1_700_000_000_250_000_000))
    os.utime(tmp_path / "b", ns=(0, 1_700_000_000_000_000_000))
    assert folder_bytes(tmp_path) == sum(map(len, tar_stream(tmp_path, skipped=print)))
