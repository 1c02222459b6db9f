"""Passkeys in a running node, and from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.end_to_end.program import leither, ok, up
from tests.unit.service.authenticator import Authenticator

pytestmark = pytest.mark.network


def made(url: str, token: str, device: Authenticator) -> str:
    with httpx.Client(base_url=f"{url}api/v1", headers={"authorization": f"Bearer {token}"}, trust_env=False) as api:
        options = api.post("/passkeys/begin").json()["options"]
        answer = device.make(options)
        body = {"name": "phone", "id": answer.credential, "client_data": answer.client_data}
        return str(api.post("/passkeys", json=body | {"attestation": answer.proof}).json()["id"])


def signed_in(url: str, device: Authenticator) -> dict[str, Any]:
    with httpx.Client(base_url=f"{url}api/v1", trust_env=False) as api:
        answer = device.use(api.post("/session/passkey/begin").json()["options"])
        body = {"id": answer.credential, "client_data": answer.client_data, "signature": answer.signature}
        return dict(api.post("/session/passkey", json=body | {"authenticator_data": answer.proof}).json())


def test_a_passkey_outlives_a_restart_and_is_looked_after_in_a_terminal(home: Path) -> None:
    with up(home) as node:
        device = Authenticator(origin=f"http://localhost:{node.port}")
        token = str(ok(home, "token", "create", "browser", "--scope", "owner")["token"])
        passkey = made(f"http://localhost:{node.port}/", token, device)
        ok(home, "passkey", "rename", passkey, "old phone")
    (listed,) = ok(home, "passkey", "list")["items"]
    assert (listed["id"], listed["name"], listed["last_used"]) == (passkey, "old phone", None)
    with up(home) as node:
        device.origin = f"http://localhost:{node.port}"
        assert "token" in signed_in(f"http://localhost:{node.port}/", device)
        ok(home, "passkey", "remove", passkey)
        assert signed_in(f"http://localhost:{node.port}/", device)["code"] == "unknown-passkey"
    again = leither(home, "passkey", "remove", passkey)
    assert (again.status, "leither passkey list" in again.err) == (3, True), again
