"""Properties that clients keep with paths."""

from leither import limits
from leither.mimei.path import ROOT, Path
from leither.mimei.property import encode_property, property_key
from tools.vector_cases.case import Case


def properties() -> list[Case]:
    """Return properties with their keys and values."""
    cases: dict[str, tuple[Path, str, str]] = {
        "of the root": (ROOT, "{urn:example}colour", '<ns0:colour xmlns:ns0="urn:example">red</ns0:colour>'),
        "of a file": (
            ("docs", "read me.txt"),
            "{http://example.test/ns}author",
            '<ns0:author xmlns:ns0="http://example.test/ns" xml:lang="fr">Zoé</ns0:author>',
        ),
        "without a namespace": (("docs",), "note", "<note />"),
        "whose name begins like a path": (("a",), "b", "<b>1</b>"),
        "with a name of the largest size": (("a",), "n" * limits.PROPERTY_NAME_BYTES_MAX, "<n />"),
    }
    return [
        {
            "name": name,
            "path": list(path),
            "property": title,
            "element": element,
            "key": property_key(path, title).hex(),
            "value": encode_property(element.encode()).hex(),
        }
        for name, (path, title, element) in cases.items()
    ]


def bad_properties() -> list[Case]:
    """Return keys and values that are no property's."""
    keys = {
        "another type": b"\x80docs\0\0name",
        "a path alone": b"\x81docs",
        "an empty name": b"\x81docs\0\0",
        "a zero byte in the name": b"\x81docs\0\0na\0me",
        "a name that is not UTF-8": b"\x81docs\0\0\xff",
        "a name of 1,025 bytes": b"\x81docs\0\0" + b"n" * (limits.PROPERTY_NAME_BYTES_MAX + 1),
        "a path that leads out": b"\x81..\0\0name",
        "a path with a slash": b"\x81a/b\0\0name",
    }
    values = {
        "no bytes": b"",
        "another type": b"\x86<n />",
        "61,441 bytes of XML": b"\x87" + b" " * (limits.PROPERTY_VALUE_BYTES_MAX + 1),
    }
    return [
        *({"name": f"key: {name}", "key": key.hex(), "error": "bad-entry"} for name, key in keys.items()),
        *({"name": f"value: {name}", "value": value.hex(), "error": "bad-entry"} for name, value in values.items()),
    ]
