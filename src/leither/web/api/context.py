"""What the API is made over, and who calls it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import anyio
import anyio.to_thread
from litestar import Request
from litestar.datastructures import State

from leither import limits
from leither.crypto import KeyId, MimeiId
from leither.errors import InputError
from leither.http.asgi import Scope
from leither.mimei.address import CUR, Selector, parse_address
from leither.people import Act, Denied, Front, Principal, guest
from leither.people.audit import Kind
from leither.people.policy import READS
from leither.ports import View
from leither.service.catalog import Catalog, authorize
from leither.service.engines import Engines
from leither.service.filling import Filling
from leither.service.following import Following
from leither.service.holding import Mimei, MimeiNotFound, load
from leither.service.pairs import Pairs
from leither.service.passkeys import Passkeys
from leither.service.resolving import Resolving
from leither.service.tokens import BadToken, Tokens
from leither.service.traffic import Traffic
from leither.service.users import Users
from leither.service.versions import default_selector, readable_version
from leither.service.visits import Visits
from leither.web.elsewhere import Elsewhere
from leither.web.lan import LanOffice
from leither.web.network import NetworkOffice
from leither.web.reach import Reach, reach_of
from leither.web.schema_node import ConfigRow
from leither.web.settings import WebSettings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What a node says of itself. `memory_bytes` gives resident memory, or None where that can't be told."""

    version: str
    home: str
    started_ms: int
    listening: Callable[[], Sequence[str]]
    memory_bytes: Callable[[], int | None]


@dataclass(frozen=True, slots=True)
class ApiContext:
    """What every operation works with. `config_rows` gives the settings with where each came from."""

    engines: Engines
    tokens: Tokens
    users: Users
    settings: WebSettings
    node: NodeFacts
    config_rows: Callable[[], Sequence[ConfigRow]]
    lan: LanOffice | None = None
    network: NetworkOffice | None = None
    pairs: Pairs | None = None
    traffic: Traffic | None = None
    following: Following | None = None
    filling: Filling | None = None
    threads: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(limits.API_THREADS_MAX))
    lookups: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(limits.LOOKUP_THREADS_MAX))
    imports: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(limits.IMPORTS_MAX))
    resolving: Resolving | None = None
    elsewhere: Elsewhere = field(init=False)
    visits: Visits = field(init=False)
    passkeys: Passkeys = field(init=False)

    def __post_init__(self) -> None:
        """Open the doors for visitors and for passkeys."""
        object.__setattr__(self, "elsewhere", Elsewhere(self.resolving))
        object.__setattr__(self, "visits", Visits(self.engines, self.tokens))
        object.__setattr__(self, "passkeys", Passkeys(self.engines, self.tokens))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and what the node lets it work with. reads: whether the request changes nothing."""

    context: ApiContext
    principal: Principal
    secret: str | None
    reach: Reach
    reads: bool = False

    @property
    def engines(self) -> Engines:
        """The ports and caches of the node."""
        return self.context.engines

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The whole keys of the person who asks, as far as they are known."""
        return self.context.engines.persons.keys_of(self.principal)

    @property
    def catalog(self) -> Catalog:
        """The MiMei of the node."""
        return Catalog(self.context.engines)

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Run `work`, which may wait for the disk, in one of the API's threads.

        A reading that misses a MiMei brings it here from other nodes, if the caller may cause that, and is run again.
        """

        async def run() -> T:
            return await anyio.to_thread.run_sync(work, *args, limiter=self.context.threads)

        return await self.context.elsewhere.read(run, self.principal) if self.reads else await run()

    def mimei(self, id_text: str, act: Act) -> Mimei:
        """Return the MiMei for `act`. Raises: NotAnAddress, NotWorkingCopy, MimeiNotFound, Denied."""
        return self.catalog.get(working_copy(id_text), self.principal, act)

    def own(self, id_text: str, what: str) -> Mimei:
        """Return a MiMei that belongs to the caller, a resident of this node; `what` is to be done with it.

        Raises: NotAnAddress, NotWorkingCopy, MimeiNotFound, Denied.
        """
        self.principal.require_resident(what)
        with self.engines.state.read() as view:
            mimei = load(self.engines, view, working_copy(id_text))
        reads = mimei.acts(self.principal) & READS
        if reads and mimei.facts.user == self.principal.user:
            return mimei
        mimei.note_denied(self.principal, Act.WRITE)
        if reads:
            raise Denied(what)
        raise MimeiNotFound(mimei.id)

    def note(self, mimei: Mimei, kind: Kind) -> None:
        """Note that the caller has done something with a MiMei of theirs."""
        trace = mimei.trace(self.principal, kind, "own")
        if trace is not None:
            self.engines.audit.note(mimei.facts.user, trace)

    def note_export(self, user: KeyId | None) -> None:
        """Note that the caller takes along all that is a user's, or the owner's."""
        basis = "own" if user == self.principal.user else "owner of the node"
        trace = self.engines.audit.trace(self.principal, Kind.EXPORT, user, basis=basis)
        if trace is not None:
            self.engines.audit.note(user, trace)

    def version_of(self, view: View, ref: str) -> tuple[Mimei, Selector]:
        """Return the MiMei and the state `ref` names, if the caller may read it; without a selector, the default.

        Raises: NotAnAddress, MimeiNotFound, VersionNotFound.
        """
        address = parse_address(ref)
        mimei = load(self.engines, view, address.id, self.principal)
        selector = default_selector(mimei, self.principal) if address.version is None else address.version
        return mimei, self.readable(view, mimei, selector)

    def readable(self, view: View, mimei: Mimei, selector: Selector) -> Selector:
        """Return `cur`, or the CID of the version `selector` names, if the caller may read it.

        Raises: MimeiNotFound, VersionNotFound.
        """
        if selector == CUR:
            authorize(self.principal, mimei, Act.READ_CUR)
            return selector
        return readable_version(self.engines, view, mimei, selector, self.principal)


class NotWorkingCopy(InputError):
    """A version was named where only the MiMei itself makes sense."""

    code = "not-working-copy"

    def __init__(self, given: str) -> None:
        self.given = given[:200]
        super().__init__(f"{self.given!r} names a version; name the MiMei alone, without what follows the @")


def working_copy(ref: str) -> MimeiId:
    """Return the MiMei that `ref` names without a version other than `cur`. Raises: NotAnAddress, NotWorkingCopy."""
    address = parse_address(ref)
    if address.version not in (None, CUR):
        raise NotWorkingCopy(ref)
    return address.id


async def find_caller(request: Request[Any, Any, Any], state: State) -> Caller:
    """Return who sends `request`: the holder of its bearer token, or a guest. Raises: BadToken."""
    context: ApiContext = state.context
    reach = reach_of(context.settings, cast("Scope", request.scope))
    reads = request.scope.get("method") == "GET"
    secret = bearer(request.headers.getall("authorization", []))
    if secret is None:
        return Caller(context, guest(Front.API), None, reach, reads=reads)
    principal = await anyio.to_thread.run_sync(context.tokens.principal_of, secret, Front.API, limiter=context.threads)
    return Caller(context, principal, secret, reach, reads=reads)


def bearer(values: Sequence[str]) -> str | None:
    """Return the token of the Authorization header, None without one. Raises: BadToken: for anything but one bearer."""
    if not values:
        return None
    scheme, _, secret = values[0].partition(" ")
    if len(values) > 1 or scheme.lower() != "bearer" or not secret.strip():
        raise BadToken
    return secret.strip()
