"""How answers look."""

import pytest

from leither.cli.output import Output, clean, count, moment, size


@pytest.mark.parametrize(
    ("size_bytes", "shown"),
    [(0, "0 bytes"), (1023, "1,023 bytes"), (1024, "1.0 KiB"), (1_500_000, "1.4 MiB"), (1 << 60, "1,024.0 PiB")],
)
def test_a_size_is_shown_in_the_largest_unit_that_fits(size_bytes: int, shown: str) -> None:
    assert size(size_bytes) == shown


def test_an_unknown_size_stays_unknown() -> None:
    assert size(None) is None


@pytest.mark.parametrize("hostile", ["\x1b[2J", "a\rb", "\x9b31m", "\u202egnp.exe", "\u2066x", "\ud800"])
def test_a_name_can_not_steer_the_terminal(hostile: str) -> None:
    shown = clean(hostile)
    assert shown != hostile
    assert "\\" in shown
    shown.encode()


@pytest.mark.parametrize("plain", ["index.html", "Grüße", "写真", "👍🏽 ok", "עברית"])
def test_ordinary_names_stay_as_they_are(plain: str) -> None:
    assert clean(plain) == plain


def test_a_time_is_shown_to_the_minute() -> None:
    assert (moment("2026-01-02T03:04:05Z") or "")[4:8] == "-01-"
    assert moment(None) is None


def test_counts_take_the_right_word() -> None:
    assert [count(1, "file"), count(2000, "file")] == ["1 file", "2,000 files"]


def test_a_table_in_a_pipe_is_lines_with_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=False).table(("name", "n"), [("a\tb", None), ("c", 2)], empty="none")
    assert capsys.readouterr().out == "a\\x09b\t–\nc\t2\n"


def test_an_empty_table_says_so_beside_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=False).table(("name",), [], empty="nothing here")
    assert capsys.readouterr() == ("", "nothing here\n")


def test_fields_stand_in_line(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=False).fields([("id", "x"), ("longer", 3), ("absent", None)])
    assert capsys.readouterr().out == "id      x\nlonger  3\n"
