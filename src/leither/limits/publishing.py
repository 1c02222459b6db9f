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
DENY_FILE_BYTES_MAX = 512 * MIB
DENY_CHECK_S = 2
"""How often it is looked whether a denylist has changed."""
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

# Looking for what isn't here
RESOLVE_S = 10
"""How long one look-up takes at the most, without what is then fetched."""
RESOLVE_STEP_S = 5
"""How long one peer may take to be reached, or to answer one question."""
RESOLVE_GRACE_S = 0.15
"""How long others are waited for once a holder has answered: one of them may know more."""
RESOLVE_ASKED_MAX = 16
"""Peers that one look-up asks."""
RESOLVE_STANDINGS_MAX = 8
"""Different answers that one look-up checks."""
RESOLVE_RECORDS_BYTES_MAX = 4 * MIB
"""Records that one peer may send to show how a MiMei stands."""
RESOLVE_CONTROLS_MAX = 64
"""Controls that are followed back to show that one comes after another."""
RESOLVE_TRIES_MAX = 3
"""Look-ups for one request, where holders go on writing meanwhile."""
RESOLVES_MAX = 8
"""Look-ups at once; a guest may cause a quarter of them."""
LOOKUP_THREADS_MAX = 32
"""Threads in which requests wait for look-ups; those for the same MiMei wait for one."""
RESOLVED_S = 5
"""How long what was brought up to date counts as that."""
ABSENT_S = 15
"""How long what was found nowhere is not looked for again."""
ABSENT_MAX = 4096
"""Ids that are remembered as found nowhere."""
GUEST_LOOKUPS_PER_MINUTE = 30
"""Look-ups that all guests together may cause, where they may at all."""
GUEST_FETCH_BYTES_MAX = 64 * MIB
"""What one guest's request may bring here."""
SEEN_MAX = 8192
"""MiMei of elsewhere whose last standing is remembered; those seen longest ago make room."""
