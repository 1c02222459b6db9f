"""XML that clients send: parsed within bounds, without document types and entities; and elements as bytes again."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, TreeBuilder, tostring
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from leither import limits
from leither.errors import InputError

DAV = "{DAV:}"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


class BadXml(InputError):
    """A body is not XML as WebDAV has it."""

    code = "bad-xml"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the body is refused: {reason}")


class ForeignEntity(InputError):
    """A body declares a document type, which could make it grow or reach for files."""

    code = "xml-entity"

    def __init__(self) -> None:
        super().__init__("the body has a document type declaration, which is never read; send it without")


class _Reader:
    """Builds a tree from expat's events, counting depth and elements."""

    def __init__(self) -> None:
        self.builder = TreeBuilder()
        self._depth = 0
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._count += 1
        if self._depth > limits.XML_DEPTH_MAX:
            raise BadXml(f"it nests deeper than {limits.XML_DEPTH_MAX} elements")
        if self._count > limits.XML_ELEMENTS_MAX:
            raise BadXml(f"it has more than {limits.XML_ELEMENTS_MAX:,} elements")
        self.builder.start(_clark(name), {_clark(key): value for key, value in attributes.items()})

    def end(self, name: str) -> None:
        self._depth -= 1
        self.builder.end(_clark(name))

    def refuse(self, *_: object) -> int:
        raise ForeignEntity


def parse_xml(body: bytes) -> Element:
    """Return the root element of `body`; names are written `{namespace}local`.

    Raises: BadXml, ForeignEntity.
    """
    if len(body) > limits.XML_BYTES_MAX:
        raise BadXml(f"it exceeds the limit of {limits.XML_BYTES_MAX:,} bytes")
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.builder.data
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    parser.ExternalEntityRefHandler = reader.refuse
    try:
        parser.Parse(body, True)
        return reader.builder.close()
    except expat.ExpatError as error:
        raise BadXml(f"it is not well-formed XML: {error}") from None
    except (LookupError, ValueError) as error:
        raise BadXml(f"its encoding is not known: {error}") from None


def property_bytes(element: Element, language: str | None) -> bytes:
    """Return a property's element by itself, in UTF-8, with the language it stood under."""
    alone = Element(element.tag, dict(element.attrib))
    alone.text = element.text
    alone.extend(element)
    if language is not None and LANGUAGE not in alone.attrib:
        alone.set(LANGUAGE, language)
    return element_bytes(alone)


def element_bytes(element: Element) -> bytes:
    """Return `element` in UTF-8, its namespaces declared within, so that it can stand anywhere."""
    written: bytes = tostring(element, encoding="utf-8")
    return written.removeprefix(b"<?xml version='1.0' encoding='utf-8'?>\n")


def languages(root: Element, wanted: str) -> Iterator[tuple[Element, Element, str | None]]:
    """Iterate over (instruction, `wanted` within it, its language) of a two-level document such as PROPPATCH's."""
    for instruction in root:
        for found in instruction.findall(wanted):
            yield instruction, found, found.get(LANGUAGE) or instruction.get(LANGUAGE) or root.get(LANGUAGE)


def empty_element(name: str) -> str:
    """Return the empty element called `name`, as text."""
    if name.startswith(DAV):
        return f"<D:{name[len(DAV) :]}/>"
    if not name.startswith("{"):
        return f"<{name}/>"
    namespace, _, local = name[1:].rpartition("}")
    return f"<x:{local} xmlns:x={quoteattr(namespace)}/>"


def text(value: str) -> str:
    """Return `value` as character data; what XML can't hold shows as a replacement character."""
    return escape(value if value.isprintable() else "".join(map(_shown, value)))


def _shown(character: str) -> str:
    known = character in "\t\n" or " " <= character <= "\ud7ff" or "\ue000" <= character <= "\ufffd"
    return character if known or character >= "\U00010000" else "\ufffd"


def _clark(name: str) -> str:
    return "{" + name if "}" in name else name
