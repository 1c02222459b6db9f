"""After a key gave way to another: the new one signs for all that was made under the old, which is not needed then."""

from leither.crypto import KeyId, MimeiId, key_id
from leither.service.catalog import Catalog
from leither.service.engines import Engines
from leither.service.holding import Mimei, load, load_all
from leither.service.kept import keeps_of
from leither.service.person_index import names_private, names_private_elsewhere
from leither.service.persons import Person


def succeed(engines: Engines, user: KeyId | None) -> int:
    """Sign anew the control of all that a user, or the owner, made under a former key; return of how many.

    From then on nothing counts that the former key signs elsewhere. Broken off and begun again, it goes on.
    Cost: O(MiMei), where there is a former key.
    """
    person = engines.persons.of_user(user)
    if not person.former:
        return 0
    with engines.state.read() as view:
        pending = [mimei.id for mimei in load_all(engines, view) if _is_behind(mimei, person)]
    for mimei in pending:
        Catalog(engines).change_control(mimei)
    return len(pending)


def succeed_one(engines: Engines, mimei: MimeiId) -> None:
    """Do the same for one MiMei that has just come, if somebody here made it under a former key."""
    with engines.state.read() as view:
        held = load(engines, view, mimei)
    person = engines.persons.of_key(held.genesis.author)
    if person is not None and _is_behind(held, person):
        Catalog(engines).change_control(mimei)


def needed_keys(engines: Engines, user: KeyId | None) -> frozenset[bytes]:
    """Return the former keys of a user, or the owner, whose seeds still open something: here, or as an index says.

    Cost: as `succeed`.
    """
    person = engines.persons.of_user(user)
    if not person.former:
        return frozenset()
    with engines.state.read() as view:
        sealed = {mimei.genesis.author for mimei in load_all(engines, view) if mimei.is_private}
        # What is kept sealed of a former key's opens with the next import, if its seed is here by then.
        sealed |= {key for key in person.keys[1:] if keeps_of(view, key_id(key))}
    if names_private_elsewhere(engines, user):
        return frozenset(person.keys[1:])  # an index does not say under which key
    return frozenset(key for key in person.keys[1:] if key in sealed or names_private(engines, key))


def _is_behind(mimei: Mimei, person: Person) -> bool:
    return mimei.control.by in person.keys[1:]
