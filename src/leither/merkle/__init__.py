"""The ordered Merkle map: sorted entries in content-addressed nodes, whose shape depends on the entries alone."""

from leither.merkle.build import MapTooDeep, build
from leither.merkle.diff import diff
from leither.merkle.entry import Change, Entry, KeyRefused, KeysUnsorted, Stamp, StampRefused, ValueRefused
from leither.merkle.node import EMPTY_MAP, Node, NodeMalformed, children
from leither.merkle.nodes import NodeCache, Nodes
from leither.merkle.reading import count, first, get, last, position, scan
from leither.merkle.shape import SaltRefused, Shape
from leither.merkle.update import update

__all__ = [
    "EMPTY_MAP", "Change", "Entry", "KeyRefused", "KeysUnsorted", "MapTooDeep", "Node", "NodeCache", "NodeMalformed",
    "Nodes", "SaltRefused", "Shape", "Stamp", "StampRefused", "ValueRefused", "build", "children", "count", "diff",
    "first", "get", "last", "position", "scan", "update",
]
