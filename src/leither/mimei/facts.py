"""What a genesis and a control say about who may do what, as the policy asks for it."""

from collections.abc import Container

from leither.crypto import KeyId
from leither.mimei.control import Control
from leither.mimei.genesis import Genesis
from leither.people.policy import Facts
from leither.people.right import Act


def facts_of(
    genesis: Genesis,
    control: Control,
    *,
    revoked: Container[bytes],
    user: KeyId | None = None,
    own: bool = False,
) -> Facts:
    """Return what decides over a MiMei.

    Args: revoked: the map that `control.revoked` is the root of (`people.revoked`). user, own: to whom it belongs on
        this node (`Facts`).
    Cost: O(writers).
    """
    cut = {entry.number for entry in control.cut}
    return Facts(
        id=genesis.id,
        control=bytes(control.cid),
        author=control.by,
        former=frozenset(control.lineage[:-1]),
        upheld=frozenset(control.upheld),
        right=control.right,
        org=control.org,
        fresh_until_ms=control.fresh_until,
        writers={writer.key: Act(writer.rights) for writer in control.writers if writer.number not in cut},
        cut=frozenset(writer.key for writer in control.writers if writer.number in cut),
        revoked=revoked,
        user=user,
        own=own,
    )
