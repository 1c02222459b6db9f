"""The hash that places names in sharded directories: murmur3 x64, its first 64 bits (multihash 0x22).

It isn't cryptographic: names with equal hashes can be made at will, so nothing may rest on it but balance.
Source: Austin Appleby, MurmurHash3_x64_128, with seed 0.
"""

from struct import unpack_from

HASH_TYPE = 0x22
HASH_BITS = 64

_MASK = 0xFFFFFFFFFFFFFFFF
_C1 = 0x87C37B91114253D5
_C2 = 0x4CF5AD432745937F


def murmur64(data: bytes) -> int:
    """Return the hash of `data` as a number whose highest bits are consumed first. Cost: some 5 µs for a name."""
    h1 = h2 = 0
    size = len(data)
    whole = size & ~15
    for offset in range(0, whole, 16):
        k1, k2 = unpack_from("<QQ", data, offset)
        h1 ^= _mix(k1, _C1, 31, _C2)
        h1 = ((h1 << 27 & _MASK | h1 >> 37) + h2) * 5 + 0x52DCE729 & _MASK
        h2 ^= _mix(k2, _C2, 33, _C1)
        h2 = ((h2 << 31 & _MASK | h2 >> 33) + h1) * 5 + 0x38495AB5 & _MASK
    if size > whole:
        tail = int.from_bytes(data[whole:], "little")
        if size > whole + 8:
            h2 ^= _mix(tail >> 64, _C2, 33, _C1)
        h1 ^= _mix(tail & _MASK, _C1, 31, _C2)
    h1 ^= size
    h2 ^= size
    h1 = h1 + h2 & _MASK
    h2 = h2 + h1 & _MASK
    return _finish(h1) + _finish(h2) & _MASK


def _mix(k: int, first: int, rotation: int, second: int) -> int:
    k = k * first & _MASK
    return (k << rotation & _MASK | k >> 64 - rotation) * second & _MASK


def _finish(k: int) -> int:
    k = (k ^ k >> 33) * 0xFF51AFD7ED558CCD & _MASK
    k = (k ^ k >> 33) * 0xC4CEB9FE1A85EC53 & _MASK
    return k ^ k >> 33
