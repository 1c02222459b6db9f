"""Content types by file name. Nothing is guessed from content, and browsers are told not to guess either."""

from functools import lru_cache
from mimetypes import MimeTypes

UNKNOWN = b"application/octet-stream"

# What pages are made of, fixed here, so that no machine's own table can break them.
_FIXED = {
    "html": "text/html",
    "htm": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "mjs": "text/javascript",
    "cjs": "text/javascript",
    "json": "application/json",
    "map": "application/json",
    "webmanifest": "application/manifest+json",
    "wasm": "application/wasm",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "ico": "image/x-icon",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "ttf": "font/ttf",
    "otf": "font/otf",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "log": "text/plain",
    "xml": "application/xml",
    "atom": "application/atom+xml",
    "pdf": "application/pdf",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "webm": "video/webm",
    "zip": "application/zip",
    "gz": "application/gzip",
    "tar": "application/x-tar",
    "car": "application/vnd.ipld.car",
    "py": "text/x-python",
    "toml": "application/toml",
    "yaml": "application/yaml",
    "yml": "application/yaml",
}
_STANDARD = MimeTypes()


@lru_cache(maxsize=1024)
def media_type(name: str) -> bytes:
    """Return the Content-Type of a file called `name`; text is UTF-8."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    found = _FIXED.get(extension) or _STANDARD.types_map[1].get(f".{extension}")
    if found is None:
        return UNKNOWN
    if found.startswith("text/"):
        found += "; charset=utf-8"
    return found.encode()


def is_page(content_type: bytes) -> bool:
    """Tell whether a browser shows this as a document of its own."""
    return content_type.startswith((b"text/html", b"application/xhtml+xml"))
