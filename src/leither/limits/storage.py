"""Bounds of what is kept on the disk."""

from leither.limits.unit import KIB, MIB

# State engine
STATE_KEY_BYTES_MAX = 70 * KIB
STATE_VALUE_BYTES_MAX = 64 * MIB
STATE_MAP_BYTES = 1 << 40
"""Address space reserved for the state engine's map; the file grows as needed."""
STATE_READERS_MAX = 512
STATE_TABLE_BYTES_MAX = 16 * MIB
"""What changes take in memory before they go to LMDB's file; no change runs while they take twice that."""
STATE_CHANGE_BYTES_MAX = 8 * MIB
"""What one change may take in memory; a larger one is made in LMDB's file itself."""
STATE_COMPACT_WAIT_S = 1
"""How long open snapshots may keep the state engine's file from being written anew."""

# Block store
PACK_BYTES_MAX = 256 * MIB
"""A pack is sealed and a new one begun past this size."""
INDEX_PENDING_MAX = 16_384
"""Index entries kept in memory before they are written; the packs are the truth."""
INDEX_PENDING_BYTES_MAX = 64 * MIB
"""Bytes of packs whose index entries wait in memory: what an opening after a crash reads and hashes again."""
PUT_QUEUE_BYTES_MAX = 16 * MIB
"""Blocks handed to the pack writer and not yet written; a put waits beyond."""
PUT_QUEUE_BLOCKS_MAX = 8192
PACK_UNSYNCED_BYTES_MAX = 32 * MIB
"""Bytes written to a pack before they are made durable although nobody waits yet."""
PACK_FILES_OPEN_MAX = 128
SMALL_PACKS_MAX = 8
"""Sealed packs under an eighth of PACK_BYTES_MAX that a sweep leaves alone; more are merged."""
SWEEP_LIVE_PERCENT = 90
"""A sweep rewrites a pack when less than this much of it is live."""
VERIFIED_BLOCKS_MAX = 65_536
"""Blocks remembered as read and found right in this process, so that reading them again needn't hash."""
REMOTE_REQUESTS_MAX = 16
"""Requests to an object store at once."""
REMOTE_TIMEOUT_S = 30
REMOTE_RETRIES_MAX = 3
