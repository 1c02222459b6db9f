"""Bytes and their names: CIDs, canonical DAG-CBOR, blocks, varints, CAR archives."""

from leither.codec.block import Block, BlockMismatch, BlockMissing, BlockTooLarge
from leither.codec.car import BadCar, CarReader, TooManyRoots, write_block, write_car, write_header
from leither.codec.cid import CID_BYTES, DAG_CBOR, DAG_PB, EMPTY_RAW, RAW, Cid, NotACid
from leither.codec.dagcbor import NotCanonical, RecordTooLarge
from leither.codec.dagpb import BadDagPB
from leither.codec.foreign import AnyCid, ForeignCid, UnsupportedCid
from leither.codec.links import BadDagCbor
from leither.codec.varint import BadVarint

__all__ = [
    "CID_BYTES",
    "DAG_CBOR",
    "DAG_PB",
    "EMPTY_RAW",
    "RAW",
    "AnyCid",
    "BadCar",
    "BadDagCbor",
    "BadDagPB",
    "BadVarint",
    "Block",
    "BlockMismatch",
    "BlockMissing",
    "BlockTooLarge",
    "CarReader",
    "Cid",
    "ForeignCid",
    "NotACid",
    "NotCanonical",
    "RecordTooLarge",
    "TooManyRoots",
    "UnsupportedCid",
    "write_block",
    "write_car",
    "write_header",
]
