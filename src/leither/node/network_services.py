"""What a node does on its network beside being there."""

from contextlib import ExitStack
from typing import Self

from leither.ports import Network
from leither.service.engines import Engines
from leither.service.following import Following
from leither.service.metered import MeteredNetwork
from leither.service.pairs import Pairs
from leither.service.traffic import Traffic


class NetworkServices:
    """The services over one network, from `start` to `close`. All that they move is counted in `traffic`."""

    def __init__(self, engines: Engines, network: Network) -> None:
        self._stack = ExitStack()
        self.traffic = Traffic(engines.clock)
        metered = MeteredNetwork(network, self.traffic)
        self.following = Following(engines, metered)
        self.pairs = Pairs(engines, metered)

    def start(self) -> Self:
        """Answer others, and go on with what was begun."""
        self._stack.callback(self.following.close)
        self.following.start()
        self._stack.callback(self.pairs.close)
        self.pairs.start()
        return self

    def close(self) -> None:
        """End all of it. Idempotent."""
        self._stack.close()
