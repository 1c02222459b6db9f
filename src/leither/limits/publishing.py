"""Bounds of saying to other nodes what is here, and of finding what isn't."""

from leither.limits.unit import KIB, MIB

# Saying
ANNOUNCE_PERIOD_S = 22 * 3600
"""Within this everything announced is announced again: peers forget after 48 hours, some after 24."""
ANNOUNCE_BYTES_PER_DAY = 20 * MIB
"""What announcing again may cost; the rest of what an idle node may send goes to staying connected."""
ANNOUNCE_KEY_BYTES = 16 * KIB
"""What announcing one key is taken to cost: finding the twenty peers nearest to it, and telling them."""
ANNOUNCE_BURST_BYTES = 1 * MIB
"""What may be saved up to be spent at once; as much may be borrowed for what was never announced."""
ANNOUNCE_RETRY_S = 60
"""How long after a failure a key is tried again; doubled each time."""
ANNOUNCE_RETRY_MAX_S = 3600

# Refusing
DENY_LINE_BYTES_MAX = 2 * MIB
"""Longest line of a denylist, as its specification has it."""
DENY_HEADER_BYTES_MAX = 1 * MIB
"""Longest header of a denylist; where none ends within this, there is none."""
DENY_RULES_MAX = 4_000_000
"""Rules of all denylists together."""
DENY_UNREAD_TOLD_MAX = 10
"""Lines of a denylist that could not be read and are told of."""

# Names
NAME_VALID_S = 365 * 24 * 3600
"""How long an IPNS record is valid; it is signed anew when half of it has passed."""
NAME_TTL_S = 300
"""How long who asked for a name may keep the answer."""
NAME_BUMPS_BITS = 8
"""Bits of a record's sequence below the release's number: room for corrections of one release."""
