"""The page of error codes is what the error classes say."""

from __future__ import annotations

import json

import pytest

from leither.errors import LeitherError
from leither.http.answer import status_of
from leither.web.api.problem import BodyTooLarge, NoSuchOperation, NotUnderstood, Unexpected, problem
from tests.meta.tree import ROOT
from tests.unit.web.api.node import Node
from tools.reference_pages import errors_page


def test_the_page_of_error_codes_is_up_to_date() -> None:
    assert (ROOT / "docs/reference/errors.md").read_text("utf-8") == errors_page()


@pytest.mark.parametrize("error", [BodyTooLarge(), NoSuchOperation("x"), NotUnderstood(["y"]), Unexpected()])
def test_an_error_is_told_with_its_code_status_and_data(error: LeitherError) -> None:
    told = json.loads(problem(error).content)
    assert (told["type"], told["code"]) == (f"urn:leither:error:{error.code}", error.code)
    assert (told["status"], told["detail"]) == (status_of(error), str(error))
    assert error.details.items() <= told.items()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nothing", b"", 404, "no-such-operation"),
        ("PATCH", "/status", b"", 405, "method-not-allowed"),
        ("POST", "/mimei", b"{", 400, "not-understood"),
        ("POST", "/mimei", b'{"type":' + b"[" * 100_000, 400, "not-understood"),
        ("POST", "/mimei", b'{"type":"fs","mark":"' + b"x" * (1 << 20) + b'"}', 413, "body-too-large"),
        ("POST", "/mimei", b'{"type":"fs","more":1}', 400, "not-understood"),
        ("GET", "/mimei/short", b"", 400, "not-an-address"),
    ],
)
def test_a_request_that_is_wrong_is_told_why(
    node: Node, method: str, path: str, body: bytes, status: int, code: str
) -> None:
    answer = node.owner.send(method, path, body=body)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize("header", ["Basic eDp5", "Bearer", "Bearer  ", "wrong", "Bearer unknown"])
def test_an_authorization_that_is_no_valid_token_is_401_and_never_a_guest(node: Node, header: str) -> None:
    answer = node.guest.send("GET", "/status", headers={"authorization": header})
    assert (answer.status, answer.code, answer.headers["www-authenticate"]) == (401, "bad-token", "Bearer")
