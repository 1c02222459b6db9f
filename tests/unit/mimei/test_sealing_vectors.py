"""The vectors of sealed blocks, key rings and phrases: made again, opened, and refused as they say."""

from __future__ import annotations

import cbor2

from leither.codec import Block, Cid
from leither.codec.sealed import check, read
from leither.crypto import EpochKey, read_phrase, seal_key, write_phrase
from leither.mimei.key_ring import KeyRing, open_rings
from leither.mimei.sealing import EpochKeys, seal, unseal
from tests.unit.mimei.test_vectors import Case, accepts, data_of, each, error_code, grammar


@each("valid", "sealed-block")
def test_a_block_seals_to_the_same_bytes_and_opens_again(name: str, case: Case) -> None:
    key = EpochKey(bytes.fromhex(case["epoch_key"]), case["epoch"])
    block = Block(Cid.parse(case["plaintext_cid"]), bytes.fromhex(case["plaintext"]))
    links, before = ([Cid.parse(text) for text in case[member]] for member in ("links", "before"))
    sealed = seal(key, block, links, before)
    assert (sealed.data, sealed.cid.text) == (data_of(case), case["cid"])
    found = check(sealed.cid, sealed.data)
    assert (found.epoch, list(found.links), list(found.before)) == (case["epoch"], links, before)
    assert unseal(EpochKeys([key]), block.cid, found) == block.data


@each("valid", "sealed-block")
def test_the_grammar_accepts_a_sealed_block(name: str, case: Case) -> None:
    assert accepts(grammar("sealed-block"), data_of(case))


@each("invalid", "sealed-block")
def test_an_invalid_sealed_block_is_refused_with_its_code(name: str, case: Case) -> None:
    if "plaintext_cid" not in case:
        assert error_code(lambda: read(data_of(case))) == case["error"]
        return
    keys = EpochKeys(EpochKey(bytes.fromhex(secret), epoch) for epoch, secret in enumerate(case["epoch_keys"]))
    sealed = read(data_of(case))
    assert error_code(lambda: unseal(keys, Cid.parse(case["plaintext_cid"]), sealed)) == case["error"]


@each("invalid", "sealed-block")
def test_the_grammar_refuses_what_it_can_see_of_a_sealed_block(name: str, case: Case) -> None:
    assert accepts(grammar("sealed-block"), data_of(case)) is not case["refused_by_grammar"]


@each("valid", "key-ring")
def test_a_key_ring_opens_for_its_readers_alone(name: str, case: Case) -> None:
    ring = KeyRing.decode(data_of(case)).check()
    for seed in case["reader_seeds"]:
        keys = open_rings([ring], seal_key(bytes.fromhex(seed)))
        assert keys.of(ring.key_epoch).secret.hex() == case["epoch_key"]
        if case["previous_key"] is not None:
            assert keys.of(ring.key_epoch - 1).secret.hex() == case["previous_key"]
    assert ring.open(seal_key(bytes(32))) is None


@each("valid", "phrase")
def test_a_seed_is_written_and_read_as_words(name: str, case: Case) -> None:
    assert write_phrase(bytes.fromhex(case["seed"])) == case["phrase"]
    assert read_phrase(case["phrase"]).hex() == case["seed"]
    assert accepts(grammar("phrase"), cbor2.dumps(case["phrase"]))


@each("invalid", "phrase")
def test_words_that_give_no_seed_are_refused_with_their_code(name: str, case: Case) -> None:
    assert error_code(lambda: read_phrase(case["phrase"])) == case["error"]


def test_the_grammar_of_a_phrase_refuses_another_number_of_words() -> None:
    schema = grammar("phrase")
    assert not any(accepts(schema, cbor2.dumps(" ".join(["zoo"] * count))) for count in (0, 12, 23, 25))
