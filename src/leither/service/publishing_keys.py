"""What of a MiMei is announced: that this node has it, the root of its release, and the name of that."""

from dataclasses import dataclass

from leither.codec import Cid
from leither.crypto import MimeiId, epoch_secret
from leither.mimei.rendezvous import private_rendezvous, rendezvous
from leither.mimei.version import Version
from leither.people import GUEST, Act
from leither.ports import View
from leither.service.demand_rows import read_demand
from leither.service.engines import Engines
from leither.service.holding import Mimei, MimeiNotFound, load
from leither.wire.ipns import ipns_key

_MULTIHASH_AT = 2
"""Where in a CID the multihash begins, which is what the DHT goes by."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What is said of one MiMei. keys: multihashes. name: the public key of its IPNS name. root: of its release."""

    keys: frozenset[bytes] = frozenset()
    name: bytes | None = None
    root: Cid | None = None

    @property
    def all_keys(self) -> frozenset[bytes]:
        """All keys in the DHT, that of the name too."""
        return self.keys if self.name is None else self.keys | {ipns_key(self.name)}


NOTHING = Announced()


def multihash(cid: Cid) -> bytes:
    """Return what the DHT knows a CID by."""
    return bytes(cid[_MULTIHASH_AT:])


def announced(engines: Engines, view: View, mimei: MimeiId) -> Announced:
    """Return what is to be announced of a MiMei: nothing of what not everybody may read.

    Of a private one only that somebody holds something: nobody who can't read it can tell what.
    """
    try:
        held = load(engines, view, mimei)
    except MimeiNotFound:
        return NOTHING
    if read_demand(view, mimei) is not None:
        return NOTHING  # who comes for it would find a part
    author = engines.persons.of_key(held.control.by)
    if held.is_private:
        if author is None:
            return NOTHING
        return Announced(frozenset([multihash(private_rendezvous(epoch_secret(author.seed, mimei, 0), mimei))]))
    acts = held.acts(GUEST)
    root = released_root(held) if acts & (Act.READ_RELEASE | Act.READ_VERSIONS) else None
    if root is None and Act.READ_VERSIONS not in acts:
        return NOTHING
    keys = [multihash(rendezvous(mimei))]
    if root is None or engines.denied.denies(root):
        return Announced(frozenset(keys))
    return Announced(frozenset([*keys, multihash(root)]), name_of(engines, held), root)


def released_root(held: Mimei) -> Cid | None:
    """Return the root of what the released version holds; None without one."""
    return held.engines.record(Version, held.release).content if held.release is not None else None


def name_of(engines: Engines, held: Mimei) -> bytes | None:
    """Return the public key of a MiMei's IPNS name: derived where the author's seed is, else as the author says.

    None for a private MiMei, which has no name, and where the author has said none.
    """
    if held.is_private:
        return None
    author = engines.persons.of_key(held.control.by)
    return author.name_key(held.id).public if author is not None else held.control.ipns
