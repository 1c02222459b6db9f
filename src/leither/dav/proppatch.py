"""PROPPATCH: setting and removing properties, all or none. Source: RFC 4918 section 9.2."""

from dataclasses import dataclass

from leither import limits
from leither.dav.change import change, present
from leither.dav.element import DAV, BadXml, empty_element, languages, parse_xml, property_bytes
from leither.dav.guard import Guard
from leither.dav.live import PROTECTED
from leither.dav.multistatus import CLOSING, OPENING, propstat, response
from leither.service.cur import Edit
from leither.service.engines import Engines
from leither.service.properties import remove_property, set_property
from leither.service.tree import NothingAtPath


@dataclass(frozen=True, slots=True)
class Instruction:
    """One property to set to the XML element `value`, or to remove where that is None."""

    name: str
    value: bytes | None


def parse_instructions(body: bytes) -> list[Instruction]:
    """Return what a PROPPATCH asks for, in order. Raises: BadXml, ForeignEntity."""
    root = parse_xml(body)
    if root.tag != f"{DAV}propertyupdate":
        raise BadXml("it is no propertyupdate element")
    found: list[Instruction] = []
    for instruction, prop, language in languages(root, f"{DAV}prop"):
        if instruction.tag not in (f"{DAV}set", f"{DAV}remove"):
            continue
        for element in prop:
            value = property_bytes(element, language) if instruction.tag == f"{DAV}set" else None
            found.append(Instruction(element.tag, value))
    if not 0 < len(found) <= limits.DAV_NAMED_MAX:
        raise BadXml(f"it names no property, or more than {limits.DAV_NAMED_MAX}")
    return found


def patch(engines: Engines, guard: Guard, instructions: list[Instruction]) -> bytes:
    """Carry the instructions out and return the answer.

    Raises: NothingAtPath, Locked, BadProperty, TooManyProperties, QuotaReached and as `change`.
    """
    place = guard.place
    refused = {one.name for one in instructions if one.name in PROTECTED}

    def work(editing: Edit) -> bool:
        entry = present(editing, place.path)
        if entry is None:
            raise NothingAtPath(editing.mimei, place.path)
        guard.claim(editing.transaction, editing.mimei.id, place.path, deep=False, member=False)
        for one in [] if refused else instructions:
            if one.value is None:
                remove_property(editing, place.path, one.name)
            else:
                set_property(editing, place.path, one.name, one.value)
        return entry.is_directory

    href = place.href(place.path, collection=change(engines, guard, work))
    others = dict.fromkeys(one.name for one in instructions if one.name not in refused)
    groups = []
    if refused:
        inner = "".join(empty_element(name) for name in sorted(refused))
        groups.append(propstat(inner, 403, condition="cannot-modify-protected-property"))
    if others:
        groups.append(propstat("".join(map(empty_element, others)), 424 if refused else 200))
    return (OPENING + response(href, groups) + CLOSING).encode()
