"""Which blocks the owner of a node gets, and its users: what is theirs or everyone's, and nothing of each other's."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from leither.codec import Cid
from leither.crypto import KeyId
from leither.service.catalog import Catalog
from leither.service.history import release
from leither.service.leaving import Fate, remove_user
from leither.service.users import Users
from leither.store.memory_seeds import MemorySeeds
from tests.unit.web.front import PRIVATE, PUBLIC, Front


@dataclass
class Household:
    front: Front
    users: Users
    tokens: dict[str, str]
    ids: dict[str, KeyId]

    def content(self, name: str, *, right: int = PRIVATE) -> Cid:
        """Publish something of a user's, or the owner's, and return its content."""
        user = self.ids.get(name)
        mimei, _ = Catalog(self.front.engines).create(kind="fs", app="test", mark="notes", right=right, user=user)
        self.front.fill(mimei.id, {"page": name.encode()})
        version = self.front.save(mimei.id)
        release(self.front.engines, mimei.id, version)
        return self.front.content(version)

    def status(self, name: str, cid: Cid) -> int:
        return self.front.get(f"/ipfs/{cid}?format=raw", token=self.tokens[name]).status


@pytest.fixture
def household() -> Household:
    front = Front()
    users = Users(front.engines, front.tokens, MemorySeeds())
    joined = {name: users.join(users.invite(name)[0]) for name in ("Ann", "Ben")}
    tokens = {name: each.secret for name, each in joined.items()} | {"owner": front.owner_token()}
    return Household(front, users, tokens, {name: each.id for name, each in joined.items()})


def test_everybody_gets_their_own_blocks_and_nobody_elses(household: Household) -> None:
    contents = {name: household.content(name) for name in ("Ann", "Ben", "owner")}
    for name in contents:
        got = {whose: household.status(name, cid) for whose, cid in contents.items()}
        assert got == {whose: 200 if whose == name else 404 for whose in contents}


def test_everybody_gets_what_is_everyones(household: Household) -> None:
    cid = household.content("Ann", right=PUBLIC)
    assert [household.status(name, cid) for name in ("Ann", "Ben", "owner")] == [200, 200, 200]


def test_what_was_kept_of_a_user_is_the_owners_to_fetch(household: Household) -> None:
    cid = household.content("Ann")
    remove_user(household.front.engines, household.users, household.ids["Ann"], Fate.KEEP)
    assert [household.status(name, cid) for name in ("Ben", "owner")] == [404, 200]


def test_what_was_deleted_of_a_user_is_nobodys(household: Household) -> None:
    cid = household.content("Ann")
    remove_user(household.front.engines, household.users, household.ids["Ann"], Fate.DELETE)
    assert [household.status(name, cid) for name in ("Ben", "owner")] == [404, 404]
