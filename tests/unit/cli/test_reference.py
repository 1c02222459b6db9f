"""The reference of the command line is what the commands say."""

from tests.meta.tree import ROOT
from tools.command_page import command_page


def test_the_page_of_commands_is_up_to_date() -> None:
    assert (ROOT / "docs/reference/cli.md").read_text("utf-8") == command_page(), "run `make fix`"
