"""Bounds of what nodes tell each other about MiMei."""

from leither.limits.content import BLOCK_BYTES_MAX
from leither.limits.unit import KIB, MIB

SYNC_FRAME_BYTES_MAX = BLOCK_BYTES_MAX + KIB
"""One frame: a message, or a block with its CID."""
SYNC_GRANTS_MAX = 16
"""Grants that one session shows."""
SYNC_DEVICES_MAX = 4
"""Records of the asking device that one session shows."""
SYNC_VERSIONS_MAX = 8192
"""Versions that one answer lists; the rest is asked for again."""
SYNC_LISTED_MAX = 1 << 18
"""Versions that all answers about one MiMei list, so that nobody lists them without an end."""
SYNC_WANTED_MAX = 1024
"""Blocks that one message asks for."""
SYNC_ANSWER_BYTES_MAX = 4 * MIB
"""Blocks sent for one message, in bytes; the rest is asked for again."""
SYNC_RECORDS_BYTES_MAX = 1 * MIB
"""Records that come along with an answer; the rest is asked for by name."""
SYNC_WANTS_AHEAD_MAX = 2
"""Messages asking for blocks that are on their way at once."""
SYNC_PENDING_MAX = 1 << 16
"""Places that a pull remembers to look at before it looks into more blocks that came."""
SYNC_OFFERED_MAX = 1 << 18
"""Blocks that one session may ask for, remembered from those that name them; the oldest make room."""
SYNC_WATCHED_MAX = 1024
"""MiMei of whose new heads one session wants to hear."""
ARRIVAL_TRIES_MAX = 8
"""How often what came gives way to changes of the same entries before those count as made after it."""
SYNC_PULL_BYTES_MAX = 1 << 40
"""What one pull takes in."""
SYNC_REPAIRS_MAX = 64
"""How often one pull goes on for blocks that turned out to be lacking here."""
SYNC_PACE_S = 60
"""After so long, a node that gives less than the least pace is asked no further, so that it doesn't hold up others."""
SYNC_PACE_BYTES_S_MIN = 1 * KIB
"""The least pace, over all of one pull."""
SYNC_NEWS_BYTES_MAX = 8 * KIB
"""News of one head."""
SYNC_SHARE_PAUSE_MS = 60
"""Pause between two drafts of one working copy that goes on changing."""

# Following
FOLLOW_PERIOD_S = 3600
"""How often a node from which a MiMei is followed is asked although nothing was heard."""
FOLLOW_CALM_S = 60
"""How long news of a MiMei that is not followed in real time may wait, so that several changes come at once."""
FOLLOW_IDLE_FREE = 4
"""How often in a row news may come to nothing, as it does where several tell the same, before it is followed later."""
FOLLOW_IDLE_MS = 16
"""Pause after news that came to nothing; it doubles each time, from which on it counts."""
FOLLOW_IDLE_MS_MAX = 5_000
FOLLOW_RETRY_S = 5
"""First pause after a node was away; it doubles."""
FOLLOW_REFUSED_S = 300
"""First pause after a node had nothing to tell, or told what did not prove itself; it doubles."""
FOLLOW_PAUSE_S_MAX = 3600
FOLLOW_PULLS_MAX = 4
"""MiMei that are brought up to date at once."""
FOLLOW_SOURCES_MAX = 16
FOLLOW_SEEK_S = 600
"""From one search for others that have a MiMei to the next, while nobody who is known gives it."""
SYNC_STRANGER_BYTES_MAX = 4 << 30
"""What a pull brings at the most from a node that nobody here named, for it may be anything until all has come."""
"""Nodes from which one MiMei is followed."""
FOLLOW_BAD_POINTS = 50
"""What it costs a node's standing to tell what does not prove itself."""
FOLLOW_TOPICS_MAX = 512
"""MiMei of whose new heads a node hears on their topics too."""
FOLLOWED_MAX = 4096
"""MiMei that a node follows."""
FOLLOW_WAIT_S_MAX = 60
"""How long a request may wait for the first answer of a node."""
