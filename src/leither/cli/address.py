"""From what people type to an id: the id itself, its beginning, or its mark; `@` and a version may follow."""

from dataclasses import dataclass
from typing import Any

from leither.cli.api import Api
from leither.errors import Conflict, InputError, NotFound

PREFIX_CHARACTERS_MIN = 4
_SHOWN_MAX = 5


class NoSuchMimei(NotFound):
    """No MiMei of this node is called so."""

    code = "no-such-mimei"

    def __init__(self, given: str) -> None:
        self.given = given[:200]
        super().__init__(
            f"no MiMei here is called {self.given!r}: no id, no mark, not the first {PREFIX_CHARACTERS_MIN} or more "
            "characters of an id; `leither mm list` shows them"
        )


class AmbiguousName(Conflict):
    """Several MiMei are called so."""

    code = "ambiguous-name"

    def __init__(self, given: str, found: list[dict[str, Any]]) -> None:
        self.given = given[:200]
        self.ids = [info["id"] for info in found]
        shown = ", ".join(
            f"{info['id']} ({info['mark'] or info['app'] or info['type']})" for info in found[:_SHOWN_MAX]
        )
        more = f" and {len(found) - _SHOWN_MAX} more" if len(found) > _SHOWN_MAX else ""
        super().__init__(f"{len(found)} MiMei are called {self.given!r}: {shown}{more}; use the whole id of one")


class VersionNotWanted(InputError):
    """A version was named where the MiMei as a whole is meant."""

    code = "version-not-wanted"

    def __init__(self, given: str) -> None:
        self.given = given[:200]
        super().__init__(
            f"{self.given!r} names a version, and this command is about the MiMei as a whole; "
            "leave out @ and what follows"
        )


@dataclass(frozen=True, slots=True)
class Named:
    """A MiMei as it was named: its id, and the version after `@`, if any."""

    id: str
    selector: str | None = None

    @property
    def ref(self) -> str:
        """The text that the API takes."""
        return self.id if self.selector is None else f"{self.id}@{self.selector}"


def resolve(api: Api, given: str) -> Named:
    """Return what `given` names. Raises: NoSuchMimei, AmbiguousName, NotAnAddress.

    Cost: a listing, unless it is a whole id.
    """
    # Both bring libsodium along, which no help page needs.
    from leither.crypto.ids import ID_TEXT
    from leither.mimei.address import parse_selector

    name, separator, selector = given.rpartition("@")
    if ID_TEXT.fullmatch(given):
        return Named(given)
    if separator and ID_TEXT.fullmatch(name):
        parse_selector(selector)
        return Named(name, selector)
    held = list(api.pages("/mimei", cursor="cursor"))
    # A mark may hold an @ itself, so the text as a whole is tried first.
    for text, version in ((given, None), (name, selector) if selector else ("", None)):
        found = [info for info in held if _is_called(info, text)] if text else []
        if len(found) > 1:
            raise AmbiguousName(text, found)
        if found:
            if version is not None:
                parse_selector(version)
            return Named(found[0]["id"], version)
    raise NoSuchMimei(given)


def resolve_whole(api: Api, given: str) -> str:
    """Return the id of the MiMei that `given` names, without a version. Raises: VersionNotWanted and as `resolve`."""
    named = resolve(api, given)
    if named.selector is not None:
        raise VersionNotWanted(given)
    return named.id


def _is_called(info: dict[str, Any], text: str) -> bool:
    return bool(info["mark"] == text or (len(text) >= PREFIX_CHARACTERS_MIN and info["id"].startswith(text)))
