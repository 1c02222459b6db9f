"""Tokens for clients, one-time codes for browsers, and the sessions they become. Stored hashed, never in clear."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from leither import limits
from leither.crypto import KeyId, MimeiId
from leither.errors import Conflict, DeniedError, InputError, NotFound
from leither.people import OWNER, Front, Principal, Scope
from leither.people.audit import Kind
from leither.people.replays import MemoryReplays
from leither.ports import Transaction
from leither.service.engines import Engines
from leither.service.known_keys import counts
from leither.service.secret import digest, new_secret
from leither.service.token_audit import note_token
from leither.service.token_rows import (
    TokenRow,
    decode_row,
    make_room,
    put_token,
    shown_id,
    token_key,
    token_rows,
)
from leither.service.token_use import TokenUse
from leither.service.user_rows import read_user

_CODES_MAX = 64
"""One-time codes of one person."""


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


class SessionNotFound(NotFound):
    """No session of the caller has that name."""

    code = "session-not-found"

    def __init__(self, session: str) -> None:
        self.session = session[:100]
        super().__init__(f"you have no session {self.session!r}; `leither session list` shows them")


class NotASession(Conflict):
    """What is to be ended is a named token."""

    code = "not-a-session"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"this is the token named {name!r} and no session; to end it, use `leither token revoke`")


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
        self.replays = MemoryReplays(since_ms=engines.clock.now_ms())
        """The proofs by which visitors came in."""
        self._use = TokenUse(self._keep_use)

    def create(
        self,
        name: str,
        scope: Scope,
        only: MimeiId | None = None,
        *,
        user: KeyId | None = None,
        front: Front = Front.API,
    ) -> tuple[TokenRow, str]:
        """Make a token of a user, or the owner; its secret is returned here and never again.

        Raises: BadTokenName, TokenNameTaken, TooManyTokens.
        """
        if not 0 < len(name.encode(errors="replace")) <= limits.TOKEN_NAME_BYTES_MAX or not name.isprintable():
            raise BadTokenName
        secret, now = new_secret(self._engines.random), self._engines.clock.now_ms()
        row = TokenRow(name, scope.value, only or b"", now, 0, session=False, user=user or b"")

        def add(transaction: Transaction) -> None:
            if any(held.name == name and not held.session for held in token_rows(transaction, user).values()):
                raise TokenNameTaken(name)
            self.keep(transaction, secret, row, front)

        self._engines.state.write(add)
        return row, secret

    def list(self, user: KeyId | None = None) -> list[TokenRow]:
        """Return the named tokens of a user, or the owner, by name, each with its last use."""
        return sorted((row for _, row in self._used(user) if not row.session), key=lambda row: row.name)

    def sessions(self, user: KeyId | None = None) -> Sequence[tuple[str, TokenRow]]:
        """Return (id, row) of the sessions of a user, or the owner, that have not ended, the newest first."""
        now = self._engines.clock.now_ms()
        found = [(shown_id(key), row) for key, row in self._used(user) if row.session and not row.ended(now)]
        return sorted(found, key=lambda pair: (-pair[1].created_ms, pair[0]))

    def _used(self, user: KeyId | None) -> Sequence[tuple[bytes, TokenRow]]:
        with self._engines.state.read() as view:
            rows = token_rows(view, user)
        return [
            (key, msgspec.structs.replace(row, used_ms=max(row.used_ms, self._use.last_ms(key))))
            for key, row in rows.items()
        ]

    def keep(self, transaction: Transaction, secret: str, row: TokenRow, front: Front) -> None:
        """Keep a new token or session, by which somebody signs in. Raises: TooManyTokens."""
        put_token(transaction, secret, row, row.created_ms)
        note_token(self._engines, transaction, Kind.SIGN_IN, token_key(secret), row, front)

    def revoke(self, name: str, user: KeyId | None = None, *, front: Front = Front.API) -> None:
        """End a token of a user, or the owner, at once. Raises: TokenNotFound."""

        def drop(transaction: Transaction) -> Sequence[bytes]:
            rows = token_rows(transaction, user)
            doomed = [key for key, row in rows.items() if row.name == name and not row.session]
            if not doomed:
                raise TokenNotFound(name)
            return self._drop(transaction, doomed, front)

        self._forget(self._engines.state.write(drop))

    def end_session(self, session: str, user: KeyId | None = None) -> None:
        """End a session of a user, or the owner, by its id. Raises: SessionNotFound."""

        def drop(transaction: Transaction) -> Sequence[bytes]:
            rows = token_rows(transaction, user)
            doomed = [key for key, row in rows.items() if row.session and shown_id(key) == session]
            if not doomed:
                raise SessionNotFound(session)
            return self._drop(transaction, doomed)

        self._forget(self._engines.state.write(drop))

    def end_sessions(self, user: KeyId | None = None, *, but: str | None = None) -> int:
        """End all sessions of a user, or the owner, except the one whose secret is `but`; return how many."""
        kept = token_key(but) if but is not None else None

        def drop(transaction: Transaction) -> Sequence[bytes]:
            rows = token_rows(transaction, user)
            return self._drop(transaction, [key for key, row in rows.items() if row.session and key != kept])

        ended = self._engines.state.write(drop)
        self._forget(ended)
        return len(ended)

    def principal_of(self, secret: str, front: Front | None = None, *, lasting: bool = False) -> Principal:
        """Return who holds `secret`, and asks through a front door: once, or on a connection that lasts.

        What is done without one is not noted.
        Raises: BadToken: also while they are suspended, or if their key was revoked.
        """
        key = token_key(secret)
        with self._engines.state.read() as view:
            stored = view.get(key)
            row = decode_row(stored) if stored is not None else None
            if row is not None and row.user:
                user = read_user(view, KeyId(row.user))
                if user is None or user.suspended:
                    raise BadToken
            if row is not None and not counts(view, row):
                raise BadToken
        now = self._engines.clock.now_ms()
        if row is None or row.ended(now):
            raise BadToken
        self._use.note(key, now, kept_ms=row.used_ms)
        return row.principal.through(row.asking(key, front, lasting=lasting) if front is not None else None)

    def enter(self, principal: Principal, *, stranger: Callable[[Sequence[bytes]], bool]) -> str:
        """Open the session of a visitor, until `principal.until_ms`; return its secret.

        Of too many sessions of one person the one that ends first goes, and of all visitors' one of a `stranger`.
        Raises: TooManyVisits, TooManyTokens.
        """
        secret, until_ms = new_secret(self._engines.random), principal.until_ms
        assert until_ms is not None
        assert principal.device is not None
        now = self._engines.clock.now_ms()
        row = TokenRow(
            principal.name,
            principal.scope.value,
            principal.only or b"",
            now,
            until_ms,
            session=True,
            keys=principal.keys,
            device=principal.device,
            most=int(principal.most),
        )

        def add(transaction: Transaction) -> None:
            make_room(transaction, row, stranger)
            self.keep(transaction, secret, row, Front.API)

        self._engines.state.write(add)
        return secret

    def one_time_code(
        self,
        only: MimeiId | None = None,
        *,
        user: KeyId | None = None,
        name: str = OWNER.name,
        visitor: Principal | None = None,
    ) -> tuple[str, int]:
        """Return a code that can be redeemed once, and when it expires (ms). With `only`, for reading that MiMei.

        It signs in as a user of that name, or as the owner; or as a `visitor`, with the rights that they have.
        """
        if visitor is not None:
            principal = replace(visitor, only=only)
        else:
            principal = Principal(name, Scope.OWNER if only is None else Scope.READ, only, user=user)
        code, now = new_secret(self._engines.random), self._engines.clock.now_ms()
        expires_ms = now + limits.ONE_TIME_LINK_S * 1000
        with self._guard:
            self._codes = {key: held for key, held in self._codes.items() if held.expires_ms > now}
            theirs = [key for key, held in self._codes.items() if held.principal.user == user]
            for key in theirs[: max(0, len(theirs) - _CODES_MAX + 1)]:
                del self._codes[key]
            self._codes[digest(code)] = _Code(principal, expires_ms)
        return code, expires_ms

    def redeem(
        self,
        code: str,
        *,
        only: MimeiId | None = None,
        agent: str = "",
        address: str = "",
        front: Front = Front.API,
    ) -> tuple[str, int]:
        """Turn a one-time code made for the same MiMei (or none) into a session: (secret, expiry in ms).

        Args: agent: how the browser names itself. address: from what kind of address it comes.
        Raises: BadCode, TooManyTokens.
        """
        with self._guard:
            held = self._codes.pop(digest(code), None)
        now = self._engines.clock.now_ms()
        if held is None or held.expires_ms <= now or held.principal.only != only:
            raise BadCode
        secret, row = self.new_session(held.principal, agent=agent, address=address)

        def open_it(transaction: Transaction) -> None:
            if row.user and read_user(transaction, KeyId(row.user)) is None:
                raise BadCode
            self.keep(transaction, secret, row, front)

        self._engines.state.write(open_it)
        return secret, row.expires_ms

    def new_session(self, principal: Principal, *, agent: str, address: str) -> tuple[str, TokenRow]:
        """Return the secret and the row of a new session, to be kept by `put_token`."""
        now = self._engines.clock.now_ms()
        expires_ms = now + limits.SESSION_S * 1000
        if principal.until_ms is not None:
            expires_ms = min(expires_ms, principal.until_ms)
        return new_secret(self._engines.random), TokenRow(
            principal.name,
            principal.scope.value,
            principal.only or b"",
            now,
            expires_ms,
            session=True,
            user=principal.user or b"",
            agent=_bounded(agent),
            address=address,
            keys=principal.keys,
            device=principal.device or b"",
            most=int(principal.most),
        )

    def end(self, secret: str) -> None:
        """End a session. Raises: BadToken; NotASession: for a named token, which `revoke` ends."""
        key = token_key(secret)

        def drop(transaction: Transaction) -> Sequence[bytes]:
            stored = transaction.get(key)
            if stored is None:
                raise BadToken
            row = decode_row(stored)
            if not row.session:
                raise NotASession(row.name)
            return self._drop(transaction, [key])

        self._forget(self._engines.state.write(drop))

    def _drop(self, transaction: Transaction, keys: Sequence[bytes], front: Front = Front.API) -> Sequence[bytes]:
        for key in keys:
            stored = transaction.get(key)
            assert stored is not None
            note_token(self._engines, transaction, Kind.SIGN_OUT, key, decode_row(stored), front)
            transaction.delete(key)
        return keys

    def _forget(self, keys: Sequence[bytes]) -> None:
        for key in keys:
            self._use.forget(key)
        self._engines.events.tell_ended()

    def close(self) -> None:
        """Keep what is remembered of last uses. Idempotent."""
        self._use.close()

    def _keep_use(self, key: bytes, now_ms: int) -> None:
        def keep(transaction: Transaction) -> None:
            stored = transaction.get(key)
            if stored is not None:
                row = msgspec.structs.replace(decode_row(stored), used_ms=now_ms)
                transaction.put(key, msgspec.msgpack.encode(row))

        self._engines.state.write(keep)


def _bounded(agent: str) -> str:
    """Return how a browser names itself, short and without what steers a terminal."""
    printable = "".join(character if character.isprintable() else " " for character in agent)
    return printable.encode(errors="replace")[: limits.SESSION_AGENT_BYTES_MAX].decode(errors="ignore")
