"""Passkeys as they stand in the state engine, each under the hash of its credential's id."""

import hashlib
from base64 import b32encode

import msgspec

from leither import limits
from leither.crypto import KeyId
from leither.errors import InputError, LimitError, NotFound
from leither.ports import Transaction, View, prefix_end
from leither.service import tables

_ID_BYTES = 10


class TooManyPasskeys(LimitError):
    """A person has as many passkeys as they may."""

    code = "too-many-passkeys"

    def __init__(self) -> None:
        super().__init__(f"you have {limits.PASSKEYS_MAX} passkeys here, the limit; remove one first")


class PasskeyNotFound(NotFound):
    """No passkey of the caller has that id."""

    code = "passkey-not-found"

    def __init__(self, passkey: str) -> None:
        self.passkey = passkey[:100]
        super().__init__(f"you have no passkey {self.passkey!r}; `leither passkey list` shows them")


class BadPasskeyName(InputError):
    """The name can't be a passkey's."""

    code = "bad-passkey-name"

    def __init__(self) -> None:
        super().__init__(
            f"a passkey's name has 1 to {limits.TOKEN_NAME_BYTES_MAX} bytes and no control characters; choose another"
        )


class PasskeyRow(msgspec.Struct, frozen=True, array_like=True):
    """A passkey. user: whose it is, empty for the owner's. key: its public key, as COSE has it.

    origin: where it was made; it works wherever the host is the same. sign_count: what the authenticator counted last,
    0 where it doesn't count. used_ms: 0 for never.
    """

    user: bytes
    credential: bytes
    key: bytes
    sign_count: int
    name: str
    created_ms: int
    used_ms: int
    origin: str


_DECODER = msgspec.msgpack.Decoder(PasskeyRow)


def passkey_key(credential: bytes) -> bytes:
    """Return the key of a credential's row."""
    return tables.PASSKEYS + hashlib.sha256(credential).digest()


def shown_id(key: bytes) -> str:
    """Return the name by which the row at `key` is told from others."""
    return b32encode(key[len(tables.PASSKEYS) :][:_ID_BYTES]).decode().lower()


def read_passkey(view: View, credential: bytes) -> PasskeyRow | None:
    """Return the row of a credential, or None."""
    stored = view.get(passkey_key(credential))
    return _DECODER.decode(stored) if stored is not None else None


def passkey_rows(view: View, user: KeyId | None) -> dict[bytes, PasskeyRow]:
    """Return the passkeys of a user, or the owner's, by their keys."""
    prefix = tables.PASSKEYS
    rows = ((key, _DECODER.decode(value)) for key, value in view.scan(prefix, prefix_end(prefix)))
    return {key: row for key, row in rows if row.user == (user or b"")}


def put_passkey(transaction: Transaction, row: PasskeyRow) -> None:
    """Write the row of a passkey."""
    transaction.put(passkey_key(row.credential), msgspec.msgpack.encode(row))


def find_passkey(view: View, passkey: str, user: KeyId | None) -> tuple[bytes, PasskeyRow]:
    """Return the key and row of a user's, or the owner's, passkey by its shown id. Raises: PasskeyNotFound."""
    for key, row in passkey_rows(view, user).items():
        if shown_id(key) == passkey:
            return key, row
    raise PasskeyNotFound(passkey)


def drop_passkeys(transaction: Transaction, user: KeyId) -> int:
    """Drop every passkey of a user; return how many there were."""
    keys = list(passkey_rows(transaction, user))
    for key in keys:
        transaction.delete(key)
    return len(keys)


def checked_passkey_name(name: str) -> str:
    """Return a name that a passkey can have. Raises: BadPasskeyName."""
    if not 0 < len(name.encode(errors="replace")) <= limits.TOKEN_NAME_BYTES_MAX or not name.isprintable():
        raise BadPasskeyName
    return name
