"""Tokens and sessions as they stand in the state engine, each under the hash of its secret."""

from base64 import b32encode
from collections.abc import Callable, Iterator, Sequence

import msgspec

from leither import limits
from leither.crypto import KeyId, MimeiId
from leither.errors import LimitError
from leither.people import ALL, Act, Asking, Front, Principal, Scope
from leither.ports import Transaction, View, prefix_end
from leither.service import tables
from leither.service.secret import digest

_ID_BYTES = 10


class TooManyTokens(LimitError):
    """As many tokens are out as one person may have."""

    code = "too-many-tokens"

    def __init__(self) -> None:
        super().__init__(f"{limits.TOKENS_MAX:,} of your tokens and sessions are out, the limit; revoke some first")


class TooManyVisits(LimitError):
    """As many visitors are here as may be."""

    code = "too-many-visits"

    def __init__(self) -> None:
        super().__init__(f"{limits.VISITS_MAX} sessions of visitors are open, the limit; try again later")


class TokenRow(msgspec.Struct, frozen=True, array_like=True):
    """A token or session. `expires_ms` is 0 for never; sessions do expire.

    `used_ms` is 0 for never; it lags behind the last use by up to limits.TOKEN_USE_STEP_S. user: whose it is, empty for
    the owner's. agent, address: of a session, how the browser named itself and from where it came. Of a visitor: keys:
    the person's whole keys. device: the key that signed. most: all it may be used for.
    """

    name: str
    scope: str
    only: bytes
    created_ms: int
    expires_ms: int
    session: bool
    used_ms: int = 0
    user: bytes = b""
    agent: str = ""
    address: str = ""
    keys: tuple[bytes, ...] = ()
    device: bytes = b""
    most: int = int(ALL)

    @property
    def principal(self) -> Principal:
        """Who its holder is."""
        only = MimeiId(self.only) if self.only else None
        if not self.keys:
            return Principal(self.name, Scope(self.scope), only, user=KeyId(self.user) if self.user else None)
        return Principal(
            self.name,
            Scope(self.scope),
            only,
            keys=self.keys,
            device=self.device,
            most=Act(self.most),
            until_ms=self.expires_ms,
        )

    def asking(self, key: bytes, front: Front, *, lasting: bool = False) -> Asking:
        """Return how its holder asks through a front door; `key` is that of the row."""
        return Asking(front, shown_id(key), self.agent if self.session else self.name, lasting=lasting)

    def ended(self, now_ms: int) -> bool:
        """Tell whether its time is over."""
        return bool(self.expires_ms) and self.expires_ms <= now_ms


_DECODER = msgspec.msgpack.Decoder(TokenRow)


def decode_row(stored: bytes) -> TokenRow:
    """Return a stored row."""
    return _DECODER.decode(stored)


def token_key(secret: str) -> bytes:
    """Return the key of a secret's row."""
    return tables.TOKENS + digest(secret)


def shown_id(key: bytes) -> str:
    """Return the name by which the row at `key` is told from others. It tells nothing of the secret."""
    return b32encode(key[len(tables.TOKENS) :][:_ID_BYTES]).decode().lower()


def is_of(shown: str, secret: str) -> bool:
    """Tell whether the row so named is that of `secret`."""
    return shown_id(token_key(secret)) == shown


def token_rows(view: View, user: KeyId | None) -> dict[bytes, TokenRow]:
    """Return the rows of a user, or the owner's, by their keys."""
    return {key: row for key, row in _all_rows(view) if row.user == (user or b"") and not row.keys}


def visit_rows(view: View) -> dict[bytes, TokenRow]:
    """Return the rows of visitors' sessions, by their keys."""
    return {key: row for key, row in _all_rows(view) if row.keys}


def _all_rows(view: View) -> Iterator[tuple[bytes, TokenRow]]:
    return ((key, _DECODER.decode(value)) for key, value in view.scan(tables.TOKENS, prefix_end(tables.TOKENS)))


def put_token(transaction: Transaction, secret: str, row: TokenRow, now_ms: int) -> None:
    """Keep a new row, and drop those of the same person whose time is over. Raises: TooManyTokens."""
    rows = visit_rows(transaction) if row.keys else token_rows(transaction, KeyId(row.user) if row.user else None)
    ended = [key for key, held in rows.items() if held.ended(now_ms)]
    for key in ended:
        transaction.delete(key)
    if len(rows) - len(ended) >= limits.TOKENS_MAX:
        raise TooManyTokens
    transaction.put(token_key(secret), msgspec.msgpack.encode(row))


def drop_tokens(transaction: Transaction, user: KeyId) -> int:
    """End every token and session of a user; return how many there were."""
    keys = list(token_rows(transaction, user))
    for key in keys:
        transaction.delete(key)
    return len(keys)


def make_room(transaction: Transaction, row: TokenRow, stranger: Callable[[Sequence[bytes]], bool]) -> None:
    """Let a session of too many go for that of a visitor who comes in. Raises: TooManyVisits."""
    visits = [(held.expires_ms, key, held) for key, held in visit_rows(transaction).items()]
    theirs = sorted((ends, key) for ends, key, held in visits if held.keys[0] == row.keys[0])
    if len(theirs) >= limits.VISITS_OF_ONE_MAX:
        transaction.delete(theirs[0][1])
    elif len(visits) >= limits.VISITS_MAX:
        strangers = sorted((ends, key) for ends, key, held in visits if stranger(held.keys))
        if not strangers or stranger(row.keys):
            raise TooManyVisits
        transaction.delete(strangers[0][1])
