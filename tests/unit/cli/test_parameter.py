"""Sizes, spans and moments as people write them."""

import click
import pytest
from click.testing import CliRunner

from leither.cli.parameter import SIZE, Until, how_long


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [("0", 0), ("1500", 1500), ("10K", 10240), ("10KiB", 10240), ("2 MB", 2 << 20), ("3g", 3 << 30), ("7 bytes", 7)],
)
def test_a_size_may_have_a_unit(text: str, size_bytes: int) -> None:
    assert SIZE.convert(text, None, None) == size_bytes


@pytest.mark.parametrize("text", ["", "-1", "1.5G", "ten", "1X", "9" * 30])
def test_what_is_no_size_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(click.BadParameter, match="such as 10G"):
        SIZE.convert(text, None, None)


@pytest.mark.parametrize("text", ["2999-01-01", "2999-01-01T18:00", "2999-01-01T18:00+05:00", "2999-01-01 18:00Z"])
def test_a_moment_is_a_date_with_or_without_a_time_and_a_zone(text: str) -> None:
    assert Until().convert(text, None, None) > 0


@pytest.mark.parametrize(("text", "said"), [("tomorrow", "such as 2027-03-01"), ("1999-01-01", "is over")])
def test_what_is_no_moment_to_come_is_refused(text: str, said: str) -> None:
    with pytest.raises(click.BadParameter, match=said):
        Until().convert(text, None, None)


@click.command()
@how_long("a day")
def span(seconds: int | None) -> None:
    click.echo(str(seconds))


@pytest.mark.parametrize(
    ("given", "printed"),
    [([], "None"), (["--for", "1h"], "3600"), (["--for", "1h", "--until", "2999-01-01"], "either --for, or --until")],
)
def test_a_span_ends_after_a_time_or_at_a_moment(given: list[str], printed: str) -> None:
    assert printed in CliRunner().invoke(span, given).output
