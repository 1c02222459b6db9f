"""Signing in by passkey: who is here makes one, and whoever has one signs in by it, with no secret to remember."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from leither import limits
from leither.crypto import KeyId, id_text
from leither.errors import Conflict, DeniedError
from leither.people import OWNER, Front, Principal, Scope
from leither.ports import Transaction, View
from leither.service.engines import Engines
from leither.service.passkey_challenges import PasskeyChallenges, Purpose
from leither.service.passkey_rows import (
    PasskeyRow,
    TooManyPasskeys,
    checked_passkey_name,
    find_passkey,
    passkey_key,
    passkey_rows,
    put_passkey,
    read_passkey,
    shown_id,
)
from leither.service.persons import UserNotFound
from leither.service.tokens import Tokens
from leither.service.user_rows import read_user

if TYPE_CHECKING:
    from leither.service.passkey_ceremony import Answer, Party, Used

_SIGNING_IN = Purpose(making=False)


class ChallengeEnded(DeniedError):
    """What the authenticator answered was not asked, was answered already, or was asked too long ago."""

    code = "passkey-challenge-ended"

    def __init__(self) -> None:
        super().__init__(
            f"this was answered already, or later than {limits.PASSKEY_CHALLENGE_S // 60} minutes after it was asked; "
            "begin again"
        )


class UnknownPasskey(DeniedError):
    """No passkey of anybody here has that credential."""

    code = "unknown-passkey"

    def __init__(self) -> None:
        super().__init__("nobody here has this passkey, or it was removed; sign in with `leither link`")


class PasskeyCountedBack(DeniedError):
    """The authenticator has counted less than before."""

    code = "passkey-counted-back"

    def __init__(self) -> None:
        super().__init__(
            "the passkey counts fewer signatures than when it was last used here, so there may be a copy of it; sign "
            "in with `leither link`, and remove the passkey unless you know why"
        )


class PasskeyThere(Conflict):
    """The credential is a passkey here already."""

    code = "passkey-there"

    def __init__(self) -> None:
        super().__init__("this passkey is known here already; use it, or remove it first")


class Passkeys:
    """The passkeys of one node. Thread-safe."""

    def __init__(self, engines: Engines, tokens: Tokens) -> None:
        self._engines = engines
        self._tokens = tokens
        self._challenges = PasskeyChallenges(engines.clock, engines.random)

    def begin_making(self, party: "Party", user: KeyId | None) -> dict[str, Any]:
        """Return what the browser of a user, or the owner, needs to make a passkey. Raises: TooManyPasskeys."""
        from leither.service.passkey_ceremony import creation_options

        with self._engines.state.read() as view:
            rows = passkey_rows(view, user)
            name = self._name_of(view, user)
        if len(rows) >= limits.PASSKEYS_MAX:
            raise TooManyPasskeys
        return creation_options(
            party,
            self._challenges.give(Purpose(making=True, user=user)),
            handle=self._handle(user),
            name=name,
            held=[row.credential for row in rows.values()],
        )

    def finish_making(self, party: "Party", answer: "Answer", name: str, user: KeyId | None) -> tuple[str, PasskeyRow]:
        """Keep a passkey that was made; return its id and row.

        Raises: BadPasskeyName, ChallengeEnded, BadPasskey, ForeignPasskey, PasskeyThere, TooManyPasskeys,
                UserNotFound.
        """
        from leither.service.passkey_ceremony import challenge_of, check_made

        checked_passkey_name(name)
        if not self._challenges.take(challenge_of(answer), Purpose(making=True, user=user)):
            raise ChallengeEnded
        made, now = check_made(party, answer), self._engines.clock.now_ms()
        row = PasskeyRow(user or b"", made.credential, made.key, made.sign_count, name, now, 0, party.origin)

        def add(transaction: Transaction) -> None:
            if user is not None and read_user(transaction, user) is None:
                raise UserNotFound(id_text(user))
            if read_passkey(transaction, row.credential) is not None:
                raise PasskeyThere
            if len(passkey_rows(transaction, user)) >= limits.PASSKEYS_MAX:
                raise TooManyPasskeys
            put_passkey(transaction, row)

        self._engines.state.write(add)
        return shown_id(passkey_key(row.credential)), row

    def begin_signing_in(self, party: "Party") -> dict[str, Any]:
        """Return what the browser of anybody needs to sign in by a passkey. It tells nothing of who is here."""
        from leither.service.passkey_ceremony import request_options

        return request_options(party, self._challenges.give(_SIGNING_IN))

    def finish_signing_in(
        self, party: "Party", answer: "Answer", *, agent: str = "", address: str = ""
    ) -> tuple[str, int]:
        """Return the secret of a new session of whose passkey was used, and when it expires (ms).

        Raises: ChallengeEnded, BadPasskey, ForeignPasskey, UnknownPasskey, PasskeyCountedBack, TooManyTokens.
        """
        from leither.service.passkey_ceremony import challenge_of, check_used, read_used

        if not self._challenges.take(challenge_of(answer), _SIGNING_IN):
            raise ChallengeEnded
        used = read_used(party, answer)
        with self._engines.state.read() as view:
            key = self._used(view, used).key
        check_used(used, key)

        def enter(transaction: Transaction) -> tuple[str, int]:
            row = self._used(transaction, used)
            if (used.sign_count or row.sign_count) and used.sign_count <= row.sign_count:
                raise PasskeyCountedBack
            user = KeyId(row.user) if row.user else None
            principal = Principal(self._name_of(transaction, user), Scope.OWNER, user=user)
            secret, session = self._tokens.new_session(principal, agent=agent, address=address)
            changed = msgspec.structs.replace(row, sign_count=used.sign_count, used_ms=session.created_ms)
            put_passkey(transaction, changed)
            self._tokens.keep(transaction, secret, session, Front.API)
            return secret, session.expires_ms

        return self._engines.state.write(enter)

    def list(self, user: KeyId | None = None) -> Sequence[tuple[str, PasskeyRow]]:
        """Return (id, row) of the passkeys of a user, or the owner, the newest first."""
        with self._engines.state.read() as view:
            found = [(shown_id(key), row) for key, row in passkey_rows(view, user).items()]
        return sorted(found, key=lambda pair: (-pair[1].created_ms, pair[0]))

    def rename(self, passkey: str, name: str, user: KeyId | None = None) -> PasskeyRow:
        """Call a passkey something else. Raises: PasskeyNotFound, BadPasskeyName."""
        checked_passkey_name(name)

        def change(transaction: Transaction) -> PasskeyRow:
            row = msgspec.structs.replace(find_passkey(transaction, passkey, user)[1], name=name)
            put_passkey(transaction, row)
            return row

        return self._engines.state.write(change)

    def remove(self, passkey: str, user: KeyId | None = None) -> None:
        """Let nobody sign in by a passkey any more; sessions go on. Raises: PasskeyNotFound."""
        self._engines.state.write(lambda transaction: transaction.delete(find_passkey(transaction, passkey, user)[0]))

    @staticmethod
    def _used(view: View, used: "Used") -> PasskeyRow:
        """Return the row of a passkey by which its holder may sign in. Raises: UnknownPasskey."""
        row = read_passkey(view, used.credential)
        if row is None:
            raise UnknownPasskey
        user = read_user(view, KeyId(row.user)) if row.user else None
        if row.user and (user is None or user.suspended):
            raise UnknownPasskey
        return row

    @staticmethod
    def _name_of(view: View, user: KeyId | None) -> str:
        row = read_user(view, user) if user is not None else None
        return OWNER.name if row is None else row.name

    def _handle(self, user: KeyId | None) -> bytes:
        """Return what tells people apart on an authenticator: it differs on each node, which may share a host."""
        node, person = self._engines.identity.node.id, self._engines.persons.of_user(user).key.id
        return hashlib.sha256(b"leither passkey" + node + person).digest()
