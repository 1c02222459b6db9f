"""Agreeing on a protocol: whatever pieces it comes in, and whatever the other end says."""

import pytest

from leither.wire.multistream import Choice, NegotiationFailed, Proposal, line

HELLO = line("/multistream/1.0.0")


def agreed(proposed: list[str], spoken: set[str], *, step: int = 1 << 20) -> str | None:
    proposal, choice = Proposal(proposed), Choice(spoken)
    outgoing = proposal.start()
    for _ in range(2 * len(proposed) + 2):
        answer = b"".join(choice.receive(outgoing[at : at + step]) for at in range(0, len(outgoing), step))
        outgoing = b"".join(proposal.receive(answer[at : at + step]) for at in range(0, len(answer), step))
        if proposal.agreed is not None:
            assert choice.agreed == proposal.agreed
            return proposal.agreed
    return None


@pytest.mark.parametrize("step", [1, 3, 1 << 20])
@pytest.mark.parametrize("proposed", [["/a"], ["/b", "/a"], ["/b", "/c", "/a"]])
def test_the_first_protocol_that_both_speak_is_agreed_on(proposed: list[str], step: int) -> None:
    assert agreed(proposed, {"/a", "/x"}, step=step) == "/a"


def test_what_comes_behind_the_agreement_is_kept() -> None:
    choice = Choice({"/a"})
    choice.receive(HELLO + line("/a") + b"data")
    assert (choice.agreed, choice.rest) == ("/a", b"data")


def test_where_nothing_is_spoken_nothing_is_agreed_on() -> None:
    with pytest.raises(NegotiationFailed):
        agreed(["/b", "/c"], {"/a"})


@pytest.mark.parametrize(
    "data",
    [line("GET / HTTP/1.1"), b"\x00", b"\xff\xff\x7f", HELLO + b"\x03abc", b"\x80\x80\x80\x80"],
    ids=["another protocol", "empty", "too long", "without its end", "a length without end"],
)
def test_what_is_no_greeting_is_refused(data: bytes) -> None:
    for talk in (Choice({"/a"}), Proposal(["/a"])):
        with pytest.raises(NegotiationFailed):
            talk.receive(data)


def test_who_proposes_without_end_is_refused() -> None:
    choice = Choice({"/a"})
    with pytest.raises(NegotiationFailed):
        choice.receive(HELLO + line("/no") * 100)


def test_an_answer_that_was_not_asked_for_is_refused() -> None:
    proposal = Proposal(["/a"])
    with pytest.raises(NegotiationFailed):
        proposal.receive(HELLO + line("/b"))
