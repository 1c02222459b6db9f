"""Who a connection is, which MiMei it has open, and what it may do there."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from leither.codec import Cid
from leither.crypto import KeyId, MimeiId
from leither.errors import DeniedError
from leither.mimei.address import CUR, Selector, parse_address
from leither.people import GUEST, Act, Front, Principal, guest
from leither.people.audit import Kind, Trace
from leither.people.policy import READS
from leither.people.right import act_names
from leither.service.database import NotADatabase
from leither.service.engines import Engines
from leither.service.holding import Mimei, MimeiNotFound, load
from leither.service.tokens import Tokens
from leither.service.versions import default_selector, readable_version


class NoOnlyMimei(DeniedError):
    """A token stood alone, and it is not for one MiMei."""

    code = "no-only-mimei"

    def __init__(self) -> None:
        super().__init__("this token is not for one MiMei; name it as the user: AUTH <id> <token>")


@dataclass(frozen=True, slots=True)
class Session:
    """What AUTH gave a connection. `version` is None for `cur`. `acts`: what the principal may do there.

    owner, traces: in whose audit is noted what it does, and how that is noted, by kind.
    """

    user: str
    secret: str
    principal: Principal
    mimei: MimeiId
    version: Cid | None
    acts: Act
    owner: KeyId | None = None
    traces: Mapping[Kind, Trace] = field(default_factory=dict)

    @property
    def is_blind(self) -> bool:
        """Whether it may change what it has open, and not read it."""
        return self.version is None and Act.READ_CUR not in self.acts

    @property
    def read_only(self) -> bool:
        """Whether it looks at a version, which nobody changes."""
        return self.version is not None


def open_session(engines: Engines, tokens: Tokens, user: str, secret: str, *, noted: bool = True) -> Session:
    """Return the session of `user`, an id with or without `.version`, or empty for the token's only MiMei.

    Without a secret the caller is a guest, who may open what everyone may read. Who may write and not read may open
    `cur`, for the commands that tell nothing. `noted`: whether this is somebody who comes in, and not a look at whether
    they still may.
    Raises: BadToken, NoOnlyMimei, NotAnAddress, MimeiNotFound, VersionNotFound, NotADatabase, Denied.
    """
    front = Front.REDIS if noted else None
    if secret:
        principal = tokens.principal_of(secret, front, lasting=True)
    else:
        principal = guest(front, lasting=True) if front is not None else GUEST
    selector: Selector | None = None
    if user in ("", "default"):
        if principal.only is None:
            raise NoOnlyMimei
        wanted = principal.only
    else:
        address = parse_address(user, separator=".")
        wanted, selector = address.id, address.version
    with engines.state.read() as view:
        held = load(engines, view, wanted, principal)
        acts = held.acts(principal)
        if selector is None:
            selector = CUR if Act.WRITE in acts else default_selector(held, principal)
        version = None
        if selector == CUR:
            if not acts & (Act.READ_CUR | Act.WRITE):
                held.note_denied(principal, Act.READ_CUR)
                raise MimeiNotFound(wanted)
            held.note(principal, Act.READ_CUR if Act.READ_CUR in acts else Act.WRITE)
        else:
            version = readable_version(engines, view, held, selector, principal)
    if held.genesis.type != "db":
        raise NotADatabase(held.id, held.genesis.type)
    return Session(user, secret, principal, wanted, version, acts, held.facts.user, _traces(held, principal, acts))


def _traces(held: Mimei, principal: Principal, acts: Act) -> dict[Kind, Trace]:
    """Return how is noted what is read, changed and denied on a connection."""
    bases = {Kind.READ: held.basis(principal, acts & READS), Kind.DENIED: act_names(Act.WRITE)}
    if Act.WRITE in acts:
        bases[Kind.CHANGE] = held.basis(principal, Act.WRITE)
    made = {kind: held.trace(principal, kind, basis) for kind, basis in bases.items()}
    return {kind: trace for kind, trace in made.items() if trace is not None}
