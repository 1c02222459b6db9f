"""The composition root: which engine stands behind which port, and the life of one node."""

from leither.node.home import Home, HomeInUse, Running
from leither.node.node import Node

__all__ = ["Home", "HomeInUse", "Node", "Running"]
