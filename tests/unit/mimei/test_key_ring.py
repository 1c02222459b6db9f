"""Key ring: who finds which keys in it."""

import pytest

from leither import limits
from leither.crypto import EpochKey, KeyPair, epoch_secret, seal_key
from leither.mimei.key_ring import KeyRing, make_ring, open_rings
from leither.mimei.record import NotARecord
from leither.mimei.sealing import EpochKeyMissing

SEED, MIMEI = bytes(range(32)), bytes(range(20))
AUTHOR = KeyPair(SEED)
ANN, BOB, CARL = (seal_key(bytes([number]) * 32) for number in (1, 2, 3))
KEYS = [EpochKey(epoch_secret(SEED, MIMEI, epoch), epoch) for epoch in range(4)]


def ring(epoch: int, *readers: object) -> KeyRing:
    publics = [reader.public for reader in (ANN, BOB, CARL) if reader in readers]
    return make_ring(MIMEI, KEYS[epoch], publics, previous=KEYS[epoch - 1] if epoch else None, author=AUTHOR)


def test_each_reader_finds_the_key_and_nobody_else_does() -> None:
    made = ring(0, ANN, BOB)
    for reader in (ANN, BOB):
        key = made.open(reader)
        assert key is not None
        assert (key.secret, key.epoch) == (KEYS[0].secret, 0)
    assert made.open(CARL) is None


def test_a_ring_is_the_same_bytes_whoever_makes_it_in_whatever_order() -> None:
    readers = [ANN.public, BOB.public, CARL.public]
    made = {
        make_ring(MIMEI, KEYS[1], order, previous=KEYS[0], author=AUTHOR).encode()
        for order in (readers, readers[::-1], [*readers, readers[0]])
    }
    assert len(made) == 1
    assert KeyRing.decode(made.pop()).check().by == AUTHOR.public


def test_a_ring_does_not_name_its_readers() -> None:
    data = ring(0, ANN, BOB).encode()
    assert all(reader.public not in data for reader in (ANN, BOB))


def test_a_new_reader_reads_what_was_sealed_before() -> None:
    keys = open_rings([ring(2, CARL), ring(1, ANN), ring(0, ANN)], CARL)
    assert keys.current.epoch == 2
    assert [keys.of(epoch).secret for epoch in range(3)] == [key.secret for key in KEYS[:3]]


def test_a_reader_who_left_reads_what_was_sealed_until_then() -> None:
    keys = open_rings([ring(3, ANN), ring(2, ANN), ring(1, ANN, BOB), ring(0, BOB)], BOB)
    assert (keys.current.epoch, sorted(keys.epochs)) == (1, [0, 1])
    with pytest.raises(EpochKeyMissing) as caught:
        keys.of(2)
    assert caught.value.epoch == 2


def test_a_ring_that_is_missing_ends_the_way_back() -> None:
    keys = open_rings([ring(3, ANN), ring(0, BOB)], ANN)
    assert sorted(keys.epochs) == [2, 3]


def test_rings_of_one_epoch_with_other_readers_serve_alike() -> None:
    keys = open_rings([ring(1, ANN), ring(1, BOB)], BOB)
    assert keys.current.secret == KEYS[1].secret


@pytest.mark.parametrize("rings", [[], [ring(0, ANN)], [ring(1, ANN), ring(0, ANN)]])
def test_who_is_no_reader_is_told_which_key_is_missing(rings: list[KeyRing]) -> None:
    with pytest.raises(EpochKeyMissing) as caught:
        open_rings(rings, CARL)
    assert caught.value.epoch == max((one.key_epoch for one in rings), default=0)


def test_a_ring_without_readers_is_none() -> None:
    with pytest.raises(NotARecord):
        make_ring(MIMEI, KEYS[0], [], previous=None, author=AUTHOR)


def test_a_key_of_small_order_is_no_reader_s() -> None:
    with pytest.raises(ValueError, match="shared key"):
        make_ring(MIMEI, KEYS[0], [bytes(32)], previous=None, author=AUTHOR)


def test_a_ring_for_the_most_readers_is_a_record() -> None:
    made = KeyRing(
        mimei=MIMEI,
        key_epoch=0,
        keys=tuple(number.to_bytes(80) for number in range(limits.READERS_MAX)),
        by=AUTHOR.public,
    ).signed(AUTHOR)
    assert KeyRing.decode(made.encode()).check() == made


def test_the_key_before_is_not_found_with_another_mimei_s_ring() -> None:
    other = make_ring(bytes(20), KEYS[1], [ANN.public], previous=KEYS[0], author=AUTHOR)
    moved = KeyRing(
        mimei=other.mimei, key_epoch=1, keys=other.keys, previous=ring(1, ANN).previous, by=AUTHOR.public
    ).signed(AUTHOR)
    assert sorted(open_rings([moved], ANN).epochs) == [1]
