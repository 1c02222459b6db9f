"""One run of the program: what was chosen on the command line, and the way to a node."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from leither.cli.output import Output
from leither.config import Settings, load

if TYPE_CHECKING:
    from leither.cli.api import Api

Connect = Callable[[Settings], "AbstractContextManager[Api]"]


class Session:
    """Settings, output and connection of one run."""

    def __init__(self, *, connect: Connect | None = None, environ: Mapping[str, str] | None = None) -> None:
        self.environ = os.environ if environ is None else environ
        self._chosen: dict[str, object] = {}
        self._json = False
        self._connect = connect
        self.at: str | None = None
        """The address of another node that is asked instead of one's own."""

    def choose(self, name: str, value: object) -> None:
        """Take a choice of the command line: `json`, `at`, or a setting."""
        if name == "json":
            self._json = bool(value)
        elif name == "at":
            self.at = str(value)
        else:
            self._chosen[name] = value
            self.__dict__.pop("_settings", None)

    @property
    def settings(self) -> Settings:
        """The settings, for what is done to the home folder itself. Raises: what `leither.config.load` raises."""
        if self.at is not None:
            raise click.UsageError("this is done on the machine of the node itself; leave out --at")
        return self._settings

    @cached_property
    def _settings(self) -> Settings:
        return load(self._chosen, environ=self.environ)

    @property
    def json(self) -> bool:
        """Whether the answer is one JSON document."""
        return self._json

    @cached_property
    def output(self) -> Output:
        """Where answers go."""
        return Output(json=self._json)

    def api(self) -> AbstractContextManager[Api]:
        """Open a connection to the node that is asked: one's own, or the one at `at`.

        There LEITHER_TOKEN says who asks; without it, one comes as a visitor for this command, by a passport.
        """
        if self.at is None:
            return self.own_api()
        from leither.cli.elsewhere import at, visiting

        token = self.environ.get("LEITHER_TOKEN")
        return at(self.at, token) if token else visiting(self.at, self.own_api)

    def own_api(self) -> AbstractContextManager[Api]:
        """Open a connection to the node of this home folder; without a running one, to one started for this command."""
        if self._connect is None:
            from leither.cli.connection import connect

            token = self.environ.get("LEITHER_TOKEN") if self.at is None else None
            return connect(self._settings, token=token, passphrase=self.passphrase)
        return self._connect(self._settings)

    def passphrase(self) -> str:
        """Return the passphrase of the owner's identity, asked for on the terminal where it is not known."""
        from leither.cli.secret_input import ask_passphrase

        return ask_passphrase(self, None, twice=False)

    def show(self, answer: Any, human: Callable[[Output], object]) -> None:  # noqa: ANN401
        """Print `answer` as JSON, or let `human` print it for people."""
        if self._json:
            self.output.document(answer)
        else:
            human(self.output)


pass_session = click.make_pass_decorator(Session, ensure=True)
