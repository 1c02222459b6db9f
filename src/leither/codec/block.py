"""A block: bytes under the CID they hash to."""

from typing import NamedTuple, Self

from leither import limits
from leither.codec.cid import Cid
from leither.errors import CorruptionError, LimitError


class Block(NamedTuple):
    """Content-addressed bytes. `Block.of` computes the name; the constructor trusts it."""

    cid: Cid
    data: bytes

    @classmethod
    def of(cls, codec: int, data: bytes) -> Self:
        """Return `data` as a block of `codec`. Raises: BlockTooLarge."""
        if len(data) > limits.BLOCK_BYTES_MAX:
            raise BlockTooLarge(len(data))
        return cls(Cid.of(codec, data), data)

    @classmethod
    def checked(cls, cid: Cid, data: bytes, *, where: str = "what was received") -> Self:
        """Return foreign `data` as the block `cid`. Raises: BlockTooLarge, BlockMismatch. Cost: one SHA-256."""
        if len(data) > limits.BLOCK_BYTES_MAX:
            raise BlockTooLarge(len(data))
        if not cid.matches(data):
            raise BlockMismatch(cid, where)
        return cls(cid, data)


class BlockTooLarge(LimitError):
    """A block exceeds what is stored and exchanged."""

    code = "block-too-large"

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        super().__init__(f"block of {size_bytes:,} bytes exceeds the limit of {limits.BLOCK_BYTES_MAX:,}; split it")


class BlockMismatch(CorruptionError):
    """Bytes don't hash to the CID they are stored or sent under."""

    code = "block-mismatch"

    def __init__(self, cid: Cid, where: str) -> None:
        self.cid = cid.text
        self.where = where
        super().__init__(
            f"block {cid} in {where} does not match its hash; it is refused; restore it from an export or a peer"
        )


class BlockMissing(CorruptionError):
    """A block that something refers to is not stored here."""

    code = "block-missing"

    def __init__(self, cid: Cid) -> None:
        self.cid = cid.text
        super().__init__(f"block {cid} is not stored on this node; import it or fetch it from a peer that holds it")
