"""Where things stand in the state engine: a table byte, then the parts of the key.

m id                    Holding            what this node knows of a MiMei
h id number             head CID           one writer's newest head
v id n                  version CID        the numbered versions
w id version            n                  every version held, numbered or merged in
c id key                tick, value        changes of `cur` over its base version
d id era key                           a database's entries that were changed in an era
q person nonce          revocation         what a person of elsewhere says counts no longer: a device, a passport
s id cid                forms              sealed forms of a private MiMei's blocks (sealed_table.py)
p id page               tick, bytes        writes at an offset, not yet folded into a file
r target source ref     count              who refers to a MiMei
g id                    seq                where this node, as a writer, was in a MiMei that it deleted
f key                   successor          that the key of a person of elsewhere gave way to another
F id                    FollowRow          a MiMei that is brought up to date from other nodes
t dimension 0 value 0 id tagger            which MiMei carry a tag
a holder id digest      grant              what was granted to whom, the record's bytes
l id path token         a lock that a WebDAV client holds
k hash                  token or session
o port                  id, flag           the app that has, or once had, a port for browsers on other machines
u id                    UserRow            a user of this node
i hash                  Invitation         a link by which somebody becomes a user
n peer id               addresses          a peer that somebody chose (peer_rows.py)
b id                    bytes              what everything that belongs to a user holds
U root                  time in ms         a fetch that was begun and has not ended (unfinished.py)
y hash                  PasskeyRow         a passkey by which somebody signs in
j key                   ms                 when a key was last announced in the DHT
z id                    NameRow            what was last said under the IPNS name of a MiMei
e id                    SeenRow            how a MiMei of elsewhere stood when it was last seen
B author id             Row                a private MiMei that is kept sealed, and can't be read here (kept.py)
L id                    what of a user's deletion must outlive that it is broken off (erasing.py)
A person hour digest    Entry              what was done to what is a person's, and by their sessions (audit_rows.py)
x name                  settings of the node
P node                  PairRow            a node with which this one is paired, by its key
K node id               KeptRow            a MiMei that this node keeps for a paired one
T node id               ToldRow            a MiMei of which a paired node says that it keeps it
D id number             draft CID          one writer's newest draft, while no version here includes it
O id                    DemandRow          a MiMei of which files come when they are read (demand_rows.py)
C digest                CacheRow           a block that came when it was read, and may go again (cache_rows.py)
"""

import struct

from leither.codec import Cid
from leither.crypto import KeyId, MimeiId

_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")

HOLDINGS = b"m"
HEADS = b"h"
VERSIONS = b"v"
KNOWN = b"w"
CUR = b"c"
DIRTY = b"d"
PAGES = b"p"
REFERRERS = b"r"
TAGS = b"t"
GRANTS = b"a"
REVOCATIONS = b"q"
SUCCESSORS = b"f"
LOCKS = b"l"
GONE = b"g"
FOLLOWS = b"F"
TOKENS = b"k"
APP_PORTS = b"o"
USERS = b"u"
INVITATIONS = b"i"
USAGE = b"b"
PASSKEYS = b"y"
PEERS = b"n"
FETCHES = b"U"
SAID = b"j"
NAMES = b"z"
SEEN = b"e"
SHELVED = b"B"
LEAVING = b"L"
AUDIT = b"A"
SETTINGS = b"x"
PAIRS = b"P"
KEPT = b"K"
TOLD = b"T"
DRAFTS = b"D"
DEMANDED = b"O"
CACHED = b"C"


def gone(mimei: MimeiId) -> bytes:
    """Key of this node's last sequence number in a MiMei that it deleted."""
    return GONE + mimei


def u64(number: int) -> bytes:
    """Return eight big-endian bytes, which sort as numbers do."""
    return _U64.pack(number)


def read_u64(data: bytes, offset: int = 0) -> int:
    """Return the number at `offset`."""
    return int(_U64.unpack_from(data, offset)[0])


def holding(mimei: MimeiId) -> bytes:
    """Key of a MiMei's Holding."""
    return HOLDINGS + mimei


def head(mimei: MimeiId, number: int) -> bytes:
    """Key of a writer's newest head."""
    return HEADS + mimei + _U32.pack(number)


def draft(mimei: MimeiId, number: int) -> bytes:
    """Key of a writer's newest draft."""
    return DRAFTS + mimei + _U32.pack(number)


def version(mimei: MimeiId, n: int) -> bytes:
    """Key of the version numbered `n`."""
    return VERSIONS + mimei + _U64.pack(n)


def known(mimei: MimeiId, cid: Cid) -> bytes:
    """Key that says a version is held."""
    return KNOWN + mimei + cid


def cur(mimei: MimeiId, key: bytes = b"") -> bytes:
    """Key of a changed entry of `cur`; without `key`, the prefix of them all."""
    return CUR + mimei + key


def dirty(mimei: MimeiId, era: int) -> bytes:
    """Prefix of the keys that name a database's entries changed in `era`."""
    return DIRTY + mimei + _U32.pack(era)


def page(mimei: MimeiId, number: int) -> bytes:
    """Key of a page of bytes written at an offset."""
    return PAGES + mimei + _U64.pack(number)


def referrer(target: MimeiId, source: MimeiId, version: Cid | None) -> bytes:
    """Key that says `source` refers to `target` at `version`, or to its release."""
    return REFERRERS + target + source + (version or b"")


def granted(holder: KeyId, mimei: MimeiId | bytes = b"", digest: bytes = b"") -> bytes:
    """Key of a grant, or the prefix of all those of a holder."""
    return GRANTS + holder + mimei + digest


def tag(dimension: str, value: str) -> bytes:
    """Prefix of the keys that say which MiMei carry the tag; the MiMei's id follows, then who tagged it."""
    return TAGS + f"{dimension}\0{value}\0".encode()


def shelved(author: KeyId, mimei: MimeiId) -> bytes:
    """Key of what is kept sealed of an author's MiMei."""
    return SHELVED + author + mimei


def app_port(port: int) -> bytes:
    """Key that says whose a port for browsers on other machines is."""
    return APP_PORTS + port.to_bytes(2)
