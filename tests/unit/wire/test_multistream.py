"""Two ends agree on a protocol, in whatever pieces the lines come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither.wire.multistream import Choice, NegotiationFailed, Proposal, line

HELLO = line("/multistream/1.0.0")
names = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6, unique=True)


@given(names, st.sets(st.sampled_from("abcdef")), st.integers(1, 40))
def test_the_first_protocol_that_both_speak_is_agreed_on(asked: list[str], spoken: set[str], piece: int) -> None:
    proposal, choice = Proposal(asked), Choice(spoken)
    to_choice, to_proposal = proposal.start(), b""
    wanted = next((name for name in asked if name in spoken), None)
    try:
        while proposal.agreed is None:
            to_proposal += choice.receive(to_choice[:piece])
            to_choice = to_choice[piece:]
            to_choice += proposal.receive(to_proposal[:piece])
            to_proposal = to_proposal[piece:]
    except NegotiationFailed:
        assert wanted is None
        return
    assert (proposal.agreed, choice.agreed) == (wanted, wanted)


def test_what_comes_behind_the_agreement_is_kept() -> None:
    choice = Choice({"/x"})
    choice.receive(HELLO + line("/x") + b"data")
    assert choice.rest == b"data"
    proposal = Proposal(["/x"])
    proposal.receive(HELLO + line("/x") + b"more")
    assert proposal.rest == b"more"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (line("/else/1.0.0"), "it greets with"),
        (b"\x00", "a line of 0 bytes"),
        (b"\xff\xff\x01", "a line of"),
        (b"\x03abc", "does not end"),
        (b"\x80\x00", "varint"),
        (HELLO + line("/n") * 65, "not spoken here"),
    ],
)
def test_who_does_not_speak_it_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(NegotiationFailed, match=says):
        Choice(()).receive(data)


@pytest.mark.parametrize(
    ("data", "says"),
    [(line("na"), "it greets with"), (HELLO + line("/y"), "it answers '/y'"), (HELLO + line("na"), "none of those")],
)
def test_an_answer_that_is_none_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(NegotiationFailed, match=says):
        Proposal(["/x"]).receive(data)


@given(st.binary(max_size=100))
def test_any_bytes_are_lines_or_refused(data: bytes) -> None:
    try:
        Choice({"/x"}).receive(data)
    except NegotiationFailed:
        return
