"""Tar archives of every dialect are taken as they stream in, and hostile ones are refused."""

from __future__ import annotations

import io
import tarfile
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.path import Path, path_text
from leither.web.api.tar_header import BLOCK, BadTar, TarTooLarge
from leither.web.api.tar_in import TarIngest
from leither.web.api.tar_out import tar_stream

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


@dataclass
class KeptFile:
    """A file that a tree keeps in memory."""

    tree: KeptTree
    path: Path
    data: bytearray = field(default_factory=bytearray)

    def write(self, data: bytes | memoryview) -> None:
        self.data += data

    def finish(self) -> PathEntry:
        self.tree.found[path_text(self.path)] = bytes(self.data)
        return PathEntry(EntryType.DIRECTORY)


@dataclass
class KeptTree:
    """A tree in memory: bytes of files, None for directories, targets of links."""

    found: dict[str, bytes | str | None] = field(default_factory=dict)
    attributes: dict[str, tuple[int, int]] = field(default_factory=dict)

    def file(self, path: Path, *, mode: int, mtime_ms: int) -> KeptFile:
        self.attributes[path_text(path)] = (mode, mtime_ms)
        return KeptFile(self, path)

    def directory(self, path: Path, *, mode: int, mtime_ms: int) -> None:
        self.found[path_text(path)] = None
        self.attributes[path_text(path)] = (mode, mtime_ms)

    def symlink(self, path: Path, target: str, *, mtime_ms: int) -> None:
        self.found[path_text(path)] = target

    def link(self, path: Path, same_as: Path) -> None:
        if path_text(same_as) not in self.found:
            raise BadTar(path_text(path), "a hard link to nothing")
        self.found[path_text(path)] = self.found[path_text(same_as)]


def ingested(data: bytes, *, piece: int = 1 << 20) -> KeptTree:
    tree = KeptTree()
    ingest = TarIngest(tree)
    for start in range(0, len(data), piece):
        ingest.feed(data[start : start + piece])
    ingest.finish()
    return tree


def archive(*members: tarfile.TarInfo, kind: str = "pax", content: bytes = b"") -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=FORMATS[kind]) as out:
        for member in members:
            source: IO[bytes] | None = io.BytesIO(content) if member.isreg() else None
            member.size = len(content) if member.isreg() else 0
            out.addfile(member, source)
    return held.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type = kind
    for key, value in fields.items():
        setattr(found, key, value)
    return found


@pytest.mark.parametrize("kind", FORMATS)
def test_files_directories_and_links_of_each_dialect_are_taken(kind: str) -> None:
    data = archive(
        member("folder", tarfile.DIRTYPE, mode=0o750, mtime=7),
        member("folder/file", mode=0o640, mtime=8),
        member("soft", tarfile.SYMTYPE, linkname="folder/file"),
        member("hard", tarfile.LNKTYPE, linkname="folder/file"),
        kind=kind,
        content=b"text",
    )
    tree = ingested(data)
    assert tree.found == {"folder": None, "folder/file": b"text", "soft": "folder/file", "hard": b"text"}
    assert tree.attributes == {"folder": (0o750, 7000), "folder/file": (0o640, 8000)}


@pytest.mark.parametrize("kind", ["gnu", "pax"])
def test_names_longer_than_a_header_holds_are_taken(kind: str) -> None:
    name = "/".join(["n" * 90] * 5) + "/ünïcödé"
    assert ingested(archive(member(name), member("l", tarfile.SYMTYPE, linkname=name), kind=kind)).found == {
        name: b"",
        "l": name,
    }


def test_a_long_ustar_name_is_joined_from_its_prefix() -> None:
    name = "p" * 120 + "/" + "n" * 60
    assert list(ingested(archive(member(name), kind="ustar")).found) == [name]


def test_a_pax_time_keeps_its_milliseconds() -> None:
    tree = ingested(archive(member("file", mtime=1234.5678)))
    assert tree.attributes["file"][1] == 1_234_567


def test_names_are_taken_without_dots_and_trailing_slashes() -> None:
    assert list(ingested(archive(member("./a/./b"), member("./c/", tarfile.DIRTYPE))).found) == ["a/b", "c"]


@pytest.mark.parametrize(
    ("hostile", "why"),
    [
        (member("/etc/passwd"), "absolute"),
        (member("a/../../b"), "another directory"),
        (member("hard", tarfile.LNKTYPE, linkname="../outside"), "another directory"),
        (member("device", tarfile.CHRTYPE), "character device"),
        (member("device", tarfile.BLKTYPE), "block device"),
        (member("pipe", tarfile.FIFOTYPE), "named pipe"),
        (member("x" * 256), "exceed the limit"),
        (member("sparse", pax_headers={"GNU.sparse.major": "1"}), "sparse"),
        (member("time", pax_headers={"mtime": "nan"}), "not a time"),
        (member("size", pax_headers={"size": "-1"}), "not a size"),
    ],
)
def test_what_could_lead_astray_is_refused(hostile: tarfile.TarInfo, why: str) -> None:
    with pytest.raises(BadTar, match=why):
        ingested(archive(hostile))


def test_a_name_that_is_not_utf8_is_refused() -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.GNU_FORMAT, encoding="latin-1") as out:
        out.addfile(member("\xff"))
    with pytest.raises(BadTar, match="not UTF-8"):
        ingested(held.getvalue())


def test_a_file_that_announces_too_much_is_refused_before_it_comes() -> None:
    data = archive(member("huge", pax_headers={"size": str(limits.FILE_BYTES_MAX + 1)}))
    with pytest.raises(TarTooLarge):
        ingested(data)


def test_an_extended_header_that_announces_too_much_is_refused_before_it_comes() -> None:
    long = member("x", tarfile.XHDTYPE)
    long.size = limits.TAR_EXTENDED_BYTES_MAX + 1
    with pytest.raises(TarTooLarge):
        TarIngest(KeptTree()).feed(long.tobuf(tarfile.USTAR_FORMAT))


def test_an_archive_cut_anywhere_before_its_end_is_refused() -> None:
    data = archive(member("file"), member("folder", tarfile.DIRTYPE), content=b"text")
    end = data.index(bytes(2 * BLOCK), 4 * BLOCK - 1)
    for cut in range(0, end, 100):
        with pytest.raises(BadTar):
            ingested(data[:cut])


def test_an_archive_of_nothing_is_an_empty_tree() -> None:
    assert ingested(archive()).found == {}


def test_a_flipped_header_byte_is_found_by_the_checksum() -> None:
    data = bytearray(archive(member("file"), kind="ustar"))
    data[0] ^= 1
    with pytest.raises(BadTar, match="checksum"):
        ingested(bytes(data))


@given(piece=st.integers(1, 3000))
def test_how_the_bytes_are_cut_into_pieces_changes_nothing(piece: int) -> None:
    data = archive(member("a" * 150), member("b/c"), member("d", tarfile.DIRTYPE), content=bytes(range(256)) * 5)
    assert ingested(data, piece=piece).found == ingested(data).found


@given(st.binary(max_size=3000) | st.binary(max_size=600).map(lambda noise: archive(member("x")) + noise))
def test_any_bytes_are_taken_or_refused_by_name(data: bytes) -> None:
    with suppress(BadTar, TarTooLarge):
        ingested(data)


def mutated(data: bytes, flips: list[tuple[int, int]]) -> bytes:
    """Return the archive with bytes of its first header changed and the checksum made right again."""
    header = bytearray(data[:BLOCK])
    for position, value in flips:
        header[position] = value
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + data[BLOCK:]


@given(st.lists(st.tuples(st.integers(0, BLOCK - 1), st.integers(0, 255)), max_size=8))
def test_any_header_with_a_right_checksum_is_taken_or_refused_by_name(flips: list[tuple[int, int]]) -> None:
    data = mutated(archive(member("file"), kind="ustar", content=b"text"), flips)
    with suppress(BadTar, TarTooLarge):
        ingested(data)


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=60).filter(
    lambda name: name not in (".", "..")
)
ENTRIES = st.tuples(
    st.sampled_from([EntryType.FILE, EntryType.DIRECTORY, EntryType.SYMLINK]),
    st.integers(0, limits.TIME_MS_MAX),
    st.integers(1, 0o7777),
)


@given(st.dictionaries(st.lists(NAMES, min_size=1, max_size=4).map(tuple), ENTRIES, max_size=6))
def test_what_goes_out_as_tar_comes_in_the_same(given_entries: dict[Path, tuple[EntryType, int, int]]) -> None:
    entries = [
        (path, PathEntry(kind, mode, mtime_ms, target="to" * 80 if kind is EntryType.SYMLINK else ""))
        for path, (kind, mtime_ms, mode) in given_entries.items()
    ]
    tree = ingested(b"".join(tar_stream(iter(entries), lambda _: iter(()))))
    for path, entry in entries:
        assert path_text(path) in tree.found
        if entry.type is not EntryType.SYMLINK:
            assert tree.attributes[path_text(path)] == (entry.mode, entry.mtime_ms)


def test_other_tools_read_what_goes_out() -> None:
    entry = PathEntry(EntryType.SYMLINK, 0, 1_500, target="t" * 200)
    stream = tar_stream(iter([(("é" * 80,), entry)]), lambda _: iter(()))
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as found:
        (held,) = found.getmembers()
    assert (held.name, held.linkname, held.mtime) == ("é" * 80, "t" * 200, 1.5)
