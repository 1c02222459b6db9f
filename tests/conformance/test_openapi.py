"""The API keeps to its own document, whatever is sent to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from leither.people import Scope
from tests.meta.tree import ROOT
from tests.unit.web.api.node import Client, Node, make_engines, running
from tools.openapi import openapi_text

TEXT = (ROOT / "spec/openapi.json").read_text("utf-8")
DOCUMENT: dict[str, Any] = json.loads(TEXT)
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS: dict[str, Any] = {
    found.definition.raw["operationId"]: found
    for found in (result.ok() for result in SCHEMA.get_all_operations() if isinstance(result, Ok))
}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 15
FIXED = {"getConfig", "getStatus", "getSession", "listTokens", "closeSession", "collectGarbage", "verify"}
"""Operations that take nothing, so nothing wrong can be sent."""
BYTES = {"importArchive", "revokeToken"}
"""Operations that take anything at all, so nothing of the wrong kind can be sent."""
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PATHS = st.sampled_from(["", "page", "folder", "folder/inner", "link", "other", "page/below"]) | ANY_TEXT


@schemathesis.serializer("application/x-tar", "application/vnd.ipld.car")
def as_bytes(context: schemathesis.SerializationContext, value: Any) -> Any:  # noqa: ANN401
    return value if isinstance(value, bytes) else str(value).encode()


def furnished(node: Node) -> tuple[Client, list[str]]:
    """Return the owner's client, and addresses that name something: `file` and `fs`, with versions and without."""
    owner = node.client(node.tokens.create("owner", Scope.OWNER)[1])
    tree, file = node.fs(right="everyone=read-release"), node.file()
    for path in ("page", "folder/inner"):
        assert owner.put(f"/mimei/{tree}/files/{path}", b"text").status == 200
    assert owner.post(f"/mimei/{tree}/files/link", symlink="folder/inner").status == 200
    assert owner.post(f"/mimei/{tree}/backup").status == 200
    assert owner.post(f"/mimei/{tree}/files/other", reference=f"{tree}@0").status == 200
    return owner, [tree, file, f"{tree}@0", f"{tree}@cur", f"{tree}@release", f"{file}@last"]


def exchange(client: Client, case: schemathesis.Case[Any]) -> Response:
    """Send `case` and return the answer as schemathesis takes it."""
    given = {name: value for name, value in case.as_transport_kwargs(base_url="http://localhost:4800").items()}
    request = requests.Request(
        **{name: given[name] for name in ("method", "url", "headers", "params", "data", "json") if name in given}
    ).prepare()
    assert request.url is not None
    parts = urlsplit(request.url)
    body = request.body.encode() if isinstance(request.body, str) else request.body
    assert body is None or isinstance(body, bytes)
    answer = client.send(
        case.method,
        parts.path.encode().removeprefix(b"/api/v1"),
        raw_query=parts.query.encode(),
        body=body or b"",
        headers={name.lower(): str(value) for name, value in request.headers.items()},
    )
    headers = {name: [value] for name, value in answer.headers.items()}
    return Response(answer.status, headers, answer.body, request, 0.0, verify=False)


def test_the_document_is_what_the_api_gives() -> None:
    assert openapi_text() == TEXT


def test_the_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def undescribed(value: Any, where: str = "") -> Iterator[str]:  # noqa: ANN401
    """Name the fields and parameters without a description."""
    if isinstance(value, dict):
        for name, field in value.get("properties", {}).items():
            if isinstance(field, dict) and not {"description", "$ref"} & field.keys():
                yield f"{where}.{name}"
        for parameter in value.get("parameters", []):
            if not parameter.get("description"):
                yield f"{where}:{parameter['name']}"
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from undescribed(item, f"{where}/{name}")


def test_every_field_and_parameter_is_described() -> None:
    assert list(undescribed(DOCUMENT)) == []


def meaningful(refs: list[str]) -> dict[str, st.SearchStrategy[str]]:
    """Texts that mean something, by the name of the member that takes them."""
    selectors = st.sampled_from(["cur", "last", "release", "0", "1"])
    addresses = st.sampled_from(refs)
    texts = dict.fromkeys(("path", "move_to", "copy_to", "symlink", "after"), PATHS)
    texts |= dict.fromkeys(("version", "from", "to"), selectors) | dict.fromkeys(("target", "reference"), addresses)
    return texts | {"right": st.sampled_from(["private", "everyone=read-cur,write"]), "tag": st.just("topic:x")}


def draw_case(data: st.DataObject, name: str, refs: list[str]) -> schemathesis.Case[Any]:
    """Draw a request: as the document has it, or not; most of its texts and addresses mean something."""
    modes = [GenerationMode.POSITIVE] if name in FIXED | BYTES else list(GenerationMode)
    case: schemathesis.Case[Any] = data.draw(
        OPERATIONS[name].as_strategy(generation_mode=data.draw(st.sampled_from(modes)))
    )
    known = meaningful(refs)
    for members in (case.query, case.body):
        if isinstance(members, dict):
            for key in sorted(known.keys() & members.keys()):
                if isinstance(members[key], str) and data.draw(st.integers(0, 3)):
                    members[key] = data.draw(known[key])
    if "ref" in case.path_parameters and data.draw(st.integers(0, 3)):
        case.path_parameters["ref"] = data.draw(st.sampled_from(refs[: data.draw(st.sampled_from([2, 6]))]))
    if "path" in case.path_parameters:
        case.path_parameters["path"] = data.draw(PATHS)
    return case


@pytest.mark.parametrize("name", sorted(OPERATIONS))
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_nothing_that_is_sent_makes_the_api_fail_or_leave_its_document(name: str, data: st.DataObject) -> None:
    with running(make_engines()) as node:
        client, refs = furnished(node)
        case = draw_case(data, name, refs)
        case.validate_response(exchange(client, case), checks=CHECKS)
