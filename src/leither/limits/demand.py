"""Bounds of files that come when they are read."""

from leither.limits.unit import MIB

DEMAND_WAIT_S = 30
"""How long a reader waits for one block of a file that is not here."""
DEMAND_AHEAD_MAX = 16
"""Blocks that are fetched at once for who reads a file from the front; the first is fetched alone."""
DEMAND_FETCHES_MAX = 8
"""Fetches for readers that run at once; what else is read waits its turn."""
DEMAND_READERS_MAX = 16
"""Readers that wait for other nodes at once, each in a thread; more are told to try again."""
DEMAND_READS_MAX = 256
"""Files of which is remembered how far they were read, to see who reads from the front."""
DEMAND_LEAVES_MAX = 4_000_000
"""Blocks of one MiMei that come when they are read; what is beyond them is not found."""
DEMAND_HOLDERS_MAX = 16
"""Nodes that are remembered to hold a MiMei whose files come when they are read."""
DEMAND_TOLD_S = 24 * 3600
"""How long it counts that another node said to have all of a MiMei."""
FILL_PAUSE_S = 300
"""How long it takes until what could not be had for a MiMei that is to be whole is looked for again."""
FILL_WAIT_S_MAX = 3600
"""How long a request may wait until all of a MiMei is here."""
GREETED_S = 3600
"""How long it counts for blocks for whom a node said to act when it asked how a MiMei stands."""
GREETED_MAX = 1024
"""Nodes of which that is remembered."""
GREETING_S = 3
"""How long a holder may take to answer before it is asked for blocks anyway."""

# What was read stays in a cache.
CACHE_BYTES = 10 * 1024 * MIB
"""What the cache holds unless the settings say otherwise."""
CACHE_KEPT_PERCENT = 80
"""How full the cache is once something was evicted, so that this happens seldom."""
CACHE_USE_NOTED_S = 600
"""How exactly it is remembered when something in the cache was last read."""
CACHE_USES_MAX = 4096
"""Uses that are noted in memory before they are written."""
