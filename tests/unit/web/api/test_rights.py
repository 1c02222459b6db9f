"""Who may do what: every operation, asked for by everybody."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import dataclass

import pytest

from leither.crypto import MimeiId, parse_id
from leither.people import Scope
from tests.unit.web.api.node import Client, Node

CALLERS = ("guest", "read", "write", "other", "owner")
"""No token; tokens to read and write everything; one to do everything with another MiMei; the owner's."""

DENIED, ABSENT = "denied", "mimei-not-found"


def small_tar() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("kept"), io.BytesIO())
    return held.getvalue()


@dataclass(frozen=True)
class Case:
    """An operation and how far each caller gets: `ok`, or the code of the error. `{id}` stands for the MiMei."""

    operation: str
    method: str
    path: str
    guest: str
    read: str
    write: str
    other: str
    body: object = None


def owner_only(operation: str, method: str, path: str, body: object = None) -> Case:
    return Case(operation, method, path, DENIED, DENIED, DENIED, DENIED, body)


def reading(operation: str, path: str) -> Case:
    return Case(operation, "GET", path, ABSENT, "ok", "ok", ABSENT)


def writing(operation: str, method: str, path: str, body: object = None) -> Case:
    return Case(operation, method, path, ABSENT, DENIED, "ok", ABSENT, body)


def open_to_all(operation: str, method: str, path: str, body: object = None) -> Case:
    return Case(operation, method, path, "ok", "ok", "ok", "ok", body)


ONE = "/mimei/{id}"
PEER = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
ANSWER = {"id": "", "client_data": ""}
CASES = [
    open_to_all("getStatus", "GET", "/status"),
    owner_only("getConfig", "GET", "/config"),
    owner_only("getLan", "GET", "/lan"),
    owner_only("getNetwork", "GET", "/network"),
    owner_only("setNetwork", "PUT", "/network", {"reach": "off"}),
    owner_only("listPeers", "GET", "/peers"),
    owner_only("addPeer", "POST", "/peers", {"address": f"/ip4/127.0.0.1/tcp/1/p2p/{PEER}"}),
    owner_only("removePeer", "DELETE", f"/peers/{PEER}"),
    owner_only("fetchMimei", "POST", f"{ONE}/fetch"),
    owner_only("getCopy", "GET", f"{ONE}/copy"),
    owner_only("setCopy", "PUT", f"{ONE}/copy", {"on_demand": True}),
    owner_only("listFollows", "GET", "/follows"),
    owner_only("follow", "PUT", f"/follows/{'a' * 32}", {"sources": [PEER]}),
    owner_only("unfollow", "DELETE", f"/follows/{'a' * 32}"),
    owner_only("verify", "POST", "/verify"),
    owner_only("collectGarbage", "POST", "/gc"),
    open_to_all("listMimei", "GET", "/mimei"),
    owner_only("createMimei", "POST", "/mimei", {"type": "fs", "mark": "new"}),
    reading("getMimei", ONE),
    owner_only("deleteMimei", "DELETE", ONE),
    reading("getRight", f"{ONE}/right"),
    owner_only("setRight", "PUT", f"{ONE}/right", {"right": "private"}),
    reading("getQuota", f"{ONE}/quota"),
    owner_only("setQuota", "PUT", f"{ONE}/quota", {"quota": None}),
    reading("readFile", f"{ONE}/files/page"),
    reading("readFile", f"{ONE}/files/page?info=1"),
    reading("readFile", f"{ONE}@0/files/page"),
    writing("putFile", "PUT", f"{ONE}/files/new", b"bytes"),
    writing("changePath", "POST", f"{ONE}/files/page", {"move_to": "moved"}),
    writing("removePath", "DELETE", f"{ONE}/files/page"),
    reading("listTree", f"{ONE}/tree/"),
    writing("putTree", "PUT", f"{ONE}/tree/", small_tar()),
    reading("getTar", f"{ONE}/tar/"),
    writing("backUp", "POST", f"{ONE}/backup", {}),
    writing("release", "POST", f"{ONE}/release", {}),
    writing("restore", "POST", f"{ONE}/restore", {"version": "last", "discard": True}),
    writing("discard", "POST", f"{ONE}/discard", {}),
    owner_only("fork", "POST", f"{ONE}/fork", {"mark": "fork"}),
    reading("getLog", f"{ONE}/log"),
    reading("getDiff", f"{ONE}/diff"),
    owner_only("deleteVersions", "POST", f"{ONE}/delete-versions", {"first": 0, "last": 0}),
    writing("merge", "POST", f"{ONE}/merge", {}),
    reading("listConflicts", f"{ONE}/conflicts"),
    owner_only("split", "POST", f"{ONE}/split", {"path": "folder", "mark": "part"}),
    reading("listReferences", f"{ONE}/references"),
    writing("countReference", "POST", f"{ONE}/references", {"target": "{id}"}),
    reading("listReferrers", f"{ONE}/referrers"),
    reading("listTags", f"{ONE}/tags"),
    writing("addTag", "POST", f"{ONE}/tags", {"tag": "topic:new"}),
    writing("removeTag", "DELETE", f"{ONE}/tags?tag=topic:old"),
    reading("listGrants", f"{ONE}/grants"),
    Case("giveGrant", "POST", f"{ONE}/grants", ABSENT, DENIED, DENIED, ABSENT, {"to": "a" * 52, "rights": "read-cur"}),
    owner_only("makePassport", "POST", "/passport", {"node": "a" * 52}),
    open_to_all("getChallenge", "GET", "/session/challenge"),
    owner_only("getAudit", "GET", "/audit"),
    owner_only("getAbout", "GET", "/about"),
    owner_only("listTokens", "GET", "/tokens"),
    owner_only("createToken", "POST", "/tokens", {"name": "fresh", "scope": "read"}),
    owner_only("revokeToken", "DELETE", "/tokens/spare"),
    open_to_all("getSession", "GET", "/session"),
    Case("closeSession", "DELETE", "/session", "bad-token", "ok", "ok", "ok"),
    owner_only("makeLink", "POST", "/session/link", {}),
    owner_only("exportAll", "GET", "/export"),
    owner_only("exportWith", "POST", "/export", {}),
    owner_only("exportWith", "POST", "/export", {"everyone": True}),
    owner_only("listSessions", "GET", "/sessions"),
    owner_only("endOtherSessions", "DELETE", "/sessions"),
    owner_only("listPasskeys", "GET", "/passkeys"),
    owner_only("beginPasskey", "POST", "/passkeys/begin"),
    open_to_all("beginSessionByPasskey", "POST", "/session/passkey/begin"),
    owner_only("listUsers", "GET", "/users"),
    owner_only("inviteUser", "POST", "/users/invitations", {"name": "Cy"}),
    owner_only("withdrawInvitation", "DELETE", "/users/invitations/Cy"),
    owner_only("getIdentity", "GET", "/identity"),
    owner_only("listKept", "GET", "/kept"),
    owner_only("listDevices", "GET", "/devices"),
]
# What nobody is let through to by rights alone, and what is tried for its refusal only.
REFUSED = [
    writing("truncateFile", "POST", f"{ONE}/truncate", {"bytes": 0}),
    writing("takeConflict", "POST", f"{ONE}/conflicts/take", {"name": "page", "writer": 1, "seq": 1}),
    writing("runCommands", "POST", f"{ONE}/db", {"commands": [["SET", "key", "value"]]}),
    Case("runCommands", "POST", f"{ONE}/db", ABSENT, "ok", "ok", ABSENT, {"commands": [["GET", "key"]]}),
    owner_only("importArchive", "POST", "/import", b"no archive"),
    owner_only("freePort", "DELETE", "/lan/apps/{id}"),
    owner_only("endSession", "DELETE", "/sessions/none"),
    owner_only("addPasskey", "POST", "/passkeys", {"name": "key", **ANSWER, "attestation": ""}),
    owner_only("renamePasskey", "PATCH", "/passkeys/none", {"name": "key"}),
    owner_only("removePasskey", "DELETE", "/passkeys/none"),
    open_to_all(
        "openSessionByPasskey", "POST", "/session/passkey", {**ANSWER, "authenticator_data": "", "signature": ""}
    ),
    owner_only("revokeDevice", "DELETE", f"/devices/{'a' * 32}"),
    owner_only("changeUser", "PATCH", "/users/nobody", {"suspended": True}),
    owner_only("getAboutUser", "GET", "/users/nobody/about"),
    owner_only("exportUser", "POST", "/users/nobody/export", {"passphrase": "long"}),
    owner_only("removeUser", "POST", "/users/nobody/remove", {"data": "keep"}),
    owner_only("listPairs", "GET", "/network/pairs"),
    owner_only("showPairingCode", "POST", "/network/pairs/code", {}),
    owner_only("getPairingCode", "GET", "/network/pairs/code"),
    owner_only("hidePairingCode", "DELETE", "/network/pairs/code"),
    owner_only("pair", "POST", "/network/pairs", {"code": "none"}),
    owner_only("syncPairs", "POST", "/network/pairs/sync"),
    owner_only("changePair", "PATCH", "/network/pairs/nobody", {}),
    owner_only("unpair", "DELETE", "/network/pairs/nobody"),
    owner_only("getBackupStatus", "GET", "/network/backup-status"),
    owner_only("getTraffic", "GET", "/network/traffic"),
    owner_only("whereIs", "GET", "/network/where/{id}"),
    owner_only("getSelf", "GET", "/users/self"),
    owner_only("setPassphrase", "PUT", "/identity/passphrase", {"passphrase": "long"}),
    owner_only("unlockIdentity", "POST", "/identity/unlock", {"passphrase": "long"}),
    owner_only("rotateKey", "POST", "/identity/rotate", {}),
    owner_only("getOwnSettings", "GET", "/users/self/settings"),
    owner_only("setOwnSettings", "PUT", "/users/self/settings", {"settings": {}}),
    open_to_all("joinAsUser", "POST", "/users/join", {"code": "none"}),
    open_to_all("openSessionByWords", "POST", "/session/words", {"phrase": "some words"}),
    owner_only("takeBackGrant", "DELETE", f"{ONE}/grants/00"),
    owner_only("giveUpKept", "DELETE", f"/kept/{'a' * 32}"),
    owner_only("listReaders", "GET", f"{ONE}/readers"),
    owner_only("rotateEpoch", "POST", f"{ONE}/rotate"),
    owner_only("passOn", "POST", "/grants/pass-on", {"record": "AAAA", "to": "a" * 52}),
    open_to_all("openVisit", "POST", "/session/visit", {}),
    open_to_all("tellRevocation", "POST", "/session/revocation", {"revocation": "AAAA"}),
]
AFTER_RIGHTS = {
    "runCommands": "not-a-database",
    "closeSession": "not-a-session",
    "truncateFile": "not-a-file",
    "takeConflict": "no-such-sibling",
    "importArchive": "bad-car",
    "freePort": "no-port-given",
    "fetchMimei": "network-off",
    "getNetwork": "network-off",
    "setNetwork": "network-off",
    "listPeers": "network-off",
    "addPeer": "network-off",
    "removePeer": "network-off",
    "showPairingCode": "not-serving",
    "getPairingCode": "not-serving",
    "hidePairingCode": "not-serving",
    "pair": "not-serving",
    "syncPairs": "not-serving",
    "changePair": "pair-not-found",
    "unpair": "not-serving",
    "getTraffic": "not-serving",
    "unfollow": "not-followed",
    "endSession": "session-not-found",
    "addPasskey": "bad-passkey",
    "renamePasskey": "passkey-not-found",
    "removePasskey": "passkey-not-found",
    "openSessionByPasskey": "bad-passkey",
    "revokeDevice": "device-not-found",
    "changeUser": "user-not-found",
    "getAboutUser": "user-not-found",
    "exportUser": "user-not-found",
    "removeUser": "user-not-found",
    "getSelf": DENIED,
    "setPassphrase": "owners-identity",
    "unlockIdentity": "owners-identity",
    "rotateKey": "owners-identity",
    "getOwnSettings": DENIED,
    "setOwnSettings": DENIED,
    "joinAsUser": "bad-invitation",
    "openSessionByWords": "phrase-length",
    "takeBackGrant": "grant-not-found",
    "giveUpKept": "not-kept",
    "listReaders": "not-private",
    "rotateEpoch": "not-private",
    "passOn": "not-a-record",
    "openVisit": "visit-unclear",
    "tellRevocation": "not-a-record",
}


def furnish(node: Node, owner: Client | None = None) -> str:
    """Return a private MiMei, by default the owner's, with a released and a newer version, unsaved changes, a tag."""
    owner = owner or node.owner
    mimei = str(owner.post("/mimei", type="fs", app="test", mark="site").json["id"])
    for n in range(2):
        assert owner.put(f"/mimei/{mimei}/files/page", b"text %d" % n).status == 200
        assert owner.put(f"/mimei/{mimei}/files/folder/inner", b"text %d" % n).status == 200
        assert owner.post(f"/mimei/{mimei}/backup").status == 200
    assert owner.post(f"/mimei/{mimei}/release", version="1").status == 200
    assert owner.put(f"/mimei/{mimei}/files/unsaved", b"text").status == 200
    assert owner.post(f"/mimei/{mimei}/tags", tag="topic:old").status == 200
    return mimei


def secret_of(node: Node, caller: str, other: str) -> str | None:
    match caller:
        case "guest":
            return None
        case "other":
            return node.secret("other", Scope.OWNER, MimeiId(parse_id(other)))
        case scope:
            return node.secret(scope, Scope(scope))


def tried(node: Node, case: Case, caller: str) -> str:
    """Furnish the node, run `case` as `caller`, and return how far it got."""
    mimei, other = furnish(node), node.fs("other")
    node.tokens.create("spare", Scope.READ)
    path, _, query = case.path.replace("{id}", mimei).partition("?")
    body = case.body if isinstance(case.body, bytes) else json.dumps(case.body).replace("{id}", mimei).encode()
    answer = node.client(secret_of(node, caller, other)).send(
        case.method,
        path,
        body=b"" if case.body is None else body,
        query={query.partition("=")[0]: query.partition("=")[2]} if query else {},
    )
    assert answer.status < 500, answer.body
    return "ok" if answer.status < 400 else answer.code


def expected(case: Case, caller: str) -> str:
    if caller == "owner":
        return AFTER_RIGHTS.get(case.operation, "ok")
    found = str(getattr(case, caller))
    return AFTER_RIGHTS.get(case.operation, found) if found == "ok" else found


def named(case: Case) -> str:
    return f"{case.method} {case.path}"


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("case", [*CASES, *REFUSED], ids=named)
def test_each_caller_gets_exactly_as_far_as_its_rights(node: Node, case: Case, caller: str) -> None:
    assert tried(node, case, caller) == expected(case, caller)


def test_every_operation_stands_in_the_table(node: Node) -> None:
    operations = {
        operation["operationId"]
        for operations in node.guest.get("/openapi.json").json["paths"].values()
        for operation in operations.values()
    }
    assert operations - {case.operation for case in [*CASES, *REFUSED]} == {"openSession"}
