"""What the API is made over, and who calls it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import anyio
import anyio.to_thread
from litestar import Request
from litestar.datastructures import State

from leither import limits
from leither.crypto import MimeiId
from leither.errors import InputError
from leither.http.asgi import Scope
from leither.mimei.address import CUR, Selector, parse_address
from leither.people import GUEST, Act, Denied, Principal
from leither.ports import View
from leither.service.catalog import Catalog, authorize
from leither.service.engines import Engines
from leither.service.following import Following
from leither.service.holding import Mimei, load
from leither.service.pairs import Pairs
from leither.service.passkeys import Passkeys
from leither.service.tokens import BadToken, Tokens
from leither.service.traffic import Traffic
from leither.service.users import Users
from leither.service.versions import default_selector, readable_version
from leither.service.visits import Visits
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
    threads: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(limits.API_THREADS_MAX))
    imports: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(limits.IMPORTS_MAX))
    visits: Visits = field(init=False)
    passkeys: Passkeys = field(init=False)

    def __post_init__(self) -> None:
        """Open the doors for visitors and for passkeys."""
        object.__setattr__(self, "visits", Visits(self.engines, self.tokens))
        object.__setattr__(self, "passkeys", Passkeys(self.engines, self.tokens))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and what the node lets it work with."""

    context: ApiContext
    principal: Principal
    secret: str | None
    reach: Reach

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
        """Run `work`, which may wait for the disk, in one of the API's threads."""
        return await anyio.to_thread.run_sync(work, *args, limiter=self.context.threads)

    def mimei(self, id_text: str, act: Act) -> Mimei:
        """Return the MiMei for `act`. Raises: NotAnAddress, NotWorkingCopy, MimeiNotFound, Denied."""
        return self.catalog.get(working_copy(id_text), self.principal, act)

    def own(self, id_text: str, what: str) -> Mimei:
        """Return a MiMei that belongs to the caller, a resident of this node; `what` is to be done with it.

        Raises: NotAnAddress, NotWorkingCopy, MimeiNotFound, Denied.
        """
        self.principal.require_resident(what)
        mimei = self.catalog.readable(working_copy(id_text), self.principal)
        if mimei.facts.user != self.principal.user:
            raise Denied(what)
        return mimei

    def version_of(self, view: View, ref: str) -> tuple[Mimei, Selector]:
        """Return the MiMei and the state `ref` names, if the caller may read it; without a selector, the default.

        Raises: NotAnAddress, MimeiNotFound, VersionNotFound.
        """
        address = parse_address(ref)
        mimei = load(self.engines, view, address.id)
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
    secret = bearer(request.headers.getall("authorization", []))
    if secret is None:
        return Caller(context, GUEST, None, reach)
    principal = await anyio.to_thread.run_sync(context.tokens.principal_of, secret, limiter=context.threads)
    return Caller(context, principal, secret, reach)


def bearer(values: Sequence[str]) -> str | None:
    """Return the token of the Authorization header, None without one. Raises: BadToken: for anything but one bearer."""
    if not values:
        return None
    scheme, _, secret = values[0].partition(" ")
    if len(values) > 1 or scheme.lower() != "bearer" or not secret.strip():
        raise BadToken
    return secret.strip()
