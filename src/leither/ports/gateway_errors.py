"""What can go wrong with a gateway, whatever carries it."""

from leither.errors import InputError, PeerError


class BadGatewayUrl(InputError):
    """The text is no address of a gateway."""

    code = "bad-gateway-url"

    def __init__(self, given: str, reason: str) -> None:
        self.given = given[:300]
        self.reason = reason
        super().__init__(
            f"{self.given!r} is not the address of a gateway: {reason}; expected http://host:port or https://host"
        )


class GatewayFailed(PeerError):
    """A gateway did not answer, or not as one does."""

    code = "gateway-failed"

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"the gateway {url} gave no block: {reason}; another provider is asked if there is one")
