"""Every bound of the project, in one place. Units stand last in the name; sizes are bytes."""

KIB = 1024
MIB = 1024 * KIB

# Blocks and codecs
BLOCK_BYTES_MAX = 2 * MIB
"""Largest block accepted or made: what Bitswap peers carry."""
RECORD_BYTES_MAX = 1 * MIB
"""Largest signed or unsigned record (genesis, control, version, head ...)."""
RECORD_DEPTH_MAX = 16
"""Deepest nesting of a record."""
FOREIGN_DIGEST_BYTES_MAX = 128
"""Longest digest, or inlined block, of a CID this node only passes on."""
FOREIGN_CBOR_DEPTH_MAX = 128
"""Deepest nesting of a DAG-CBOR block whose links are followed."""
SEED_OPS_MAX = 16
"""Most Argon2id passes that an encrypted seed may ask for: with the memory below, seconds, not hours."""
SEED_MEMORY_KIB_MAX = 256 * 1024
"""Most memory that an encrypted seed may ask for, in KiB: what the smallest machine can still give."""
CAR_HEADER_BYTES_MAX = 64 * KIB
CAR_ROOTS_MAX = 1024

# Files and trees
CHUNK_BYTES = 1 * MIB
"""Leaf size of the `unixfs-v1-2025` profile."""
FILE_LINKS_MAX = 1024
"""Links of one file node in that profile."""
DIRECTORY_BLOCK_BYTES_MAX = 262_144
"""A directory whose serialized block exceeds this becomes a HAMT (the profile's rule)."""
HAMT_FANOUT = 256
HAMT_FANOUT_MAX = 1024
"""Widest foreign HAMT that is read, as the UnixFS specification bounds it."""
NAME_BYTES_MAX = 255
"""One path segment in UTF-8, as on the file systems people copy from and to."""
PATH_BYTES_MAX = 4096
PATH_DEPTH_MAX = 128
SYMLINK_TARGET_BYTES_MAX = 4096
DAG_DEPTH_MAX = 64
"""Deepest file or directory DAG that is followed."""
FILE_BYTES_MAX = 1 << 46

# Ordered Merkle map
MAP_KEY_BYTES_MAX = 64 * KIB
MAP_VALUE_BYTES_MAX = 64 * KIB
MAP_SIBLING_KEY_BYTES_MAX = MAP_KEY_BYTES_MAX + 16
"""A key of the siblings map: a key of the map with its length, writer and seq around it."""
MAP_WRITER_MAX = (1 << 32) - 1
MAP_SEQ_MAX = (1 << 53) - 1
"""Largest sequence number a JavaScript number holds exactly."""
MAP_SALT_BYTES = 16
MAP_BOUNDARY_BITS = 5
"""Leading zero bits per level that make a key begin a node: 32 entries a node on the average."""
MAP_NODE_ENTRIES_MAX = 512
MAP_NODE_BYTES_MAX = 512 * KIB
MAP_DEPTH_MAX = 64
MAP_CACHE_BYTES = 8 * MIB
"""Encoded bytes of the decoded map nodes kept in memory; decoded they take about four times as much."""

# MiMei
APP_BYTES_MAX = 255
EXT_BYTES_MAX = 255
MARK_BYTES_MAX = 1024
NOTE_BYTES_MAX = 4096
WRITERS_MAX = 1024
PARENTS_MAX = 256
DROPPED_MAX = 16_384
TAG_DIMENSION_BYTES_MAX = 128
TAG_VALUE_BYTES_MAX = 512
TAGS_MAX = 1024
REFERENCES_MAX = 65_536
REFERENCE_DEPTH_MAX = 8
"""References followed one into another before giving up."""
PAGE_BYTES = 64 * KIB
"""Unit in which writes at an offset are kept until the next backup."""
WRITE_BYTES_MAX = 16 * MIB
"""Largest single write at an offset."""
FILE_GAP_BYTES_MAX = 1024 * MIB
"""Largest hole that a write past the end of a file may leave."""

# State engine
STATE_KEY_BYTES_MAX = 70 * KIB
STATE_VALUE_BYTES_MAX = 64 * MIB
STATE_MAP_BYTES = 1 << 40
"""Address space reserved for the state engine's map; the file grows as needed."""
STATE_READERS_MAX = 512
COMMIT_BATCH_MAX = 4096
"""Changes that one group commit carries at the most."""
COMMIT_BATCH_BYTES_MAX = 64 * MIB
"""Bytes of keys and values past which a group commit takes no further change."""

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

# Front doors
HEADER_BYTES_MAX = 64 * KIB
JSON_BYTES_MAX = 1 * MIB
LIST_PAGE_MAX = 1000
"""Entries of one page of a listing."""
DIFF_ENTRIES_MAX = 100_000
WATCHERS_MAX = 256
WATCH_QUEUE_MAX = 1024
TOKENS_MAX = 1024
TOKEN_NAME_BYTES_MAX = 128
ONE_TIME_LINK_S = 600
SESSION_S = 30 * 24 * 3600
UPLOAD_ENTRIES_MAX = 1_000_000

# HTTP API
API_THREADS_MAX = 16
"""Threads in which requests to the API wait for the disk."""
IMPORTS_MAX = 2
"""Archives taken in at once; each holds a thread for as long as its sender takes."""
BODY_PIECE_BYTES = 256 * KIB
"""Bytes of a streamed body gathered before they are handed to a thread."""
LIST_PAGE_DEFAULT = 200
TIME_MS_MAX = 253_402_300_799_999
"""The last millisecond of the year 9999, which is as far as RFC 3339 goes."""
QUOTA_BYTES_MAX = 1 << 62
TAR_EXTENDED_BYTES_MAX = 1 * MIB
"""Longest pax header or GNU long name of one tar member."""

# Gateway
URL_BYTES_MAX = 16 * KIB
"""Path and query of a request: a path of PATH_BYTES_MAX takes three times that when every byte is escaped."""
HEADERS_MAX = 128
QUERY_FIELDS_MAX = 64
REQUEST_HEAD_BYTES_MAX = 128 * KIB
"""What a connection may send before a request's head is complete."""
REQUEST_HEAD_S = 30
"""How long a request's head may take to come."""
CONNECTIONS_MAX = 2048
"""Connections, or requests in work, beyond which the front door answers 503."""
KEEP_ALIVE_S = 20
STOP_S = 5
"""How long answers in work may go on when the node stops."""
WEBSOCKET_MESSAGE_BYTES_MAX = 64 * KIB
WEB_THREADS_MAX = 8
"""Threads in which the gateway waits for the disk."""
STREAM_PIECE_BYTES = 256 * KIB
"""Bytes of a file gathered before they are handed to the client."""
LISTED_ENTRIES_MAX = 10_000
"""Entries that a directory's page shows."""
PATHS_CACHED_MAX = 16_384
"""Paths of versions whose file is remembered."""
PUBLIC_BLOCKS_MAX = 500_000
"""Blocks that the index of what guests may fetch by CID holds, at 16 bytes each; what is beyond is not found by them."""
PUBLIC_INDEXES_MAX = 256
READERS_REMEMBERED_MAX = 8
"""Principals other than the owner whose view of the blocks is kept."""
CAR_DUPLICATES_MAX = 1 << 22
"""Blocks of one CAR with duplicates, which a small hostile DAG could make endless."""
SMALL_BLOCK_BYTES = 64 * KIB
"""A block that the gateway may keep in memory."""
HOSTS_CACHED_MAX = 1024
RELEASES_CACHED_MAX = 4096
BODIES_CACHED_BYTES = 8 * MIB
"""Bytes of small files kept in memory for the gateway."""

# Command line
HOME_WAIT_S = 30
"""How long a command waits for another one that has the home folder open."""
