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
MAP_VALUE_BYTES_MAX = MIB + KIB
"""A database's longest value with its type byte; a value beyond MAP_NODE_BYTES_MAX stands in a node of its own."""
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
"""What several entries of one node weigh at the most."""
MAP_LONE_BYTES_MAX = MAP_SIBLING_KEY_BYTES_MAX + MAP_VALUE_BYTES_MAX + KIB
"""Largest node: one with a single entry of the largest key and value."""
MAP_DEPTH_MAX = 64
MAP_CACHE_BYTES = 8 * MIB
"""Encoded bytes of the decoded map nodes kept in memory; decoded they take about four times as much."""

# MiMei
APP_BYTES_MAX = 255
EXT_BYTES_MAX = 255
MARK_BYTES_MAX = 1024
NOTE_BYTES_MAX = 4096
WRITERS_MAX = 1024
NUMBER_ROOM = 1 << 32
"""Room that numbers which come from elsewhere must leave below their largest, so that others can follow."""
PARENTS_MAX = 256
DROPPED_MAX = 16_384
TAG_DIMENSION_BYTES_MAX = 128
TAG_VALUE_BYTES_MAX = 512
TAGS_MAX = 1024
REFERENCES_MAX = 65_536
REFERENCE_DEPTH_MAX = 8
"""References followed one into another before giving up."""
EXPORT_MIMEI_MAX = 16_384
"""MiMei of one archive."""
PROPERTY_NAME_BYTES_MAX = 1024
"""A property's name with its namespace."""
PROPERTY_VALUE_BYTES_MAX = 60 * KIB
"""A property's value; with its type byte it fits MAP_VALUE_BYTES_MAX."""
PROPERTIES_MAX = 256
"""Properties that one path carries."""
PAGE_BYTES = 64 * KIB
"""Unit in which writes at an offset are kept until the next backup."""
WRITE_BYTES_MAX = 16 * MIB
"""Largest single write at an offset."""
FILE_GAP_BYTES_MAX = 1024 * MIB
"""Largest hole that a write past the end of a file may leave."""

# People and rights
DEVICE_NAME_BYTES_MAX = 128
DEVICE_S = 10 * 366 * 24 * 3600
"""For how long a person's word counts that a node acts for them."""
INDEX_FILE_BYTES_MAX = 64 * KIB
"""Longest file of a person's index that is read."""
SUCCESSORS_MAX = 64
"""Keys that may have taken each other's place, one after the other."""
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

# Sealing
KEY_EPOCH_MAX = (1 << 63) - 1
READERS_MAX = 1024
"""Readers that a key ring wraps its key for; each reader tries all of them."""
SEALED_OVERHEAD_BYTES_MAX = 64
"""What sealing adds to a block at the most, besides 41 bytes for each link."""
SEALED_FORMS_MET_MAX = 8192
"""Blocks whose sealed form is remembered since their parent was read."""

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
WATCH_CHECK_S = 5
"""How often at least an open watcher's session is looked up again."""
TOKENS_MAX = 1024
"""Tokens and sessions of one person."""
TOKEN_NAME_BYTES_MAX = 128
PASSKEYS_MAX = 32
PASSKEY_CHALLENGE_S = 300
PASSKEY_CHALLENGES_MAX = 1024
TOKEN_USE_STEP_S = 3600
"""How often at most the last use of a token is written down."""
ONE_TIME_LINK_S = 600
SESSION_S = 30 * 24 * 3600
SESSION_AGENT_BYTES_MAX = 200
"""What is kept of how a session's browser names itself."""
USERS_MAX = 256
"""Users of one node beside its owner."""
USER_NAME_BYTES_MAX = 128
USER_SETTINGS_MAX = 64
"""Settings that a user keeps for themselves."""
USER_SETTING_NAME_BYTES_MAX = 64
USER_SETTING_BYTES_MAX = 1024
INVITATION_S = 7 * 24 * 3600
INVITATIONS_MAX = 64
PHRASE_BYTES_MAX = 1024
"""Longest recovery phrase that is read, white space and all."""
UPLOAD_ENTRIES_MAX = 1_000_000

# HTTP API
API_THREADS_MAX = 16
"""Threads in which requests to the API wait for the disk."""
IMPORTS_MAX = 2
"""Archives taken in at once; each holds a thread for as long as its sender takes."""
BODY_PIECE_BYTES = 256 * KIB
"""Bytes of a streamed body gathered before they are handed to a thread."""
VERIFY_STEP_BYTES = 16 * MIB
"""Bytes after which a verification says again how far it is."""
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
THREAD_TURN_S = 0.001
"""How long a thread that computes may keep the others waiting for their turn."""
GARBAGE_SEARCH_OBJECTS = 5000
"""New objects after which the youngest are searched for garbage."""
STREAM_PIECE_BYTES = 256 * KIB
"""Bytes of a file gathered before they are handed to the client."""
LISTED_ENTRIES_MAX = 10_000
"""Entries that a directory's page shows."""
PATHS_CACHED_MAX = 16_384
"""Paths of versions whose file is remembered."""
PUBLIC_BLOCKS_MAX = 500_000
"""Blocks in the index of what guests may fetch by CID, at 16 bytes each; what is beyond is not found by them."""
PUBLIC_INDEXES_MAX = 256
READERS_REMEMBERED_MAX = 8
"""Principals other than the owner whose view of the blocks is kept."""
CAR_DUPLICATES_MAX = 1 << 22
"""Blocks of one CAR with duplicates, which a small hostile DAG could make endless."""
SMALL_BLOCK_BYTES = 64 * KIB
"""A block that the gateway may keep in memory."""
HOSTS_CACHED_MAX = 1024
RELEASES_CACHED_MAX = 4096
READY_ANSWERS_MAX = 2048
"""Answers to guests whose header lines are kept."""
READY_PATH_BYTES_MAX = 512
"""Longest raw path of an answer whose header lines are kept."""
BODIES_CACHED_BYTES = 8 * MIB
"""Bytes of small files kept in memory for the gateway."""

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

# Redis protocol
REDIS_GREETING_BYTES_MAX = 64 * KIB
"""Largest request of a client that has not said who it is."""
REDIS_REQUEST_BYTES_MAX = 64 * MIB
"""Largest request: one command with all its words."""
REDIS_BULK_BYTES_MAX = 16 * MIB
"""Largest word of a request."""
REDIS_WORDS_MAX = 1024 * 1024
"""Most words of one command, as Redis has it."""
REDIS_INLINE_BYTES_MAX = 64 * KIB
"""Longest line: an inline command, or a header."""
REDIS_PIPELINE_MAX = 1024
"""Commands of one connection that wait to be run; beyond, its socket is not read."""
REDIS_TURN_MAX = 256
"""Commands of one connection that run before others have their turn."""
REDIS_BATCH_MAX = 4096
"""Commands that one transaction carries."""
REDIS_LOOP_ENTRIES_MAX = 2000
"""Entries that a command visits, and commands of a MULTI, before they run beside the loop."""
REDIS_MULTI_MAX = 65_536
"""Commands between MULTI and EXEC."""
REDIS_WATCHED_MAX = 65_536
"""Keys that one connection watches."""
REDIS_SUBSCRIPTIONS_MAX = 65_536
"""Channels and patterns of one connection."""
REDIS_OUTPUT_BYTES_MAX = 32 * MIB
"""Bytes a client may leave unread before it is dropped."""
REDIS_OUTPUT_PAUSE_BYTES = 1 * MIB
"""Bytes a client may leave unread before its commands wait."""
REDIS_STALLED_S = 60
"""How long a client may leave its replies unread."""
REDIS_GREETING_S = 30
"""How long a client may take to say who it is."""
REDIS_CONNECTIONS_MAX = 4096
REDIS_USER_BYTES_MAX = 256 * MIB
"""Bytes of requests not yet answered and of replies not yet sent, of all connections of one token."""
REDIS_CHECK_S = 1
"""How often an open connection's right is looked up again, and expired keys are looked for."""
REDIS_SWEEP_MAX = 1000
"""Expired keys that one sweep removes."""
REDIS_NAME_BYTES_MAX = 255
"""A connection's name, and what it says its library is."""
REDIS_THREADS_MAX = 4
"""Threads in which commands that take long, and reads of versions, wait for the disk."""
REDIS_DIFF_MAX = 10_000
"""Entries that MM.DIFF lists."""

# WebDAV
XML_BYTES_MAX = 256 * KIB
"""Longest body of a request that is XML."""
XML_DEPTH_MAX = 64
XML_ELEMENTS_MAX = 8192
DAV_TREE_ENTRIES_MAX = 10_000
"""Entries under a collection that PROPFIND lists at infinite depth; more are refused, to be asked for one by one."""
DAV_PAGE_ENTRIES = 500
"""Entries of a collection's answer that are read from one snapshot of the state."""
DAV_NAMED_MAX = 256
"""Properties that one request names, and conditions of one If header."""
LOCKS_MAX = 4096
"""Locks on the paths of one MiMei."""
LOCK_S_DEFAULT = 600
LOCK_S_MAX = 24 * 3600
"""Longest time a lock holds without being refreshed, whatever was asked for."""
LOCK_OWNER_BYTES_MAX = 4096
"""What a lock says of its owner, which is shown to whoever meets it."""

# Command line
HOME_WAIT_S = 30
"""How long a command waits for another one that has the home folder open."""

# Databases
DB_KEY_BYTES_MAX = 16 * KIB
"""Longest key, hash field and member of a set: with what stands around them they fit a key of the ordered map."""
DB_VALUE_BYTES_MAX = 1 * MIB
"""Longest string, value of a field, and element of a list."""
DB_POSITION_BYTES_MAX = 16 * KIB
"""Longest position of a list element; only insertions between the same two elements, in turns, make it grow."""
DB_CURSORS_MAX = 65_536
DB_CURSOR_BYTES_MAX = 8 * MIB
"""Places of SCAN walks that one open database remembers."""
DB_CHECKED_KEYS_BYTES_MAX = 4 * MIB
"""Names of changed keys that checking a version from elsewhere holds; if there are more, the whole map is walked."""
DB_PATTERN_STEPS_MAX = 1_000_000
"""Comparisons that matching one name against a pattern may take."""
DB_REPLY_ITEMS_MAX = 1 << 20
"""Elements drawn with repetition in one reply."""
DB_API_COMMANDS_MAX = 10_000
"""Commands that one HTTP request carries."""
DB_API_WORDS_MAX = 10_000
"""Words of one command in an HTTP request."""
DB_COMPARISON_CELLS_MAX = 1 << 24
"""Largest product of the lengths of two strings whose common subsequence is sought: seconds of work."""
