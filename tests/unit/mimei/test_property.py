"""The vectors of properties, read as they say."""

import cbor2
import pycddl  # type: ignore[import-untyped]
import pytest

from leither import limits
from leither.mimei.path import ROOT
from leither.mimei.property import (
    BadProperty,
    decode_property,
    decode_property_key,
    encode_property,
    own_properties,
    properties_within,
    property_key,
)
from tests.unit.mimei.test_vectors import SPEC, Case, each, error_code


@each("valid", "property")
def test_a_property_is_read_and_made_again(name: str, case: Case) -> None:
    key, value, path = bytes.fromhex(case["key"]), bytes.fromhex(case["value"]), tuple(case["path"])
    assert decode_property_key(key) == (path, case["property"])
    assert property_key(path, case["property"]) == key
    assert (decode_property(value), encode_property(case["element"].encode())) == (case["element"].encode(), value)
    pycddl.Schema((SPEC / "format" / "property.cddl").read_text("utf-8")).validate_cbor(
        cbor2.dumps({"key": key, "value": value})
    )


@each("invalid", "property")
def test_an_invalid_property_is_refused_with_its_code(name: str, case: Case) -> None:
    if "key" in case:
        assert error_code(lambda: decode_property_key(bytes.fromhex(case["key"]))) == case["error"]
    else:
        assert error_code(lambda: decode_property(bytes.fromhex(case["value"]))) == case["error"]


@pytest.mark.parametrize("name", ["", "a\0b", "n" * (limits.PROPERTY_NAME_BYTES_MAX + 1)])
def test_a_name_that_cannot_be_kept_is_refused(name: str) -> None:
    with pytest.raises(BadProperty):
        property_key(("a",), name)


def test_a_value_over_the_limit_is_refused() -> None:
    with pytest.raises(BadProperty):
        encode_property(b"x" * (limits.PROPERTY_VALUE_BYTES_MAX + 1))


@pytest.mark.parametrize("path", [ROOT, ("a",), ("a", "b")])
def test_ranges_hold_a_paths_properties_and_no_neighbours(path: tuple[str, ...]) -> None:
    paths = [ROOT, ("a",), ("a", "b"), ("a", "b", "c"), ("ab",), ("a\x01",), ("b",)]
    start, stop = own_properties(path)
    assert [found for found in paths if start <= property_key(found, "n") < stop] == [path]
    start, stop = properties_within(path)
    assert [found for found in paths if start <= property_key(found, "n") < stop] == [
        found for found in paths if found[: len(path)] == path
    ]
