"""The ordered Merkle map: sorted entries in content-addressed nodes, whose shape depends on the entries alone."""

from leither.merkle.build import MapTooDeep, build
from leither.merkle.check import MapNotCanonical, check
from leither.merkle.diff import diff
from leither.merkle.entry import Change, Entry, KeyRefused, KeysUnsorted, Stamp, StampRefused, ValueRefused
from leither.merkle.join import NothingToJoin, Tip, join
from leither.merkle.node import EMPTY_MAP, Node, NodeMalformed, children
from leither.merkle.nodes import NodeCache, Nodes
from leither.merkle.proof import InvalidProof, prove, verify
from leither.merkle.reading import count, first, get, last, position, scan
from leither.merkle.shape import SaltRefused, Shape
from leither.merkle.siblings import SiblingMalformed, conflicts, resolve, siblings
from leither.merkle.update import update

__all__ = [
    "EMPTY_MAP",
    "Change",
    "Entry",
    "InvalidProof",
    "KeyRefused",
    "KeysUnsorted",
    "MapNotCanonical",
    "MapTooDeep",
    "Node",
    "NodeCache",
    "NodeMalformed",
    "Nodes",
    "NothingToJoin",
    "SaltRefused",
    "Shape",
    "SiblingMalformed",
    "Stamp",
    "StampRefused",
    "Tip",
    "ValueRefused",
    "build",
    "check",
    "children",
    "conflicts",
    "count",
    "diff",
    "first",
    "get",
    "join",
    "last",
    "position",
    "prove",
    "resolve",
    "scan",
    "siblings",
    "update",
    "verify",
]
