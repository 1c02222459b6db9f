"""Bounds of people, rights and other machines."""

from leither.limits.unit import KIB, MIB

# People and rights
DEVICE_NAME_BYTES_MAX = 128
DEVICE_S = 10 * 366 * 24 * 3600
"""For how long a person's word counts that a node acts for them."""
DEVICE_EARLY_S = 24 * 3600
"""By how much another node's clock may be behind when it is shown that a node acts for a person."""
INDEX_FILE_BYTES_MAX = 64 * KIB
"""Longest file of a person's index that is read."""
SUCCESSORS_MAX = 64
"""Keys that may have taken each other's place, one after the other."""
SUCCESSOR_BYTES_MAX = 512
"""One successor record within another record."""
GRANT_DEPTH_MAX = 8
"""Grants of one chain, the author's counted."""
GRANT_BYTES_MAX = 4 * KIB
"""One grant with the chain before it."""
REVOKED_MAX = 65_536
"""Grants and keys that the author of one MiMei has taken back."""
PRESENTATION_S_MAX = 300
"""Longest time in which a presentation may be used."""
PASSPORT_S_MAX = 3600
"""Longest time for which a passport counts."""
PASSPORT_BYTES_MAX = 4 * KIB
PASSPORT_BLOCKS_MAX = 8
"""Blocks of one passport: the signer's, and those by which it was narrowed."""
PASSPORT_CHECK_MS_MAX = 100
"""Time that the rules of one passport may take; the library's own limit of 1 ms refuses valid ones under load."""
REPLAYS_MAX = 65_536
"""Presentations and passports remembered as used until they expire."""
CHAINS_CACHED_MAX = 1024
"""Chains of grants remembered as proved, with their bytes."""
HOLDERS_CACHED_MAX = 256
"""Keys whose grants on this node are kept in memory."""
GRANTS_MAX = 1024
"""Grants kept with one MiMei."""
GRANTS_BYTES_MAX = 1 * MIB
"""Bytes of the grants kept with one MiMei."""
GRANTS_OF_ONE_MAX = 64
"""Grants of one key that are kept with one MiMei."""
GRANT_S_DEFAULT = 365 * 24 * 3600
"""How long a grant counts for which no end was given."""
CHALLENGE_S = 120
"""How long a node's challenge may be answered."""
VISITS_MAX = 256
"""Sessions of visitors that are open at once."""
VISITS_OF_ONE_MAX = 16
"""Sessions of one visitor that are open at once; the one that ends first makes room."""
VISIT_S_MAX = 12 * 3600
"""Longest session of a visitor."""
REVOCATIONS_MAX = 4096
"""Devices and passports of people of elsewhere that a node knows to be revoked."""
VISIT_DEVICES_MAX = 16
"""Records of devices that come with one sign-in."""
VERDICTS_CACHED_MAX = 4096
"""Answers to who may do what that are kept."""
ERASED_MIMEI_MAX = 16_384
"""MiMei that the receipt of a deletion names; of more it says how many."""
ERASED_KEYS_MAX = 16
AUDIT_ENTRIES_MAX = 10_000
"""Entries of one person's audit; beyond, the oldest go of whoever has the most."""
AUDIT_ENTRIES_OF_ONE_MAX = 5_000
"""Entries of one person's audit that speak of the same somebody."""
AUDIT_SLACK = 500
"""Entries for which room is made at once."""
AUDIT_S = 400 * 24 * 3600
"""How long an audit remembers."""
AUDIT_WAITING_MAX = 4096
"""Different deeds that wait in memory to be written; beyond, they are not told apart."""
AUDIT_WAITING_OF_ONE_MAX = 1024
"""Of these, of the same somebody."""
AUDIT_WRITE_S = 5
"""How often what waits is written, and how much of it a kill can lose."""

# Other machines
LAN_NAMES_MAX = 32
"""Names of a node besides its addresses."""
LAN_ADDRESSES_MAX = 8
"""Addresses of this machine that a node listens on."""
APP_PORTS_MAX = 100
"""Ports that apps get for browsers on other machines: with each address, so many sockets stay open."""
LAN_CHECK_S = 10
"""How often addresses and certificates are looked at again."""
TLS_HANDSHAKE_S = 10
"""How long a client may take to agree on encryption."""
TLS_CLOSING_S = 2
"""How long a client may take to agree that a connection ends."""
TLS_FILE_BYTES_MAX = 256 * KIB
"""Largest file of certificates, or of a key."""
HSTS_S = 30 * 24 * 3600
"""How long a browser that met a name with TLS insists on TLS for it."""
