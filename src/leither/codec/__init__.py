"""Bytes and their names: CIDs, canonical DAG-CBOR, blocks, varints, CAR archives."""

from leither.codec.block import Block, BlockMismatch, BlockMissing, BlockTooLarge
from leither.codec.cid import CID_BYTES, DAG_CBOR, DAG_PB, EMPTY_RAW, RAW, Cid, NotACid
from leither.codec.dagcbor import NotCanonical, RecordTooLarge

__all__ = [
    "CID_BYTES",
    "DAG_CBOR",
    "DAG_PB",
    "EMPTY_RAW",
    "RAW",
    "Block",
    "BlockMismatch",
    "BlockMissing",
    "BlockTooLarge",
    "Cid",
    "NotACid",
    "NotCanonical",
    "RecordTooLarge",
]
