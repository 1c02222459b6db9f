"""The list of a directory, as a small page."""

from html import escape
from urllib.parse import quote

from leither import limits
from leither.web.notice import page


def listing(title: str, entries: list[tuple[str, bool]], *, complete: bool, at_root: bool) -> bytes:
    """Return a page with the entries (name, whether a directory), linked relative to the page's own address."""
    rows = [] if at_root else ['<li><a href="../">../</a></li>']
    for name, is_directory in entries:
        slash = "/" if is_directory else ""
        # Printable or not, a lone colon in a first segment would read as a scheme.
        rows.append(f'<li><a href="./{quote(name, safe="")}{slash}">{escape(name)}{slash}</a></li>')
    if not complete:
        rows.append(f"<li>only the first {limits.LISTED_ENTRIES_MAX:,} are shown</li>")
    return page(title, f"<ul>{''.join(rows) or '<li>empty</li>'}</ul>")
