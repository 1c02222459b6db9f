"""Expecting errors, and none, without a test framework."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from leither.ports import Checked, Fault

E = TypeVar("E", bound=BaseException)


def raised(kind: type[E], act: Callable[[], object]) -> E:
    """Return the error of `kind` that `act` raises. Raises: AssertionError: if it raises none."""
    try:
        act()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def damage(found: Iterable[Fault | Checked]) -> list[Fault]:
    """Return what a verification found wrong."""
    return [one for one in found if isinstance(one, Fault)]
