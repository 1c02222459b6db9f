"""Many nodes in one process and in virtual time: the real state machines, records and merges over links of memory."""

from leither.testing.simulation.links import Links
from leither.testing.simulation.simulated_node import SimulatedNode
from leither.testing.simulation.timeline import Timeline
from leither.testing.simulation.world import World

__all__ = ["Links", "SimulatedNode", "Timeline", "World"]
