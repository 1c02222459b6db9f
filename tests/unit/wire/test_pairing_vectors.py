"""The vectors of pairing: either end says what they say, and what they refuse is refused."""

from __future__ import annotations

from itertools import cycle

import pycddl  # type: ignore[import-untyped]
import pytest

from leither.crypto import PeerId
from leither.people import Device
from leither.wire.pairing import PairingRun, Role
from leither.wire.pairing_messages import Begin, Introduction, Prove, Refuse
from tests.unit.mimei.test_vectors import SPEC, Case, accepts, data_of, each

KINDS = (Begin, Prove, Introduction, Refuse)


def grammar_of(data: bytes) -> pycddl.Schema:
    """The grammar of the kind that `data` says it is, as the validator is lax in choices of maps."""
    found = {data.find(kind.KIND.encode()): kind.KIND.removeprefix("pair-") for kind in KINDS}
    rule = found[min(place for place in found if place >= 0)] if max(found) >= 0 else "pairing"
    return pycddl.Schema(f"given = {rule}\n" + (SPEC / "format" / "pairing.cddl").read_text("utf-8"))


def run_of(case: Case, role: Role, kept: list[Device]) -> PairingRun:
    own, peer = case[role.value], case["shows" if role is Role.ENTERS else "enters"]
    return PairingRun(
        role,
        own=PeerId(own["peer"]),
        peer=PeerId(peer["peer"]),
        code=case["code"],
        introduction=Introduction.decode(bytes.fromhex(own["introduction"])),
        entropy=lambda size: bytes.fromhex(own["chance"])[:size],
        keep=lambda _, device: kept.append(device),
    )


@each("valid", "pairing")
@pytest.mark.parametrize("role", Role)
def test_an_end_says_what_the_vectors_say(role: Role, name: str, case: Case) -> None:
    kept: list[Device] = []
    run = run_of(case, role, kept)
    said = [message.encode().hex() for message in run.begin()]
    for speaker, message in zip(cycle(("enters", "shows")), case["messages"], strict=False):
        if speaker != role.value:
            said += [answer.encode().hex() for answer in run.receive(bytes.fromhex(message))]
    assert said == [
        message
        for speaker, message in zip(cycle(("enters", "shows")), case["messages"], strict=False)
        if speaker == role.value
    ]
    assert run.is_done
    assert len(kept) == 1


@each("valid", "pairing")
def test_the_grammar_takes_every_message(name: str, case: Case) -> None:
    messages = [bytes.fromhex(message) for message in case["messages"]]
    assert [accepts(grammar_of(message), message) for message in messages] == [True] * 6
    for end in ("enters", "shows"):
        assert accepts(grammar_of(b"pair-introduction"), bytes.fromhex(case[end]["introduction"]))


@each("invalid", "pairing")
def test_what_is_no_message_is_refused_with_its_code(name: str, case: Case) -> None:
    errors = set()
    for kind in KINDS:
        try:
            kind.decode(data_of(case))
        except Exception as error:
            errors.add(getattr(error, "code", ""))
        else:
            errors.add("taken")
    assert errors == {case["error"]}
    assert accepts(grammar_of(data_of(case)), data_of(case)) is not case["refused_by_grammar"]
