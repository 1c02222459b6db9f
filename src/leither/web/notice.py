"""The few small pages the gateway itself shows: not found, a directory's list, entering a private app."""

from html import escape

from leither.http.asgi import Header

HTML = b"text/html; charset=utf-8"
HEADERS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
)
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:12vh auto 4rem;padding:0 1.25rem;"
    "color:#1c2430;background:#fbfaf8}"
    "h1{font-size:1.5rem;font-weight:600;line-height:1.25;overflow-wrap:anywhere}"
    "a{color:#0b5f6b}code{font-family:ui-monospace,monospace;font-size:.92em;background:#efece6;padding:.1em .35em;"
    "border-radius:.3em;overflow-wrap:anywhere}"
    "ul{list-style:none;padding:0}li{padding:.3rem 0;border-bottom:1px solid #e4e0d8;overflow-wrap:anywhere}"
    "@media(prefers-color-scheme:dark){body{color:#e6e9ee;background:#14181d}a{color:#6cc5d1}"
    "code{background:#232a32}li{border-color:#2a323b}}"
)


def page(title: str, body: str) -> bytes:
    """Return a page. `title` is text; `body` is HTML, its variable parts escaped."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    ).encode()


def not_found(path: str) -> bytes:
    """Return the page for a path that an app does not have."""
    return page(
        "Nothing here",
        f'<p>This app has nothing at <code>{escape(path)}</code>.</p><p><a href="/">Its first page</a></p>',
    )


def denied(content: str) -> bytes:
    """Return the page for what a denylist rules out."""
    return page(
        "This is not given out here",
        f"<p><code>{escape(content)}</code> stands on a denylist of this node, so it is given to nobody. "
        "Other nodes may have other lists.</p>",
    )


def nothing_released(mimei: str, node_url: str) -> bytes:
    """Return the page of an origin that serves nothing: absent, private and unreleased look alike."""
    return page(
        "Nothing is released here",
        f"<p>No app is served at this address, or it is private.</p>"
        f"<p>If it is yours, release a version of it: <code>leither release {escape(mimei)}</code></p>"
        f"<p>To open a private app, follow its link from <a href='{escape(node_url)}'>this node's page</a>, "
        f"or print one: <code>leither link --for {escape(mimei)}</code></p>",
    )


def link_used(node_url: str) -> bytes:
    """Return the page of an entry link that leads nowhere any more."""
    return page(
        "This link was used or has expired",
        f"<p>A link to a private app works once, for ten minutes. "
        f"Open the app again from <a href='{escape(node_url)}'>this node's page</a>.</p>",
    )
