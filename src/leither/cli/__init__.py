"""The command line. It starts fast: what a command needs is imported when the command runs."""

from leither.cli.program import main

__all__ = ["main"]
