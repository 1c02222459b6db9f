"""Raw paths as names."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither.http.segments import BadPath, split_path


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        (b"/", ()),
        (b"/a", ("a",)),
        (b"/a/b/", ("a", "b")),
        (b"/%E2%98%83/%25%32%66", ("☃", "%2f")),
        (b"/%2525", ("%25",)),
        (b"/a+b%20c", ("a+b c",)),
        (b"/...", ("...",)),
    ],
)
def test_each_segment_is_decoded_exactly_once(raw: bytes, names: tuple[str, ...]) -> None:
    assert split_path(raw) == names


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"a", b"//", b"//a", b"/a//b", b"/a//", b"/a%2Fb", b"/%2f", b"/a%00", b"/.", b"/a/..", b"/%2e%2E/a",
        b"/%", b"/%4", b"/%zz", b"/%FF", b"/%ED%A0%80",
    ],
)  # fmt: skip
def test_a_path_that_could_mean_something_else_is_refused(raw: bytes) -> None:
    with pytest.raises(BadPath):
        split_path(raw)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1), min_size=1))
def test_any_unicode_name_comes_through_unchanged(names: list[str]) -> None:
    names = [name for name in names if name not in (".", "..")] or ["x"]
    raw = "".join("/" + quote(name, safe="") for name in names).encode()
    assert split_path(raw) == tuple(names)
    assert split_path(raw + b"/") == tuple(names)
