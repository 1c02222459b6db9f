"""Sealed blocks and key rings, under keys of fixed seeds."""

import cbor2

from leither import limits
from leither.codec import DAG_CBOR, DAG_PB, EMPTY_RAW, RAW, Block, Cid, dagcbor
from leither.codec.sealed import name_links, write_head
from leither.crypto import EpochKey, epoch_secret, seal_key, wrap
from leither.mimei.key_ring import KeyRing, make_ring
from leither.mimei.sealing import seal
from tools.vector_cases.case import AUTHOR, SEEDS, Case, changed, cid, flipped, invalid, valid
from tools.vector_cases.records import bad_of_any, bad_signatures

_MIMEI = bytes(range(20))
_SECRETS = [epoch_secret(SEEDS["author"], _MIMEI, epoch) for epoch in range(2)]
_KEYS = [EpochKey(secret, epoch) for epoch, secret in enumerate(_SECRETS)]
_READERS = [seal_key(SEEDS[name]) for name in ("author", "writer")]
_LEAF = Block.of(RAW, b"a letter to a friend")
_SEALED_LEAF = seal(_KEYS[0], _LEAF, ())
_NODE = Block.of(DAG_CBOR, dagcbor.encode({"page": _LEAF.cid, "again": _LEAF.cid}))
_SEALED_NODE = seal(_KEYS[1], _NODE, (_SEALED_LEAF.cid, _SEALED_LEAF.cid))
_FIRST = make_ring(_MIMEI, _KEYS[0], [reader.public for reader in _READERS], previous=None, author=AUTHOR)
_SECOND = make_ring(_MIMEI, _KEYS[1], [_READERS[0].public], previous=_KEYS[0], author=AUTHOR)
_CHAINED = make_ring(_MIMEI, _KEYS[1], [_READERS[0].public], previous=_KEYS[0], author=AUTHOR, before=_FIRST.cid)
_NOT, _BROKEN = "not-sealed", "seal-broken"


def blocks() -> list[Case]:
    """Return plaintext blocks with what they link to, and their sealed form."""
    version = Block.of(DAG_CBOR, b"\xa1\x61v\x01")  # how a version's bytes read doesn't matter to its sealing
    made: dict[str, tuple[EpochKey, Block, tuple[Cid, ...], tuple[Cid, ...]]] = {
        "a leaf": (_KEYS[0], _LEAF, (), ()),
        "the same leaf in the next epoch": (_KEYS[1], _LEAF, (), ()),
        "no bytes": (_KEYS[0], Block(EMPTY_RAW, b""), (), ()),
        "no bytes, under another codec": (_KEYS[0], Block.of(DAG_PB, b""), (), ()),
        "one that links twice to a block of another epoch": (
            _KEYS[1],
            _NODE,
            (_SEALED_LEAF.cid, _SEALED_LEAF.cid),
            (),
        ),
        "one that links to a block with links": (_KEYS[1], _NODE, (_SEALED_NODE.cid,) * 2, ()),
        "one that stands on another, which it does not hold": (
            _KEYS[1],
            version,
            (_SEALED_NODE.cid,),
            (cid("a sealed version"),),
        ),
        "one that stands on what was not sealed here": (_KEYS[1], version, (_SEALED_NODE.cid,), (EMPTY_RAW,)),
        "an epoch of two bytes": (EpochKey(_SECRETS[0], 24), _LEAF, (), ()),
        "the last epoch": (EpochKey(_SECRETS[0], limits.KEY_EPOCH_MAX), _LEAF, (), ()),
        "24 links": (_KEYS[0], _LEAF, (_SEALED_LEAF.cid,) * 24, ()),
    }
    found: list[Case] = []
    for name, (key, block, links, before) in made.items():
        sealed = seal(key, block, links, before)
        found.append(
            {
                "name": name,
                "epoch": key.epoch,
                "epoch_key": key.secret.hex(),
                "plaintext": block.data.hex(),
                "plaintext_cid": block.cid.text,
                "links": [link.text for link in links],
                "before": [link.text for link in before],
                "hex": sealed.data.hex(),
                "cid": sealed.cid.text,
            }
        )
    return found


def _array(**fields: object) -> bytes:
    """Return the sealed leaf's array with other members."""
    made: dict[str, object] = {
        "v": 1,
        "epoch": 0,
        "nonce": bytes(24),
        "links": [],
        "before": [],
        "ciphertext": bytes(16),
    }
    return cbor2.dumps(list((made | fields).values()), canonical=True)


def _tag(payload: bytes, number: int = 42) -> cbor2.CBORTag:
    return cbor2.CBORTag(number, payload)


def bad_blocks() -> list[Case]:
    """Return bytes that are no sealed block, and sealed blocks that don't hold what they are said to."""
    link = b"\0" + _SEALED_LEAF.cid
    seen = {
        "no bytes": b"",
        "a map": b"\xa0",
        "five members, without before": cbor2.dumps([1, 0, bytes(24), [], bytes(16)]),
        "seven members": cbor2.dumps([1, 0, bytes(24), [], [], bytes(16), 0]),
        "version 2 of the format": _array(v=2),
        "a negative epoch": _array(epoch=-1),
        "an epoch of 2^63": _array(epoch=1 << 63),
        "text for the epoch": _array(epoch="0"),
        "a nonce of 23 bytes": _array(nonce=bytes(23)),
        "a nonce of 25 bytes": _array(nonce=bytes(25)),
        "null for the links": _array(links=None),
        "bytes for a link": _array(links=[link]),
        "a link under another tag": _array(links=[_tag(link, 43)]),
        "a link of 36 bytes": _array(links=[_tag(link[:-1])]),
        "a link of 38 bytes": _array(links=[_tag(link + b"\0")]),
        "257 versions before": _array(before=[_tag(link)] * 257),
        "text for the ciphertext": _array(ciphertext="a" * 16),
        "cut off in the nonce": _array()[:20],
        "cut off in a link": _array(links=[_tag(link)])[:50],
        "cut off in the ciphertext": _array()[:-1],
    }
    unseen = {
        "a ciphertext of 15 bytes": _array(ciphertext=bytes(15)),
        "an epoch longer than need be": b"\x86\x01\x18\x00" + _array()[3:],
        "a length longer than need be": _array()[:-17] + b"\x58\x10" + bytes(16),
        "links of indefinite length": _array().replace(b"\x80\x80\x50", b"\x9f\xff\x80\x50"),
        "a byte behind it": _array() + b"\0",
        "a link to a codec that sealed blocks don't have": _array(links=[_tag(b"\0" + cid("x", DAG_PB))]),
        "a link with another hash": _array(links=[_tag(b"\0\x01\x55\x13\x20" + bytes(32))]),
        "a link that does not begin with 0": _array(links=[_tag(b"\x01" + _SEALED_LEAF.cid)]),
    }
    found = [invalid(name, data, _NOT) for name, data in seen.items()]
    found += [invalid(name, data, _NOT, grammar=False) for name, data in unseen.items()]
    return found + _broken()


def _broken() -> list[Case]:
    """Return sealed blocks of good form that don't open as `plaintext_cid` with `epoch_key`."""
    leaf = _SEALED_LEAF.data
    other = Block.of(RAW, b"another letter")
    named = name_links((), ())
    chosen = bytes(range(24))
    head = write_head(0, chosen, named, len(_LEAF.data) + 16)
    swapped = _KEYS[0].nonce(named + _LEAF.cid)
    other_head = write_head(0, swapped, named, len(other.data) + 16)
    cases = {
        "a flipped bit of the nonce": flipped(leaf, 8 * 6),
        "a flipped bit of the ciphertext": flipped(leaf, 8 * 33),
        "a flipped bit of the tag": flipped(leaf, 8 * len(leaf) - 1),
        "another epoch put in": leaf[:2] + b"\x01" + leaf[3:],
        "a link put in": leaf.replace(b"\x80\x80", name_links((_SEALED_LEAF.cid,), ()), 1),
        "sealed under another key": seal(EpochKey(_SECRETS[1], 0), _LEAF, ()).data,
        "another block": seal(_KEYS[0], other, ()).data,
        "a chosen nonce": head + _KEYS[0].seal(chosen, head, _LEAF.data),
        "another block under this one's nonce": other_head + _KEYS[0].seal(swapped, other_head, other.data),
    }
    told = {
        "epoch_keys": [secret.hex() for secret in _SECRETS],
        "plaintext_cid": _LEAF.cid.text,
    }
    return [invalid(name, data, _BROKEN, grammar=False) | told for name, data in cases.items()]


def key_rings() -> list[Case]:
    """Return key rings; `opens` gives the seed of each reader and the key it finds."""
    many = make_ring(
        _MIMEI, _KEYS[1], [seal_key(bytes([n]) * 32).public for n in range(1, 9)], previous=_KEYS[0], author=AUTHOR
    )
    rings: dict[str, tuple[KeyRing, list[str]]] = {
        "the first epoch, two readers": (_FIRST, [SEEDS["author"].hex(), SEEDS["writer"].hex()]),
        "the next epoch, from which a reader was left out": (_SECOND, [SEEDS["author"].hex()]),
        "the next epoch, which names the ring before": (_CHAINED, [SEEDS["author"].hex()]),
        "eight readers": (many, [(bytes([n]) * 32).hex() for n in range(1, 9)]),
    }
    return [
        valid(
            name,
            ring,
            signer_seed=SEEDS["author"].hex(),
            reader_seeds=readers,
            epoch_key=_SECRETS[ring.key_epoch].hex(),
            previous_key=_SECRETS[ring.key_epoch - 1].hex() if ring.key_epoch else None,
        )
        for name, (ring, readers) in rings.items()
    ]


def bad_key_rings() -> list[Case]:
    """Return what is no key ring."""
    keys = list(_FIRST.keys)
    seen: dict[str, dict[str, object]] = {
        "no keys": {"keys": []},
        "1,025 keys": {"keys": sorted(n.to_bytes(80) for n in range(limits.READERS_MAX + 1))},
        "a key a byte short": {"keys": [keys[0][:-1]]},
        "a key a byte longer": {"keys": [keys[0] + b"\0"]},
        "a negative epoch": {"key_epoch": -1},
        "an epoch of 2^63": {"key_epoch": 1 << 63},
        "the key before a byte short": {"key_epoch": 1, "previous": bytes(47)},
        "null for the key before": {"previous": None},
        "bytes for the ring before": {"key_epoch": 1, "previous": bytes(48), "before": bytes(36)},
    }
    unseen: dict[str, dict[str, object]] = {
        "keys out of order": {"keys": keys[::-1]},
        "a key twice": {"keys": [keys[0], keys[0]]},
        "a key before epoch 0": {"previous": bytes(48)},
        "no key before epoch 1": {"key_epoch": 1},
        "a ring before epoch 0": {"before": cid("a ring")},
    }
    found = [invalid(name, changed(_FIRST, **change), "not-a-record") for name, change in seen.items()]
    found += [
        invalid(name, changed(_FIRST, **change), "not-a-record", grammar=False) for name, change in unseen.items()
    ]
    found += bad_of_any(_FIRST, link=None, raw="mimei", text=None)
    forged = changed(_FIRST, keys=[wrap(_SECRETS[1], seal_key(SEEDS["stranger"]).public, b"")])
    return found + bad_signatures(_FIRST, forged)
