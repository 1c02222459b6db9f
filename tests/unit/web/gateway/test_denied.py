"""What a denylist rules out, at every address under which the gateway would give it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from leither.codec import RAW, Cid
from leither.codec.foreign import AnyCid
from leither.crypto import id_text
from leither.wire.denylist import Denylist, read_denylists
from tests.unit.web.front import OPEN, Front, Reply

BAD, GOOD = b"bad words", b"good words"
BAD_CID = Cid.of(RAW, BAD)


class Lists:
    """Denylists that a test changes."""

    def __init__(self) -> None:
        self.generation = 0
        self._list = Denylist()

    def set(self, *rules: str) -> None:
        self.generation += 1
        self._list = read_denylists([("a.deny", "\n".join(rules).encode())])

    def denies(self, cid: AnyCid, path: Sequence[str] = ()) -> bool:
        return self._list.denies(cid, path)

    def denies_name(self, name: str, path: Sequence[str] = ()) -> bool:
        return self._list.denies_name(name, path)


class Denying:
    """A front door with one app, whose file `d/bad` is denied by one rule or another."""

    def __init__(self) -> None:
        self.lists = Lists()
        self.front = Front(denied=self.lists)
        self.mimei, version = self.front.publish("a", {"d/bad": BAD, "good": GOOD}, right=OPEN)
        self.id = id_text(self.mimei)
        self.root = self.front.content(version)

    def places(self) -> list[str]:
        return [f"/ipfs/{self.root}/d/bad", f"/mm/{self.id}/d/bad", f"/mm/{self.id}@0/d/bad"]

    def bad(self) -> list[Reply]:
        at_origin = self.front.app(self.mimei, "/d/bad")
        return [*(self.front.get(path) for path in self.places()), at_origin]

    def good(self) -> list[Reply]:
        at_origin = self.front.app(self.mimei, "/good")
        paths = (f"/ipfs/{self.root}/good", f"/mm/{self.id}/good")
        return [*(self.front.get(path) for path in paths), at_origin]


@pytest.mark.parametrize("seen_before", [False, True])
@pytest.mark.parametrize("rule", ["/ipfs/{bad}", "/ipfs/{root}/d/bad", "/ipfs/{root}/d/*"])
def test_what_is_denied_is_gone_everywhere_and_the_rest_stays(rule: str, seen_before: bool) -> None:
    denying = Denying()
    if seen_before:
        for _ in range(2):
            assert {reply.status for reply in denying.bad()} == {200}
    denying.lists.set(rule.format(bad=BAD_CID, root=denying.root))
    for _ in range(2):
        assert {reply.status for reply in denying.bad()} == {410}
        assert {reply.status for reply in denying.good()} == {200}


def test_a_root_that_is_denied_takes_all_below_it_along() -> None:
    denying = Denying()
    denying.lists.set(f"/ipfs/{denying.root}")
    assert {reply.status for reply in (*denying.bad(), *denying.good())} == {410}


@pytest.mark.parametrize("query", ["?format=raw", "?format=car"])
def test_a_denied_block_is_given_in_no_form(query: str) -> None:
    denying = Denying()
    denying.lists.set(f"/ipfs/{BAD_CID}")
    assert denying.front.get(f"/ipfs/{BAD_CID}{query}").status == 410


def test_a_car_breaks_off_before_a_denied_block() -> None:
    denying = Denying()
    whole = denying.front.get(f"/ipfs/{denying.root}?format=car")
    assert BAD in whole.body
    denying.lists.set(f"/ipfs/{BAD_CID}")
    reply = denying.front.get(f"/ipfs/{denying.root}?format=car")
    assert not reply.complete
    assert BAD not in reply.body


def test_a_browser_is_shown_a_page_and_others_a_problem() -> None:
    denying = Denying()
    denying.lists.set(f"/ipfs/{BAD_CID}")
    for path in denying.places():
        page = denying.front.get(path, headers={"Accept": "text/html"})
        assert (page.status, page.headers["content-type"]) == (410, "text/html; charset=utf-8")
        assert b"denylist" in page.body
        assert denying.front.get(path).headers["content-type"] == "application/problem+json"


def test_what_is_taken_off_the_list_is_there_again_at_once() -> None:
    denying = Denying()
    denying.lists.set(f"/ipfs/{BAD_CID}")
    assert {reply.status for reply in denying.bad()} == {410}
    denying.lists.set()
    assert {reply.status for reply in denying.bad()} == {200}
