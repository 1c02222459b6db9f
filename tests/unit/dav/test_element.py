"""XML from clients is read within bounds."""

import pytest

from leither import limits
from leither.dav.element import BadXml, ForeignEntity, element_bytes, empty_element, parse_xml, property_bytes, text


def test_names_carry_their_namespace() -> None:
    assert parse_xml(b'<a xmlns="urn:o" xmlns:p="urn:q"><p:b c="1"/></a>')[0].tag == "{urn:q}b"


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<!DOCTYPE a><a/>",
    ],
)
def test_a_document_type_is_refused(body: bytes) -> None:
    with pytest.raises(ForeignEntity):
        parse_xml(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a>",
        b"<a/><b/>",
        b'<a xmlns:p=""/>',
        b"<p:a/>",
        b"<a>&undeclared;</a>",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b"<a>" * (limits.XML_DEPTH_MAX + 1) + b"</a>" * (limits.XML_DEPTH_MAX + 1),
        b"<a>" + b"<b/>" * limits.XML_ELEMENTS_MAX + b"</a>",
        b"<a>" + b" " * limits.XML_BYTES_MAX + b"</a>",
    ],
    ids=range(10),
)
def test_what_is_no_xml_or_past_the_bounds_is_refused(body: bytes) -> None:
    with pytest.raises(BadXml):
        parse_xml(body)


def test_a_property_stands_alone_with_its_namespaces_and_language() -> None:
    root = parse_xml('<a xmlns:p="urn:q"><p:b x="1">é<c/>&lt;</p:b> tail</a>'.encode())
    alone = property_bytes(root[0], "fr")
    again = parse_xml(alone)
    assert (again.tag, again.get("x"), again.text, again[0].tail, again.tail) == ("{urn:q}b", "1", "é", "<", None)
    assert b'xml:lang="fr"' in alone
    assert parse_xml(element_bytes(again)).tag == "{urn:q}b"


def test_an_empty_element_reads_back_as_its_name() -> None:
    for name in ("{DAV:}getetag", '{urn:"<&}odd', "plain"):
        inner = empty_element(name)
        assert parse_xml(f'<D:r xmlns:D="DAV:">{inner}</D:r>'.encode())[0].tag == name


def test_a_name_that_xml_cannot_hold_is_shown_with_replacements() -> None:
    assert text("a\x01<\ufffe\U0001f600") == "a\ufffd&lt;\ufffd\U0001f600"
