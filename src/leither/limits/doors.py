"""Bounds of front doors."""

from leither.limits.unit import KIB, MIB

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
STOP_BODY_S = 1
"""How long a request may go on to come when the node stops."""
STOP_HARD_S = 15
"""How long after it was told to stop a node ends whatever is still at work."""
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

# Command line
HOME_WAIT_S = 30
"""How long a command waits for another one that has the home folder open."""
