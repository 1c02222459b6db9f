"""What every adapter of a port must pass, as plain test classes.

Derive a class whose name begins with `Test`, give it `make`, and pytest runs the suite against your adapter:

    class TestMyBlocks(BlocksSuite):
        def make(self, directory: Path) -> Blocks:
            return MyBlocks(directory)
"""

from leither.testing.suites.blocks import BlocksSuite
from leither.testing.suites.network import NetworkSuite
from leither.testing.suites.seeds import SeedsSuite
from leither.testing.suites.state import StateSuite
from leither.testing.suites.sweep import SweepSuite

__all__ = ["BlocksSuite", "NetworkSuite", "SeedsSuite", "StateSuite", "SweepSuite"]
