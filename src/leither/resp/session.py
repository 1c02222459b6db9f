"""Who a connection is, which MiMei it has open, and what it may do there."""

from dataclasses import dataclass

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.errors import DeniedError
from leither.mimei.address import CUR, Selector, parse_address
from leither.people import GUEST, Act, Principal
from leither.service.catalog import authorize
from leither.service.database import NotADatabase
from leither.service.engines import Engines
from leither.service.holding import load
from leither.service.tokens import Tokens
from leither.service.versions import default_selector, readable_version


class NoOnlyMimei(DeniedError):
    """A token stood alone, and it is not for one MiMei."""

    code = "no-only-mimei"

    def __init__(self) -> None:
        super().__init__("this token is not for one MiMei; name it as the user: AUTH <id> <token>")


@dataclass(frozen=True, slots=True)
class Session:
    """What AUTH gave a connection. `version` is None for `cur`. `acts`: what the principal may do there."""

    user: str
    secret: str
    principal: Principal
    mimei: MimeiId
    version: Cid | None
    acts: Act

    @property
    def read_only(self) -> bool:
        """Whether it looks at a version, which nobody changes."""
        return self.version is not None


def open_session(engines: Engines, tokens: Tokens, user: str, secret: str) -> Session:
    """Return the session of `user`, an id with or without `.version`, or empty for the token's only MiMei.

    Without a secret the caller is a guest, who may open what everyone may read.
    Raises: BadToken, NoOnlyMimei, NotAnAddress, MimeiNotFound, VersionNotFound, NotADatabase, Denied.
    """
    principal = tokens.principal_of(secret) if secret else GUEST
    selector: Selector | None = None
    if user in ("", "default"):
        if principal.only is None:
            raise NoOnlyMimei
        wanted = principal.only
    else:
        address = parse_address(user, separator=".")
        wanted, selector = address.id, address.version
    with engines.state.read() as view:
        held = load(engines, view, wanted)
        if selector is None:
            selector = default_selector(held, principal)
        version = None
        if selector == CUR:
            authorize(principal, held, Act.READ_CUR)
        else:
            version = readable_version(engines, view, held, selector, principal)
    if held.genesis.type != "db":
        raise NotADatabase(held.id, held.genesis.type)
    return Session(user, secret, principal, wanted, version, held.acts(principal))
