"""The OpenAPI document: what the framework gathers, with what it leaves out."""

from typing import Any

import msgspec
from litestar import Litestar

from leither.web import schema, schema_node, schema_people
from leither.web.schema_node import Problem

_SCHEMAS = (schema, schema_node, schema_people)
JSON = "application/json"
PROBLEM = "application/problem+json"
_BYTES: dict[str, tuple[str, str]] = {
    "putFile": ("application/octet-stream", "The file's bytes."),
    "putTree": ("application/x-tar", "The archive."),
    "importArchive": ("application/vnd.ipld.car", "The archive."),
}
"""Operations whose body is bytes: the media type, and what they are."""
_STREAMS: dict[str, tuple[str, str]] = {
    "getTar": ("application/x-tar", "The archive."),
    "exportAll": ("application/vnd.ipld.car", "The archive."),
    "exportWith": ("application/vnd.ipld.car", "The archive."),
    "verify": ("application/x-ndjson", "Lines of VerifyLine, as they come."),
}
_HEADERS: dict[str, tuple[tuple[str, str], ...]] = {
    "readFile": (
        ("Range", "One range of bytes, for instance `bytes=0-99`."),
        ("If-None-Match", "Entity tags; answered with 304 where one of them is still current."),
        ("If-Range", "An entity tag; the range counts only where it is still current."),
    ),
    "putFile": (
        ("Content-Range", "`bytes FIRST-LAST/*` writes at an offset of a MiMei of type file."),
        ("If-Match", "Entity tags, or `*`; refused with 412 where none is current."),
        ("If-None-Match", "`*` refuses with 412 to replace what is there; so do entity tags that are current."),
    ),
}


def document(app: Litestar) -> dict[str, Any]:
    """Return the document of the API `app`, as plain values in a stable order."""
    found: dict[str, Any] = _whole_numbers(app.openapi_schema.to_schema())
    for path, operations in found["paths"].items():
        found["paths"][path] = {method: _completed(operation) for method, operation in operations.items()}
    schemas, problem = found["components"]["schemas"], msgspec.json.schema_components([Problem])[1]["Problem"]
    schemas["Problem"] = problem | {"additionalProperties": True}
    for name, one in schemas.items():
        kind = next((getattr(held, name) for held in _SCHEMAS if hasattr(held, name)), None)
        if kind is not None:
            one["description"] = (kind.__doc__ or "").strip()
            if kind.__struct_config__.forbid_unknown_fields:
                one["additionalProperties"] = False
    for operations in found["paths"].values():
        for operation in operations.values():
            _settle_body(operation, schemas)
    found["components"]["schemas"] = dict(sorted(schemas.items()))
    found["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A token or session; without one, a guest."}
    }
    found["security"] = [{}, {"token": []}]
    found["paths"] = dict(sorted(found["paths"].items()))
    return found


def _whole_numbers(value: Any) -> Any:  # noqa: ANN401
    """Return `value` with whole numbers written as such."""
    if isinstance(value, dict):
        return {key: _whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _settle_body(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Say that a body may be left out where none of its members is required."""
    taken = operation.get("requestBody", {}).get("content", {}).get(JSON)
    if taken is not None:
        name = taken["schema"]["$ref"].rpartition("/")[2]
        operation["requestBody"]["required"] = bool(schemas[name]["required"])


def _completed(operation: dict[str, Any]) -> dict[str, Any]:
    name = operation["operationId"]
    operation.pop("deprecated")
    operation["summary"] = operation["description"].partition("\n")[0].partition(". ")[0].rstrip(".")
    for parameter in operation.get("parameters", []):
        for noise in ("deprecated", "allowEmptyValue", "allowReserved"):
            parameter.pop(noise, None)
        parameter["schema"].pop("description", None)
    answers = {status: answer for status, answer in operation["responses"].items() if status < "400"}
    operation["responses"] = answers
    answers["default"] = {
        "description": "What went wrong.",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for header, about in _HEADERS.get(name, ()):
        parameter = {
            "name": header,
            "in": "header",
            "required": False,
            "description": about,
            "schema": {"type": "string"},
        }
        operation.setdefault("parameters", []).append(parameter)
    if name in _BYTES:
        media_type, about = _BYTES[name]
        operation["requestBody"] = {
            "required": True,
            "description": about,
            "content": {media_type: {"schema": {"type": "string", "format": "binary"}}},
        }
    if name in _STREAMS:
        media_type, about = _STREAMS[name]
        answers["200"] = {"description": about, "content": {media_type: {}}}
    if name == "readFile":
        whole = {"description": "The bytes.", "content": {"application/octet-stream": {}}}
        described = {"schema": {"$ref": "#/components/schemas/PathInfo"}}
        answers["200"] = {
            "description": "The bytes, or with `info` what stands at the path.",
            "content": {"*/*": {}, JSON: described},
        }
        answers["206"] = {**whole, "description": "The part that was asked for."}
        answers["304"] = {"description": "What the client has is current."}
    if name == "createMimei":
        answers["200"] = {**answers["201"], "description": "It was there already."}
        answers["201"]["description"] = "It is new."
    return operation
