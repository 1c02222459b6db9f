"""Expecting errors without a test framework."""

from collections.abc import Callable
from typing import TypeVar

E = TypeVar("E", bound=BaseException)


def raised(kind: type[E], act: Callable[[], object]) -> E:
    """Return the error of `kind` that `act` raises. Raises: AssertionError: if it raises none."""
    try:
        act()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")
