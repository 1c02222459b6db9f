"""Properties: those of the protocol, and those that clients keep."""

import pytest

from leither import limits
from leither.people import Principal
from leither.service.paths import move, remove
from leither.service.properties import properties
from leither.service.tree import open_tree
from tests.unit.dav.client import Dav

_SET = (
    b'<D:propertyupdate xmlns:D="DAV:" xmlns:z="urn:z"><D:set><D:prop>'
    b'<z:colour xml:lang="fr">rouge <b xmlns="">&lt;vif&gt;</b></z:colour></D:prop></D:set></D:propertyupdate>'
)
_COLOUR = "{urn:z}colour"


def dav_with_property(path: str = "/a") -> Dav:
    dav = Dav()
    dav.put("/a")
    assert dav.call("PROPPATCH", path, _SET).status == 207
    return dav


def colour(dav: Dav, path: str) -> str | None:
    body = b'<propfind xmlns="DAV:"><prop><colour xmlns="urn:z"/></prop></propfind>'
    reply = dav.call("PROPFIND", path, body, headers={"Depth": "0"}, whole=True)
    found = reply.prop(_COLOUR) if reply.status == 207 else None
    return found.text if found is not None else None


def test_a_property_comes_back_whole() -> None:
    dav = dav_with_property()
    found = dav.find("/a").prop(_COLOUR)
    assert found is not None
    assert (found.text, found[0].text, list(found.attrib.values())) == ("rouge ", "<vif>", ["fr"])


def test_a_property_is_part_of_the_version() -> None:
    dav = dav_with_property("/")
    dav.save()
    gone = b'<propertyupdate xmlns="DAV:"><remove><prop><colour xmlns="urn:z"/></prop></remove></propertyupdate>'
    assert dav.call("PROPPATCH", "/", gone).status == 207
    assert (colour(dav, f"{dav.base}/"), colour(dav, f"{dav.base}@0/")) == (None, "rouge ")


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_a_property_goes_where_its_file_goes(method: str) -> None:
    dav = dav_with_property()
    dav.call(method, "/a", headers={"Destination": dav.url("/b")})
    assert colour(dav, f"{dav.base}/b") == "rouge "
    assert colour(dav, f"{dav.base}/a") == ("rouge " if method == "COPY" else None)


def test_a_property_stays_when_the_bytes_change_and_goes_with_the_file() -> None:
    dav = dav_with_property()
    dav.put("/a", b"other")
    assert colour(dav, f"{dav.base}/a") == "rouge "
    dav.call("DELETE", "/a")
    dav.put("/a")
    assert colour(dav, f"{dav.base}/a") is None


def test_a_property_follows_what_other_doors_do() -> None:
    dav = dav_with_property()
    move(dav.engines, dav.mimei, ("a",), ("b",))
    assert colour(dav, f"{dav.base}/b") == "rouge "
    remove(dav.engines, dav.mimei, ("b",))
    with open_tree(dav.engines, dav.mimei, None, _owner(dav)) as tree:
        assert list(properties(tree.entries, ("b",))) == []


def _owner(dav: Dav) -> Principal:
    return dav.tokens.principal_of(dav.owner)


def test_one_protected_property_keeps_the_others_from_being_set() -> None:
    dav = Dav()
    dav.put("/a")
    body = _SET.replace(b"</D:prop>", b"<D:getetag>mine</D:getetag></D:prop>")
    reply = dav.call("PROPPATCH", "/a", body)
    told = [found.text for found in reply.xml.iter("{DAV:}status")]
    assert told == ["HTTP/1.1 403 Forbidden", "HTTP/1.1 424 Failed Dependency"]
    assert colour(dav, f"{dav.base}/a") is None


def test_no_more_properties_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PROPERTIES_MAX", 1)
    dav = dav_with_property()
    assert dav.call("PROPPATCH", "/a", _SET.replace(b"colour", b"size")).status == 507


def test_a_property_larger_than_the_limit_is_refused() -> None:
    dav = Dav()
    large = _SET.replace(b"rouge", b"x" * limits.PROPERTY_VALUE_BYTES_MAX)
    assert dav.call("PROPPATCH", "/", large).status == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<propertyupdate/>",
        b'<propertyupdate xmlns="DAV:"/>',
        b"<!DOCTYPE a><a/>",
    ],
)
def test_a_malformed_update_is_refused(body: bytes) -> None:
    assert Dav().call("PROPPATCH", "/", body).status in (400, 403)


def test_a_file_has_the_properties_of_the_protocol() -> None:
    dav = Dav()
    dav.put("/a.txt", b"abc")
    reply = dav.find("/a.txt")
    told = {found.tag.removeprefix("{DAV:}"): found.text for found in reply.xml.iter()}
    assert (told["getcontentlength"], told["getcontenttype"]) == ("3", "text/plain; charset=utf-8")
    assert told["getetag"] == dav.call("GET", "/a.txt").headers["etag"]
    assert told["displayname"] == "a.txt"


def test_names_alone_can_be_asked_for() -> None:
    dav = dav_with_property()
    reply = dav.call("PROPFIND", "/a", b'<propfind xmlns="DAV:"><propname/></propfind>', headers={"Depth": "0"})
    prop = reply.xml.find("{DAV:}response/{DAV:}propstat/{DAV:}prop")
    assert prop is not None
    assert _COLOUR in [found.tag for found in prop]
    assert all(found.text is None for found in prop)


def test_what_a_resource_lacks_is_told_apart() -> None:
    dav = Dav()
    reply = dav.find("/", "getcontentlength", "resourcetype")
    told = [found.text for found in reply.xml.iter("{DAV:}status")]
    assert told == ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"]


def test_a_listing_goes_on_over_its_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DAV_PAGE_ENTRIES", 3)
    dav = Dav()
    dav.mkcol("/d")
    names = [f"/d/{n}" for n in range(10)]
    for name in names:
        dav.put(name)
    dav.put("/e")
    assert dav.find("/d", depth="1").hrefs == [f"{dav.base}/d/", *(dav.base + name for name in names)]
    below = [f"{dav.base}/", f"{dav.base}/d/", *(dav.base + name for name in names), f"{dav.base}/e"]
    assert dav.find("/", depth="infinity").hrefs == below
    assert dav.call("PROPFIND", "/").hrefs == below


def test_a_tree_too_large_for_one_answer_is_politely_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DAV_TREE_ENTRIES_MAX", 1)
    dav = Dav()
    dav.put("/a")
    dav.put("/b")
    reply = dav.find("/", depth="infinity")
    assert (reply.status, reply.prop("{DAV:}propfind-finite-depth") is not None) == (403, True)
    assert dav.find("/", depth="1").status == 207


@pytest.mark.parametrize("depth", ["2", "all"])
def test_an_unknown_depth_is_refused(depth: str) -> None:
    assert Dav().find("/", depth=depth).status == 400
