"""The users of a node beside its owner: invited by a link that works once, each with a seed of their own.

A user's row says that they are here; their seed, kept apart, lets the node sign for them. The seed is written first and
removed last, so that whatever happens between, nobody is here for whom the node can't sign.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from leither import limits
from leither.crypto import KeyId, NotAnId, id_text, parse_id, person_key, read_phrase, write_phrase
from leither.errors import Conflict, DeniedError, InputError, LimitError
from leither.people import OWNER, Front, Principal, Scope
from leither.ports import Seeds, Transaction, View, prefix_end
from leither.service import tables
from leither.service.engines import Engines
from leither.service.holding import hand_over, load_all
from leither.service.known_keys import KeyReplaced
from leither.service.person_index import former_keys
from leither.service.persons import UserNotFound
from leither.service.secret import digest, new_secret
from leither.service.tokens import Tokens
from leither.service.user_keys import UserKeys, with_former
from leither.service.user_rows import UserRow, all_users, put_user, read_user, used_bytes

_SEED_BYTES = 32


class BadInvitation(DeniedError):
    """The invitation is unknown, used or expired."""

    code = "bad-invitation"

    def __init__(self) -> None:
        super().__init__(
            "this invitation was used already or has expired; ask the owner of the node for a new one "
            "(`leither user invite NAME`)"
        )


class BadUserName(InputError):
    """The name can't be a user's."""

    code = "bad-user-name"

    def __init__(self, name: str) -> None:
        self.name = name[:100]
        super().__init__(
            f"a user's name has 1 to {limits.USER_NAME_BYTES_MAX} bytes, no control characters, no white space around "
            f"it, and is not {OWNER.name!r}; choose another"
        )


class UserNameTaken(Conflict):
    """A user or a pending invitation has that name."""

    code = "user-name-taken"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name!r} is here or invited already; choose another name, or remove that one first")


class AlreadyHere(Conflict):
    """The person whose recovery words were given is on this node."""

    code = "already-here"

    def __init__(self) -> None:
        super().__init__("the person of these recovery words is on this node already; sign in instead")


class TooManyUsers(LimitError):
    """As many users or invitations are here as there may be."""

    code = "too-many-users"

    def __init__(self) -> None:
        super().__init__(
            f"a node has at most {limits.USERS_MAX} users and {limits.INVITATIONS_MAX} open invitations; remove some"
        )


class BadUserSetting(InputError):
    """A setting of a user's own is out of bounds."""

    code = "bad-user-setting"

    def __init__(self) -> None:
        super().__init__(
            f"a user keeps at most {limits.USER_SETTINGS_MAX} settings, with names of 1 to "
            f"{limits.USER_SETTING_NAME_BYTES_MAX} bytes and values of at most {limits.USER_SETTING_BYTES_MAX}"
        )


class Invitation(msgspec.Struct, frozen=True, array_like=True):
    """A link by which somebody becomes a user, as stored under the hash of its code."""

    name: str
    created_ms: int
    expires_ms: int
    quota: int | None = None


_INVITATIONS = msgspec.msgpack.Decoder(Invitation)


@dataclass(frozen=True, slots=True)
class User:
    """A user with what all that is theirs holds."""

    id: KeyId
    row: UserRow
    used_bytes: int


@dataclass(frozen=True, slots=True)
class Joined:
    """Who became a user. `words`: their recovery words if their seed was drawn here. `returned`: MiMei given back."""

    id: KeyId
    row: UserRow
    secret: str = field(repr=False)
    expires_ms: int
    words: str | None = field(repr=False)
    returned: int


class Users:
    """The users of one node. Thread-safe."""

    def __init__(self, engines: Engines, tokens: Tokens, seeds: Seeds) -> None:
        self._engines = engines
        self._tokens = tokens
        self.keys = UserKeys(engines, seeds)

    def invite(self, name: str, *, quota: int | None = None) -> tuple[str, Invitation]:
        """Return a code by which somebody becomes a user, once, and what it stands for.

        Raises: BadUserName, UserNameTaken, TooManyUsers.
        """
        checked_name(name)
        code, now = new_secret(self._engines.random), self._engines.clock.now_ms()
        invitation = Invitation(name, now, now + limits.INVITATION_S * 1000, quota)

        def add(transaction: Transaction) -> None:
            held = _open_invitations(transaction, now)
            _require_free(transaction, name, held)
            if len(held) >= limits.INVITATIONS_MAX or sum(1 for _ in all_users(transaction)) >= limits.USERS_MAX:
                raise TooManyUsers
            transaction.put(tables.INVITATIONS + digest(code), msgspec.msgpack.encode(invitation))

        self._engines.state.write(add)
        return code, invitation

    def invitations(self) -> list[Invitation]:
        """Return the open invitations, by name."""
        now = self._engines.clock.now_ms()
        with self._engines.state.read() as view:
            held = _invitations(view).values()
        return sorted((one for one in held if one.expires_ms > now), key=lambda one: one.name)

    def withdraw(self, name: str) -> bool:
        """End the invitation of that name; tell whether there was one."""

        def drop(transaction: Transaction) -> bool:
            keys = [key for key, one in _invitations(transaction).items() if one.name == name]
            for key in keys:
                transaction.delete(key)
            return bool(keys)

        return self._engines.state.write(drop)

    def join(self, code: str, *, phrase: str | None = None, agent: str = "", address: str = "") -> Joined:
        """Become a user by an invitation, with a seed drawn now or the one of `phrase`, and sign in.

        What this node holds of the person's own, as after they had left, is theirs again.
        Raises: BadInvitation, AlreadyHere, PhraseLength, UnknownWord, PhraseChecksum, TooManyUsers, StoreFull.
        """
        engines, key = self._engines, tables.INVITATIONS + digest(code)
        now = engines.clock.now_ms()
        seed = read_phrase(phrase) if phrase is not None else engines.random.token(_SEED_BYTES)
        person = person_key(seed)
        with engines.state.read() as view:
            _invited(view, key, now)
            if engines.persons.of_key(person.public) is not None or _user_of_key(view, person.public) is not None:
                raise AlreadyHere
        former = former_keys(engines, seed)
        keys = {person.public, *(one.key for one in former)}
        self.keys.seeds.put(person.id, seed)

        def enter(transaction: Transaction) -> tuple[UserRow, str, int, int]:
            invitation = _invited(transaction, key, now)
            if read_user(transaction, person.id) is not None:
                raise AlreadyHere
            if sum(1 for _ in all_users(transaction)) >= limits.USERS_MAX:
                raise TooManyUsers
            transaction.delete(key)
            row = with_former(UserRow(invitation.name, person.public, now, invitation.quota), seed, former)
            # What was theirs before they had a quota here comes in whatever it takes; the quota counts from then on.
            put_user(transaction, person.id, msgspec.structs.replace(row, quota=None))
            theirs = [m for m in load_all(engines, transaction) if m.genesis.author in keys and not m.row.user]
            for mimei in theirs:
                hand_over(transaction, mimei.id, mimei.row, person.id, kept=False)
            put_user(transaction, person.id, row)
            principal = Principal(row.name, Scope.OWNER, user=person.id)
            secret, session = self._tokens.new_session(principal, agent=agent, address=address)
            self._tokens.keep(transaction, secret, session, Front.API)
            return row, secret, session.expires_ms, len(theirs)

        row, secret, expires_ms, returned = engines.state.write(enter)
        self.keys.admit(person.id, row, seed)
        return Joined(person.id, row, secret, expires_ms, None if phrase is not None else write_phrase(seed), returned)

    def sign_in(self, phrase: str, *, agent: str = "", address: str = "") -> tuple[str, int]:
        """Return the secret of a new session of whoever these words are, the owner or a user, and when it expires.

        They open a seed that is under a passphrase as well.
        Raises: PhraseLength, UnknownWord, PhraseChecksum, UserNotFound, KeyReplaced, TooManyTokens.
        """
        engines, seed = self._engines, read_phrase(phrase)
        key = person_key(seed)
        person = engines.persons.of_key(key.public)
        if person is None:
            with engines.state.read() as view:
                found = _user_of_key(view, key.public)
            if found is None:
                raise UserNotFound(id_text(key.id))
            person = self.keys.admit(*found, seed)
        if person.key.public != key.public:
            raise KeyReplaced(key.public)
        name = OWNER.name if person.user is None else self.get(person.user).row.name
        principal = Principal(name, Scope.OWNER, user=person.user)
        secret, row = self._tokens.new_session(principal, agent=agent, address=address)
        engines.state.write(lambda transaction: self._tokens.keep(transaction, secret, row, Front.API))
        return secret, row.expires_ms

    def list(self) -> list[User]:
        """Return the users, by name."""
        with self._engines.state.read() as view:
            found = [User(user, row, used_bytes(view, user)) for user, row in all_users(view)]
        return sorted(found, key=lambda user: user.row.name)

    def get(self, user: KeyId) -> User:
        """Return a user. Raises: UserNotFound."""
        with self._engines.state.read() as view:
            row = read_user(view, user)
            if row is None:
                raise UserNotFound(id_text(user))
            return User(user, row, used_bytes(view, user))

    def find(self, ref: str) -> User:
        """Return the user of that name or id. Raises: UserNotFound."""
        named = next((user for user in self.list() if user.row.name == ref), None)
        if named is not None:
            return named
        try:
            return self.get(KeyId(parse_id(ref)))
        except NotAnId:
            raise UserNotFound(ref) from None

    def rename(self, user: KeyId, name: str) -> User:
        """Call a user something else. Raises: UserNotFound, BadUserName, UserNameTaken."""
        checked_name(name)

        def free(transaction: Transaction) -> None:
            _require_free(transaction, name, _invitations(transaction).values(), but=user)

        return self._change(user, free, name=name)

    def set_quota(self, user: KeyId, quota: int | None) -> User:
        """Say how much all that is a user's may hold. Less than it does lets it shrink only. Raises: UserNotFound."""
        return self._change(user, quota=quota)

    def suspend(self, user: KeyId, *, suspended: bool) -> User:
        """Let a user's tokens and sessions count no longer, or again. Their data stays. Raises: UserNotFound."""
        changed = self._change(user, suspended=suspended)
        self._engines.events.tell_ended()
        return changed

    def set_settings(self, user: KeyId, settings: dict[str, str]) -> User:
        """Keep what a user has set for themselves, in place of what was. Raises: UserNotFound, BadUserSetting."""
        fits = len(settings) <= limits.USER_SETTINGS_MAX and all(
            0 < len(name.encode(errors="replace")) <= limits.USER_SETTING_NAME_BYTES_MAX
            and len(value.encode(errors="replace")) <= limits.USER_SETTING_BYTES_MAX
            for name, value in settings.items()
        )
        if not fits:
            raise BadUserSetting
        return self._change(user, settings=settings)

    def _change(self, user: KeyId, check: Callable[[Transaction], None] | None = None, **changes: object) -> User:
        def run(transaction: Transaction) -> User:
            row = read_user(transaction, user)
            if row is None:
                raise UserNotFound(id_text(user))
            if check is not None:
                check(transaction)
            row = msgspec.structs.replace(row, **changes)
            put_user(transaction, user, row)
            return User(user, row, used_bytes(transaction, user))

        return self._engines.state.write(run)


def _user_of_key(view: View, public: bytes) -> tuple[KeyId, UserRow] | None:
    return next(((user, row) for user, row in all_users(view) if row.key == public), None)


def checked_name(name: str) -> str:
    """Return a name that a user can have. Raises: BadUserName."""
    if (
        not 0 < len(name.encode(errors="replace")) <= limits.USER_NAME_BYTES_MAX
        or not name.isprintable()
        or name != name.strip()
        or name == OWNER.name
    ):
        raise BadUserName(name)
    return name


def _require_free(view: View, name: str, invitations: Iterable[Invitation], *, but: KeyId | None = None) -> None:
    taken = {row.name for user, row in all_users(view) if user != but}
    taken |= {one.name for one in invitations}
    if name in taken:
        raise UserNameTaken(name)


def _invitations(view: View) -> dict[bytes, Invitation]:
    prefix = tables.INVITATIONS
    return {key: _INVITATIONS.decode(value) for key, value in view.scan(prefix, prefix_end(prefix))}


def _open_invitations(transaction: Transaction, now_ms: int) -> Sequence[Invitation]:
    """Return the open invitations, and drop those whose time is over."""
    held = _invitations(transaction)
    for key, one in held.items():
        if one.expires_ms <= now_ms:
            transaction.delete(key)
    return [one for one in held.values() if one.expires_ms > now_ms]


def _invited(view: View, key: bytes, now_ms: int) -> Invitation:
    stored = view.get(key)
    found = _INVITATIONS.decode(stored) if stored is not None else None
    if found is None or found.expires_ms <= now_ms:
        raise BadInvitation
    return found
