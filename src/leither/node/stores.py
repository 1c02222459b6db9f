"""Which engine keeps the blocks."""

from urllib.parse import urlsplit

from leither.config import Settings
from leither.node.home import Home
from leither.ports import Blocks
from leither.store import PackBlocks

_REGION = "us-east-1"


def open_blocks(settings: Settings, home: Home) -> Blocks:
    """Open the block store that the settings name. Raises: what that store raises."""
    if settings.store == "pack":
        return PackBlocks(home.blocks)
    from leither.store.s3 import S3Blocks, open_s3  # its client takes memory that most nodes need not spend

    address = urlsplit(settings.store)
    region = settings.store_region or _REGION
    store = open_s3(
        address.netloc,
        endpoint=settings.store_endpoint or f"https://s3.{region}.amazonaws.com",
        region=region,
        access_key=settings.store_key_id,
        secret_key=settings.store_key,
    )
    prefix = address.path.strip("/")
    # No other node writes below this prefix, so a sweep need not wait for what a stranger is putting there.
    return S3Blocks(store, prefix=f"{prefix}/" if prefix else "blocks/", sweep_age_s=0)
