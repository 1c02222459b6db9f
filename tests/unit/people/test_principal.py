"""Who may do what: the right of the MiMei, and what the principal was given."""

import pytest

from leither.crypto import MimeiId
from leither.people import ALL, GUEST, OWNER, Act, Denied, Facts, Principal, Scope, allowed
from leither.people.right import pack

THIS, OTHER = MimeiId(bytes(20)), MimeiId(b"\1" * 20)
READS = Act.READ_CUR | Act.READ_VERSIONS | Act.READ_RELEASE


def may(principal: Principal, mimei: MimeiId, right: int) -> Act:
    return allowed(principal, Facts(mimei, b"control", b"author", right), 0)


def test_the_owner_may_do_everything() -> None:
    assert may(OWNER, THIS, 0) == ALL
    OWNER.require_owner("making tokens")


def test_a_guest_may_do_what_everyone_may() -> None:
    assert may(GUEST, THIS, pack(everyone=Act.READ_RELEASE, members=Act.WRITE)) == Act.READ_RELEASE
    assert may(GUEST, THIS, 0) == Act(0)


@pytest.mark.parametrize(
    ("scope", "acts"),
    [
        (Scope.OWNER, ALL),
        (Scope.WRITE, READS | Act.WRITE | Act.BACKUP | Act.RELEASE | Act.TAG),
        (Scope.READ, READS),
        (Scope.NONE, Act(0)),
    ],
)
def test_a_scope_for_one_mimei_gives_its_acts_there_and_none_elsewhere(scope: Scope, acts: Act) -> None:
    holder = Principal("app", scope, THIS)
    assert may(holder, THIS, 0) == acts
    assert may(holder, OTHER, 0) == Act(0)


def test_a_scope_for_all_mimei_gives_its_acts_everywhere() -> None:
    assert may(Principal("app", Scope.READ), OTHER, 0) == READS


def test_what_everyone_may_is_added_to_the_scope() -> None:
    assert may(Principal("app", Scope.READ, OTHER), THIS, pack(everyone=Act.FORK)) == Act.FORK


@pytest.mark.parametrize("principal", [GUEST, Principal("app", Scope.WRITE), Principal("app", Scope.OWNER, THIS)])
def test_nobody_else_counts_as_the_owner(principal: Principal) -> None:
    assert not principal.is_owner
    with pytest.raises(Denied, match="making tokens needs the owner") as caught:
        principal.require_owner("making tokens")
    assert caught.value.details == {"what": "making tokens"}
