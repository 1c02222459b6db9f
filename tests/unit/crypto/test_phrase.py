"""A seed as words and back, and what is said of words that are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither.crypto.phrase import PhraseChecksum, PhraseLength, UnknownWord, read_phrase, write_phrase

# The published vectors of BIP-39 (English) that have 32 bytes.
PUBLISHED = {
    "00" * 32: "abandon " * 23 + "art",
    "7f" * 32: (
        "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful "
        "legal winner thank year wave sausage worth title"
    ),
    "80" * 32: (
        "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid "
        "letter advice cage absurd amount doctor acoustic bless"
    ),
    "ff" * 32: "zoo " * 23 + "vote",
    "68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c": (
        "hamster diagram private dutch cause delay private meat slide toddler razor book "
        "happy fancy gospel tennis maple dilemma loan word shrug inflict delay length"
    ),
    "9f6a2878b2520799a44ef18bc7df394e7061a224d2c33cd015b157d746869863": (
        "panda eyebrow bullet gorilla call smoke muffin taste mesh discover soft ostrich "
        "alcohol speed nation flash devote level hobby quick inner drive ghost inside"
    ),
    "066dca1a2bb7e8a1db2832148ce9933eea0f3ac9548d793112d9a95c9407efad": (
        "all hour make first leader extend hole alien behind guard gospel lava "
        "path output census museum junior mass reopen famous sing advance salt reform"
    ),
    "f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f": (
        "void come effort suffer camp survey warrior heavy shoot primary clutch crush "
        "open amazing screen patrol group space point ten exist slush involve unfold"
    ),
}
PHRASE = PUBLISHED["9f6a2878b2520799a44ef18bc7df394e7061a224d2c33cd015b157d746869863"]


def with_word(position: int, word: str) -> str:
    words = PHRASE.split()
    words[position - 1] = word
    return " ".join(words)


@pytest.mark.parametrize(("seed", "phrase"), PUBLISHED.items(), ids=[seed[:8] for seed in PUBLISHED])
def test_a_published_vector_is_written_and_read(seed: str, phrase: str) -> None:
    assert write_phrase(bytes.fromhex(seed)) == phrase
    assert read_phrase(phrase).hex() == seed


@given(st.binary(min_size=32, max_size=32))
def test_every_seed_comes_back_from_its_words(seed: bytes) -> None:
    phrase = write_phrase(seed)
    assert len(phrase.split()) == 24
    assert read_phrase(phrase) == seed


def test_case_and_white_space_do_not_matter() -> None:
    assert read_phrase("\n  " + PHRASE.upper().replace(" ", " \t\n")) == read_phrase(PHRASE)


@pytest.mark.parametrize("count", [0, 1, 12, 23, 25])
def test_another_number_of_words_is_told(count: int) -> None:
    with pytest.raises(PhraseLength) as caught:
        read_phrase(" ".join((PHRASE.split() * 2)[:count]))
    assert caught.value.words == count
    assert f"these are {count}" in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("abandoned", "abandon"),
        ("gorila", "gorilla"),
        ("zoe", "zoo"),
        ("tset", "test"),
        ("acess", "access"),
        ("eyebroe", "eyebrow"),
        ("qick", "quick"),
    ],
)
def test_a_word_that_is_nearly_right_is_told_with_what_was_meant(wrong: str, meant: str) -> None:
    with pytest.raises(UnknownWord) as caught:
        read_phrase(with_word(7, wrong))
    assert (caught.value.position, caught.value.word) == (7, wrong)
    assert meant in caught.value.suggestions
    assert len(caught.value.suggestions) <= 3
    told = str(caught.value)
    assert told.startswith(f"word 7 of the recovery phrase, '{wrong}', is not in the list; did you mean ")
    assert meant in told


def test_the_first_four_letters_are_enough_to_know_a_word() -> None:
    with pytest.raises(UnknownWord) as caught:
        read_phrase(with_word(7, "gori"))
    assert caught.value.suggestions == ("gorilla",)


@pytest.mark.parametrize("wrong", ["xqxqxq", "12345678", "é" * 5, "a" * 1000])
def test_a_word_like_no_other_is_told_without_a_guess(wrong: str) -> None:
    with pytest.raises(UnknownWord) as caught:
        read_phrase(with_word(24, wrong))
    assert (caught.value.position, caught.value.suggestions) == (24, ())
    assert len(str(caught.value)) < 200
    assert "look at your note again" in str(caught.value)


def test_the_first_wrong_word_is_the_one_told() -> None:
    with pytest.raises(UnknownWord) as caught:
        read_phrase(with_word(3, "bullit").replace("inside", "insde"))
    assert caught.value.position == 3


def test_words_in_another_order_are_told_by_the_checksum() -> None:
    words = PHRASE.split()
    words[0], words[1] = words[1], words[0]
    with pytest.raises(PhraseChecksum, match="two changed places"):
        read_phrase(" ".join(words))


def test_another_word_of_the_list_is_told_by_the_checksum() -> None:
    with pytest.raises(PhraseChecksum, match="another word of the list"):
        read_phrase(with_word(1, "zoo"))
