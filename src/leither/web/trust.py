"""`/trust`: the certificate of the node's own authority, and how to make a machine trust it.

Whoever needs it can't check yet that it came from the node. So the page says to compare the fingerprint with the one
that the node's owner sees.
"""

from html import escape

from leither.http.answer import NO_STORE, SAFE
from leither.http.exchange import Exchange
from leither.web import notice
from leither.web.console import NoSuchPage
from leither.web.lan import Authority
from leither.web.settings import WebSettings
from leither.web.trust_steps import FILE_NAME, STEPS, Steps

_MEDIA_TYPES = {"pem": b"application/x-pem-file", "crt": b"application/x-x509-ca-cert"}


class TrustPages:
    """Serves what is below `/trust`."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings

    async def serve(self, exchange: Exchange) -> None:
        """Answer a request. Raises: NoSuchPage: also where the node has no authority. MethodNotAllowed."""
        exchange.require_read()
        path = exchange.request.raw_path
        authority = self._settings.lan.authority if self._settings.lan is not None else None
        if authority is None:
            raise NoSuchPage(path)
        if path in (b"/trust", b"/trust/"):
            await exchange.answer(200, _page(authority), media_type=notice.HTML, headers=(*notice.HEADERS, NO_STORE))
            return
        name, _, ending = path.removeprefix(b"/trust/").decode("latin-1").rpartition(".")
        if name != FILE_NAME or ending not in _MEDIA_TYPES:
            raise NoSuchPage(path)
        body = authority.pem if ending == "pem" else authority.der
        await exchange.answer(200, body, media_type=_MEDIA_TYPES[ending], headers=(*SAFE, NO_STORE))


def _page(authority: Authority) -> bytes:
    bytes_shown = authority.fingerprint.split(":")
    half = len(bytes_shown) // 2
    shown = f"{':'.join(bytes_shown[:half])}:<wbr>{':'.join(bytes_shown[half:])}"
    kinds = "".join(_kind(steps) for steps in STEPS.values())
    return notice.page(
        "Trust this node",
        "<p>This node encrypts with a certificate that it made itself. A machine that trusts the node's authority "
        "shows no warning, and refuses whoever poses as the node. The authority can vouch for private names and "
        "addresses alone, and for nothing on the internet.</p>"
        "<p>First compare. This must be the fingerprint that the node's owner sees (<code>leither lan</code>), and the "
        f"one your machine shows for the certificate:</p><p><code>{shown}</code></p>"
        f"<p>Where it differs, somebody stands between you and the node: stop there.</p>{kinds}",
    )


def _kind(steps: Steps) -> str:
    items = "".join(map(_step, steps.filled))
    link = f'<li><a href="/trust/{steps.file}">{steps.file}</a>: download it.</li>'
    return f"<details><summary>{escape(steps.title)}</summary><ol>{link}{items}</ol></details>"


def _step(text: str) -> str:
    before, tick, rest = text.partition("`")
    command = f"<code>{escape(rest.rstrip('`'))}</code>" if tick else ""
    return f"<li>{escape(before)}{command}</li>"
