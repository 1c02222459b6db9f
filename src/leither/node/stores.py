"""Which engine keeps the blocks."""

from leither.config import Settings
from leither.errors import InputError
from leither.node.home import Home
from leither.ports import Blocks
from leither.store import PackBlocks


class StoreNotBuilt(InputError):
    """The settings name a store that this version can't use."""

    code = "store-not-built"

    def __init__(self, store: str) -> None:
        self.store = store
        super().__init__(f'blocks can\'t be kept in {store} by this version; set store = "pack"')


def open_blocks(settings: Settings, home: Home) -> Blocks:
    """Open the block store that the settings name. Raises: what that store raises."""
    if settings.store == "pack":
        return PackBlocks(home.blocks)
    raise StoreNotBuilt(settings.store)
