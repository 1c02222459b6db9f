"""Files and directories as blocks, in the `unixfs-v1-2025` profile of IPFS; read in any form IPFS writes them.

Pure: blocks come through a `get` function and go through a `put` function.
"""

from leither.unixfs.directory import DuplicateName, Entry, PathNotFound, entries, lookup, resolve
from leither.unixfs.file import FileBuilder
from leither.unixfs.hamt import HashCollision
from leither.unixfs.message import BadUnixFS
from leither.unixfs.names import BadName, PathTooLong, check_path, decode_name, encode_name
from leither.unixfs.node import FileTooLarge, Get, Kind, Link, LyingSize, Node, NotUnixFS, Put, WrongKind, decode
from leither.unixfs.reading import BadRange, DagTooDeep, read, size_bytes
from leither.unixfs.rewriting import ForeignLayout, WrongChunk, rewrite
from leither.unixfs.shard import Misplaced
from leither.unixfs.traversal import EntityBytes, Scope, blocks
from leither.unixfs.tree import (
    EMPTY_DIRECTORY,
    BadSymlink,
    Change,
    EmptyDirectory,
    Path,
    PathConflict,
    SymlinkTarget,
    update_tree,
    write_symlink,
)

__all__ = [
    "EMPTY_DIRECTORY",
    "BadName",
    "BadRange",
    "BadSymlink",
    "BadUnixFS",
    "Change",
    "DagTooDeep",
    "DuplicateName",
    "EmptyDirectory",
    "EntityBytes",
    "Entry",
    "FileBuilder",
    "FileTooLarge",
    "ForeignLayout",
    "Get",
    "HashCollision",
    "Kind",
    "Link",
    "LyingSize",
    "Misplaced",
    "Node",
    "NotUnixFS",
    "Path",
    "PathConflict",
    "PathNotFound",
    "PathTooLong",
    "Put",
    "Scope",
    "SymlinkTarget",
    "WrongChunk",
    "WrongKind",
    "blocks",
    "check_path",
    "decode",
    "decode_name",
    "encode_name",
    "entries",
    "lookup",
    "read",
    "resolve",
    "rewrite",
    "size_bytes",
    "update_tree",
    "write_symlink",
]
