"""What the state engines accept as keys and values."""

from leither import limits
from leither.errors import InputError, LimitError


class StateKeyEmpty(InputError):
    """A state key has no bytes."""

    code = "state-key-empty"

    def __init__(self) -> None:
        super().__init__("state key is empty; give it at least one byte")


class StateKeyTooLong(LimitError):
    """A state key exceeds the limit."""

    code = "state-key-too-long"

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        super().__init__(
            f"state key of {size_bytes:,} bytes exceeds the limit of {limits.STATE_KEY_BYTES_MAX:,}; shorten the name"
        )


class StateValueTooLong(LimitError):
    """A state value exceeds the limit."""

    code = "state-value-too-long"

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        super().__init__(
            f"state value of {size_bytes:,} bytes exceeds the limit of {limits.STATE_VALUE_BYTES_MAX:,}; "
            "store it as a file"
        )


def check_entry(key: bytes, value: bytes) -> None:
    """Raises: StateKeyEmpty, StateKeyTooLong, StateValueTooLong."""
    if not key:
        raise StateKeyEmpty
    if len(key) > limits.STATE_KEY_BYTES_MAX:
        raise StateKeyTooLong(len(key))
    if len(value) > limits.STATE_VALUE_BYTES_MAX:
        raise StateValueTooLong(len(value))
