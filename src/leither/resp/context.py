"""What the Redis front door is made over."""

from collections.abc import Callable
from dataclasses import dataclass

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.mimei.version import Version
from leither.resp.execution import Database
from leither.service.engines import Engines
from leither.service.holding import base_version, load
from leither.service.tokens import Tokens


@dataclass(frozen=True, slots=True)
class RedisContext:
    """The node's services. `databases` opens a MiMei of kind `db`, at `cur` (None) or a version."""

    engines: Engines
    tokens: Tokens
    databases: Callable[[MimeiId, Cid | None], Database]

    def last_saved_s(self, mimei: MimeiId) -> int:
        """Return when the newest version of `mimei` was made, in Unix seconds; 0 while there is none."""
        with self.engines.state.read() as view:
            base: Version | None = base_version(self.engines, load(self.engines, view, mimei))
        return 0 if base is None or base.time is None else base.time // 1000
