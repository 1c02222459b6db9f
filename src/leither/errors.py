"""The five families every error of the project belongs to.

    LeitherError
    ├── InputError          what was asked is malformed or can't be done as asked
    │   ├── NotFound        absent, or denied and therefore told as absent
    │   └── Conflict        the present state does not allow it; says what would
    ├── DeniedError         known to be there, and not allowed
    ├── LimitError          a bound was reached: size, count, quota, disk
    ├── CorruptionError     stored bytes are not what they should be
    └── PeerError           another node or a remote store misbehaved or is away

A concrete error is a class of its own, beside the code that raises it, with its data as fields. `code` is stable:
clients may match on it. The message says what, where, which limit, and the remedy.
"""

from typing import ClassVar


class LeitherError(Exception):
    """Base of all errors that are told to users. `code` never changes once released."""

    code: ClassVar[str] = "error"

    @property
    def details(self) -> dict[str, object]:
        """The error's data as plain values, for machine-readable answers."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}


class InputError(LeitherError):
    """The request is malformed, or asks for what can't be done."""

    code = "input"


class NotFound(InputError):
    """What was asked for is absent. A denied read answers with this too."""

    code = "not-found"


class Conflict(InputError):
    """The present state does not allow the request."""

    code = "conflict"


class DeniedError(LeitherError):
    """The caller is known and has no right to do this."""

    code = "denied"


class LimitError(LeitherError):
    """A bound was reached."""

    code = "limit"


class CorruptionError(LeitherError):
    """Stored bytes are not what their name, checksum or signature promises."""

    code = "corrupt"


class PeerError(LeitherError):
    """Another machine misbehaved or can't be reached."""

    code = "peer"
