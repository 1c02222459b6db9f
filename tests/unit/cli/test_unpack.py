"""Writing what came from a node, and never anywhere else than where it belongs."""

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from leither.cli.tar_stream import tar_stream
from leither.cli.unpack import HostileName, NotATar, TargetExists, replacing_file, unpack_tree


def member(name: str, kind: bytes = tarfile.REGTYPE, content: bytes = b"", target: str = "") -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname, info.mode = kind, len(content), target, 0o644
    return info.tobuf(tarfile.PAX_FORMAT) + content + bytes(-len(content) % 512)


def pieces(*members: bytes) -> Iterator[bytes]:
    data = io.BytesIO(b"".join(members) + bytes(1024))
    return iter(lambda: data.read(700), b"")


def left(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_folder_comes_back_as_it_was(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "a").write_bytes(b"a" * 3_000_000)
    (source / "sub" / "a").chmod(0o600)
    (source / "link").symlink_to("sub/a")
    os.utime(source / "sub", ns=(0, 1_600_000_000_000_000_000))
    assert unpack_tree(tar_stream(source, skipped=print), tmp_path / "copy", force=False) == 1
    copy = tmp_path / "copy"
    assert left(copy) == ["link", "sub", "sub/a"]
    assert (copy / "sub" / "a").read_bytes() == (source / "sub" / "a").read_bytes()
    assert (copy / "sub" / "a").stat().st_mode & 0o777 == 0o600
    assert (copy / "sub").stat().st_mtime == 1_600_000_000
    assert os.readlink(copy / "link") == "sub/a"


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/../../out", "..", "a/../b"])
def test_a_name_that_leads_out_is_refused_and_nothing_stays(tmp_path: Path, name: str) -> None:
    with pytest.raises(HostileName):
        unpack_tree(pieces(member("fine", content=b"x"), member(name, content=b"x")), tmp_path / "t", force=False)
    assert left(tmp_path) == []


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    hostile = pieces(member("door", tarfile.SYMTYPE, target=str(outside)), member("door/file", content=b"x"))
    with pytest.raises(FileExistsError):
        unpack_tree(hostile, tmp_path / "t", force=False)
    assert left(tmp_path) == ["outside"]


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.LNKTYPE])
def test_devices_and_hard_links_are_refused(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(HostileName):
        unpack_tree(pieces(member("odd", kind, target="/etc/passwd")), tmp_path / "t", force=False)
    assert left(tmp_path) == []


def test_a_stream_that_is_cut_off_leaves_nothing(tmp_path: Path) -> None:
    whole = member("a", content=bytes(2000))
    with pytest.raises(NotATar):
        unpack_tree(iter([whole[:1500]]), tmp_path / "t", force=False)
    assert left(tmp_path) == []


def test_a_set_user_id_bit_is_not_taken_over(tmp_path: Path) -> None:
    info = tarfile.TarInfo("su")
    info.mode = 0o4755
    unpack_tree(pieces(info.tobuf()), tmp_path / "t", force=False)
    assert (tmp_path / "t" / "su").stat().st_mode & 0o7777 == 0o755


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    with pytest.raises(TargetExists, match="--force"):
        unpack_tree(pieces(member("a")), tmp_path / "t", force=False)


def test_with_force_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "old").touch()
    unpack_tree(pieces(member("new")), tmp_path / "t", force=True)
    assert left(tmp_path) == ["t", "t/new"]


def test_a_file_shows_only_when_it_is_whole(tmp_path: Path) -> None:
    def fail() -> None:
        with replacing_file(tmp_path / "f", force=False) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert left(tmp_path) == []


def test_a_file_is_not_overwritten_without_force(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"old")
    with pytest.raises(TargetExists), replacing_file(tmp_path / "f", force=False):
        pass
    with replacing_file(tmp_path / "f", force=True) as file:
        file.write(b"new")
    assert (tmp_path / "f").read_bytes() == b"new"


def test_a_file_that_came_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(TargetExists), replacing_file(tmp_path / "f", force=False):
        (tmp_path / "f").write_bytes(b"other")
    assert (tmp_path / "f").read_bytes() == b"other"


def test_a_secret_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    with replacing_file(tmp_path / "f", force=False, secret=True) as file:
        file.write(b"x")
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600
