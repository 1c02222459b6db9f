"""What follows once MiMei have come from elsewhere: who reads private ones, and what the people here have revoked."""

from collections.abc import Iterable

from leither.crypto import MimeiId
from leither.service.engines import Engines
from leither.service.person_index import index_id, learn_revoked
from leither.service.readers import settle_readers


def settle_arrived(engines: Engines, ids: Iterable[MimeiId]) -> None:
    """Follow up on what has come. Broken off and begun again, it goes on. Raises: what `settle_readers` raises."""
    came = set(ids)
    for mimei in came:
        settle_readers(engines, mimei)
    for person in (engines.persons.owner, *engines.persons.users()):
        if index_id(person.key.public) in came:
            learn_revoked(engines, person.user)
