"""The key of a user of the node: a passphrase for it, opening it, and a new one in its place."""

from litestar import post, put
from litestar.params import JSONBody

from leither.crypto import KeyId, id_text, key_id
from leither.errors import Conflict
from leither.web.api.context import Caller
from leither.web.api.parameters import CallerGiven
from leither.web.schema_identity import KeyReplacedInfo, NewPassphrase, Passphrase, RotateRequest


class OwnersIdentity(Conflict):
    """The owner's identity is changed with the node stopped."""

    code = "owners-identity"

    def __init__(self) -> None:
        super().__init__(
            "this is for users of the node; its owner stops it, and uses `leither identity passphrase` or "
            "`leither identity rotate`"
        )


def _user(caller: Caller, what: str) -> KeyId:
    caller.principal.require_resident(what)
    if caller.principal.user is None:
        raise OwnersIdentity
    return caller.principal.user


@put("/identity/passphrase", status_code=204, operation_id="setPassphrase", tags=["identity"])
async def set_passphrase(caller: CallerGiven, data: JSONBody[NewPassphrase]) -> None:
    """Keep the caller's seed on this node under a passphrase, or in clear. For users, not the owner.

    After each start of the node it signs for them once they have given it.
    """
    user = _user(caller, "setting a passphrase")
    await caller.run(caller.context.users.keys.set_passphrase, user, data.passphrase)


@post("/identity/unlock", status_code=204, operation_id="unlockIdentity", tags=["identity"])
async def unlock(caller: CallerGiven, data: JSONBody[Passphrase]) -> None:
    """Open the caller's seed, so that the node signs for them until it stops. For users, not the owner."""
    user = _user(caller, "opening an identity")
    await caller.run(caller.context.users.keys.unlock, user, data.passphrase)


@post("/identity/rotate", status_code=200, operation_id="rotateKey", tags=["identity"])
async def rotate(caller: CallerGiven, data: JSONBody[RotateRequest]) -> KeyReplacedInfo:
    """Let a new key take the place of the caller's, with new recovery words, shown here and never again.

    What they made stays theirs. For users, not the owner.
    """
    user = _user(caller, "taking a new key")
    person, words = await caller.run(caller.context.users.keys.rotate, user, data.passphrase)
    former = person.former[-1].successor.by
    return KeyReplacedInfo(person=id_text(person.key.id), former=id_text(key_id(former)), words=words)


OPERATIONS = (set_passphrase, unlock, rotate)
