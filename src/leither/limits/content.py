"""Bounds of what data is made of: blocks, files, maps, MiMei, databases."""

from leither.limits.unit import KIB, MIB

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

# Sealing
KEY_EPOCH_MAX = (1 << 63) - 1
READERS_MAX = 1024
"""Readers that a key ring wraps its key for; each reader tries all of them."""
KEY_RINGS_MAX = 1024
"""Key epochs of a MiMei that was shared, one ring each."""
WRAPPED_KEYS_TRIED_MAX = 4096
"""Wrapped keys that one reader tries before a MiMei counts as not shared with them: half a second."""
SEALED_OVERHEAD_BYTES_MAX = 64
"""What sealing adds to a block at the most, besides 41 bytes for each link."""
SEALED_FORMS_MET_MAX = 8192
"""Blocks whose sealed form is remembered since their parent was read."""
