"""The vectors of grants, what was taken back, and proofs of who asks. Those of the records are with all others."""

import hashlib

import cbor2

from leither.codec import DAG_CBOR, Block, Cid
from leither.merkle import Nodes
from leither.people.chain import prove_chain
from leither.people.passport import check_passport
from leither.people.presentation import Presentation, check_presentation, request_digest
from leither.people.revoked import check_revoked, revoke
from tests.unit.mimei.test_vectors import Case, accepts, data_of, each, error_code, grammar
from tools.vector_cases.presentations import arguments, shown


@each("valid", "grant-chain")
def test_a_chain_of_grants_is_proved(name: str, case: Case) -> None:
    chain = prove_chain(data_of(case))
    assert (chain.root.hex(), chain.to.hex(), int(chain.acts)) == (case["root"], case["to"], case["rights"])
    assert tuple(chain.period) == (case["from"], case["until"])
    assert sorted(one.hex() for one in chain.names) == case["names"]


@each("invalid", "grant-chain")
def test_a_chain_of_grants_that_does_not_hold_is_refused_with_its_code(name: str, case: Case) -> None:
    assert error_code(lambda: prove_chain(data_of(case))) == case["error"]


@each("valid", "revoked")
def test_what_was_taken_back_gives_its_root(name: str, case: Case) -> None:
    blocks: dict[Cid, bytes] = {}
    names = [bytes.fromhex(one) for one in case["names"]]
    root = revoke(Nodes(blocks.__getitem__, lambda block: blocks.update([block])), None, names)
    check_revoked(blocks.__getitem__, root)
    assert root.text == case["root"]
    assert all(accepts(grammar("revoked"), cbor2.dumps({"key": one, "value": b"\x80"})) for one in names)


@each("invalid", "revoked")
def test_another_map_of_what_was_taken_back_is_refused_with_its_code(name: str, case: Case) -> None:
    blocks = dict(Block.of(DAG_CBOR, bytes.fromhex(block)) for block in case["blocks"])
    assert error_code(lambda: check_revoked(blocks.__getitem__, Cid.parse(case["root"]))) == case["error"]


@each("valid", "presentation-check")
def test_a_presentation_that_counts_shows_who_asks(name: str, case: Case) -> None:
    assert shown(check_presentation(Presentation.decode(data_of(case)), **arguments(case))) == case["visit"]


@each("invalid", "presentation-check")
def test_a_presentation_that_does_not_count_is_refused_with_its_code(name: str, case: Case) -> None:
    shown_one = Presentation.decode(data_of(case))
    assert error_code(lambda: check_presentation(shown_one, **arguments(case))) == case["error"]


@each("valid", "request")
def test_a_request_has_its_digest(name: str, case: Case) -> None:
    body = hashlib.sha256(bytes.fromhex(case["body"])).digest()
    assert request_digest(case["method"].encode(), case["target"].encode(), body).hex() == case["digest"]


@each("valid", "passport")
def test_a_passport_that_counts_shows_who_enters(name: str, case: Case) -> None:
    assert accepts(grammar("passport"), cbor2.dumps(case["passport"]))
    assert shown(check_passport(case["passport"], **arguments(case))) == case["visit"]


@each("invalid", "passport")
def test_a_passport_that_does_not_count_is_refused_with_its_code(name: str, case: Case) -> None:
    assert error_code(lambda: check_passport(case["passport"], **arguments(case))) == case["error"]
