"""Tokens for clients, one-time codes for browsers, and the sessions they become. Stored hashed, never in clear."""

import hashlib
import threading
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from leither import limits
from leither.crypto import MimeiId
from leither.errors import Conflict, DeniedError, InputError, LimitError, NotFound
from leither.people import OWNER, Principal, Scope
from leither.ports import Transaction, View, prefix_end
from leither.service import tables
from leither.service.engines import Engines
from leither.service.token_use import TokenUse

_SECRET_BYTES = 32
_CODES_MAX = 64


class BadToken(DeniedError):
    """The token is unknown, revoked or expired."""

    code = "bad-token"

    def __init__(self) -> None:
        super().__init__("the token is unknown, revoked or expired; sign in again or create a new one")


class BadCode(DeniedError):
    """The one-time code is unknown, used or expired."""

    code = "bad-code"

    def __init__(self) -> None:
        super().__init__("this sign-in link was used already or has expired; `leither link` prints a new one")


class TokenNameTaken(Conflict):
    """A token of that name is there already."""

    code = "token-name-taken"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"a token named {name!r} is there already; revoke it first or choose another name")


class TokenNotFound(NotFound):
    """No token has that name."""

    code = "token-not-found"

    def __init__(self, name: str) -> None:
        self.name = name[:100]
        super().__init__(f"no token is named {self.name!r}; `leither token list` shows them")


class BadTokenName(InputError):
    """The name can't be a token's."""

    code = "bad-token-name"

    def __init__(self) -> None:
        super().__init__(
            f"a token's name has 1 to {limits.TOKEN_NAME_BYTES_MAX} bytes and no control characters; choose another"
        )


class NotASession(Conflict):
    """What is to be ended is a named token."""

    code = "not-a-session"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"this is the token named {name!r} and no session; to end it, use `leither token revoke`")


class TooManyTokens(LimitError):
    """As many tokens are out as there may be."""

    code = "too-many-tokens"

    def __init__(self) -> None:
        super().__init__(f"{limits.TOKENS_MAX:,} tokens and sessions are out, the limit; revoke some first")


class TokenRow(msgspec.Struct, frozen=True, array_like=True):
    """A token as stored under its SHA-256. `expires_ms` is 0 for never; sessions do expire.

    `used_ms` is 0 for never; it lags behind the last use by up to limits.TOKEN_USE_STEP_S.
    """

    name: str
    scope: str
    only: bytes
    created_ms: int
    expires_ms: int
    session: bool
    used_ms: int = 0


_DECODER = msgspec.msgpack.Decoder(TokenRow)


@dataclass(frozen=True, slots=True)
class _Code:
    principal: Principal
    expires_ms: int


class Tokens:
    """The tokens of one node. Thread-safe."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._codes: dict[bytes, _Code] = {}
        self._guard = threading.Lock()
        self._use = TokenUse(self._keep_use)

    def create(self, name: str, scope: Scope, only: MimeiId | None = None) -> tuple[TokenRow, str]:
        """Make a token; its secret is returned here and never again.

        Raises: BadTokenName, TokenNameTaken, TooManyTokens.
        """
        if not 0 < len(name.encode(errors="replace")) <= limits.TOKEN_NAME_BYTES_MAX or not name.isprintable():
            raise BadTokenName
        secret = self._secret()
        row = TokenRow(name, scope.value, only or b"", self._engines.clock.now_ms(), 0, session=False)

        def add(transaction: Transaction) -> None:
            if any(held.name == name and not held.session for held in _rows(transaction).values()):
                raise TokenNameTaken(name)
            self._put(transaction, secret, row)

        self._engines.state.write(add)
        return row, secret

    def list(self) -> list[TokenRow]:
        """Return the named tokens, by name, each with its last use."""
        with self._engines.state.read() as view:
            named = {key: row for key, row in _rows(view).items() if not row.session}
        used = (
            msgspec.structs.replace(row, used_ms=max(row.used_ms, self._use.last_ms(key))) for key, row in named.items()
        )
        return sorted(used, key=lambda row: row.name)

    def revoke(self, name: str) -> None:
        """End a token at once. Raises: TokenNotFound."""

        def drop(transaction: Transaction) -> Sequence[bytes]:
            doomed = [key for key, row in _rows(transaction).items() if row.name == name and not row.session]
            if not doomed:
                raise TokenNotFound(name)
            for key in doomed:
                transaction.delete(key)
            return doomed

        for key in self._engines.state.write(drop):
            self._use.forget(key)

    def principal_of(self, secret: str) -> Principal:
        """Return who holds `secret`. Raises: BadToken."""
        key = _key(secret)
        with self._engines.state.read() as view:
            stored = view.get(key)
        if stored is None:
            raise BadToken
        row, now = _DECODER.decode(stored), self._engines.clock.now_ms()
        if row.expires_ms and row.expires_ms <= now:
            raise BadToken
        if not row.session:
            self._use.note(key, now, kept_ms=row.used_ms)
        return Principal(row.name, Scope(row.scope), MimeiId(row.only) if row.only else None)

    def one_time_code(self, only: MimeiId | None = None) -> tuple[str, int]:
        """Return a code that can be redeemed once, and when it expires (ms). With `only`, for reading that MiMei."""
        principal = OWNER if only is None else Principal("owner", Scope.READ, only)
        code, now = self._secret(), self._engines.clock.now_ms()
        expires_ms = now + limits.ONE_TIME_LINK_S * 1000
        with self._guard:
            self._codes = {key: held for key, held in self._codes.items() if held.expires_ms > now}
            while len(self._codes) >= _CODES_MAX:
                del self._codes[next(iter(self._codes))]
            self._codes[_digest(code)] = _Code(principal, expires_ms)
        return code, expires_ms

    def redeem(self, code: str, *, only: MimeiId | None = None) -> tuple[str, int]:
        """Turn a one-time code made for the same MiMei (or none) into a session: (secret, expiry in ms).

        Raises: BadCode, TooManyTokens.
        """
        with self._guard:
            held = self._codes.pop(_digest(code), None)
        now = self._engines.clock.now_ms()
        if held is None or held.expires_ms <= now or held.principal.only != only:
            raise BadCode
        secret, expires_ms = self._secret(), now + limits.SESSION_S * 1000
        row = TokenRow(held.principal.name, held.principal.scope.value, only or b"", now, expires_ms, session=True)
        self._engines.state.write(lambda transaction: self._put(transaction, secret, row))
        return secret, expires_ms

    def end(self, secret: str) -> None:
        """End a session. Raises: BadToken; NotASession: for a named token, which `revoke` ends."""

        def drop(transaction: Transaction) -> None:
            stored = transaction.get(_key(secret))
            if stored is None:
                raise BadToken
            row = _DECODER.decode(stored)
            if not row.session:
                raise NotASession(row.name)
            transaction.delete(_key(secret))

        self._engines.state.write(drop)

    def close(self) -> None:
        """Keep what is remembered of last uses. Idempotent."""
        self._use.close()

    def _keep_use(self, key: bytes, now_ms: int) -> None:
        def keep(transaction: Transaction) -> None:
            stored = transaction.get(key)
            if stored is not None:
                row = msgspec.structs.replace(_DECODER.decode(stored), used_ms=now_ms)
                transaction.put(key, msgspec.msgpack.encode(row))

        self._engines.state.write(keep)

    def _put(self, transaction: Transaction, secret: str, row: TokenRow) -> None:
        now = self._engines.clock.now_ms()
        rows = _rows(transaction)
        expired = [key for key, held in rows.items() if held.expires_ms and held.expires_ms <= now]
        for key in expired:
            transaction.delete(key)
        if len(rows) - len(expired) >= limits.TOKENS_MAX:
            raise TooManyTokens
        transaction.put(_key(secret), msgspec.msgpack.encode(row))

    def _secret(self) -> str:
        return b32encode(self._engines.random.token(_SECRET_BYTES)).decode().rstrip("=").lower()


def _digest(secret: str) -> bytes:
    # A secret has 256 random bits, so a plain hash keeps it; there is nothing to guess.
    return hashlib.sha256(secret.encode(errors="replace")).digest()


def _key(secret: str) -> bytes:
    return tables.TOKENS + _digest(secret)


def _rows(view: View) -> dict[bytes, TokenRow]:
    return {key: _DECODER.decode(value) for key, value in view.scan(tables.TOKENS, prefix_end(tables.TOKENS))}
