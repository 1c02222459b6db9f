"""One HTTP request, its bounds checked and its headers at hand."""

from urllib.parse import parse_qsl

from leither import limits
from leither.errors import InputError, LimitError
from leither.http.asgi import Scope
from leither.http.segments import split_path


class BadRequest(InputError):
    """The request is malformed."""

    code = "bad-request"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the request is malformed: {reason}")


class HeadersTooLarge(LimitError):
    """The header fields exceed what is read."""

    code = "headers-too-large"

    def __init__(self, size_bytes: int, count: int) -> None:
        self.size_bytes = size_bytes
        self.count = count
        super().__init__(
            f"{count} header fields of {size_bytes:,} bytes exceed the limit of {limits.HEADERS_MAX} fields or "
            f"{limits.HEADER_BYTES_MAX:,} bytes; send fewer"
        )


class UrlTooLong(LimitError):
    """The address exceeds what is read."""

    code = "url-too-long"

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        super().__init__(f"address of {size_bytes:,} bytes exceeds the limit of {limits.URL_BYTES_MAX:,}; shorten it")


class Request:
    """A request, or the handshake of a WebSocket.

    Fields: method: `GET` … (a handshake is a GET). raw_path: as sent, still percent-encoded. headers: by lower-case
    name; of a repeated one the last.
    """

    __slots__ = ("_names", "headers", "method", "raw_path", "raw_query", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.method: str = scope.get("method", "GET")
        self.raw_path: bytes = scope["raw_path"]
        self.raw_query: bytes = scope["query_string"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self._names: tuple[str, ...] | None = None

    def check_bounds(self) -> None:
        """Check sizes and that there is one Host. Raises: UrlTooLong, HeadersTooLarge, BadRequest."""
        size = len(self.raw_path) + len(self.raw_query)
        if size > limits.URL_BYTES_MAX:
            raise UrlTooLong(size)
        fields = self.scope["headers"]
        size = sum([len(name) + len(value) for name, value in fields])
        if size > limits.HEADER_BYTES_MAX or len(fields) > limits.HEADERS_MAX:
            raise HeadersTooLarge(size, len(fields))
        if len(self.headers) != len(fields) and sum(name == b"host" for name, _ in fields) > 1:
            raise BadRequest("more than one Host header")

    @property
    def names(self) -> tuple[str, ...]:
        """The path's decoded segments; a trailing slash adds none. Raises: BadPath."""
        if self._names is None:
            self._names = split_path(self.raw_path)
        return self._names

    @property
    def at_directory(self) -> bool:
        """Whether the path ends with a slash."""
        return self.raw_path.endswith(b"/")

    @property
    def is_read(self) -> bool:
        """Whether the method only reads."""
        return self.method in ("GET", "HEAD")

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; of a repeated one the last. Raises: BadRequest."""
        if not self.raw_query:
            return {}
        try:
            text = self.raw_query.decode("ascii")
            return dict(
                parse_qsl(text, keep_blank_values=True, max_num_fields=limits.QUERY_FIELDS_MAX, errors="strict")
            )
        except ValueError:
            raise BadRequest("the query is not form-encoded UTF-8, or has too many fields") from None

    def header(self, name: bytes) -> str:
        """Return the header's value, empty if absent."""
        return self.headers.get(name, b"").decode("latin-1")
