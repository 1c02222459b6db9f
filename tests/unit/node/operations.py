"""Every way in, as a table: what is asked at each front door, and which act of a right it needs."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from leither.crypto import KeyPair, id_text, key_text
from leither.people import ALL, Act, Principal, Scope
from leither.people.policy import READS
from tests.end_to_end.program import Answer as CommandAnswer
from tests.unit.node.fronts import Answer, Fronts, Holdings

NOTHING = Act(0)
OK, DENIED, ABSENT = "ok", "denied", "absent"
CUR, VERSIONS, RELEASE = Act.READ_CUR, Act.READ_VERSIONS, Act.READ_RELEASE
KEY = key_text(KeyPair(b"k" * 32).public)
PROPFIND = b'<propfind xmlns="DAV:"><prop><resourcetype/></prop></propfind>'
PROPPATCH = b'<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:t">1</x></prop></set></propertyupdate>'
LOCKING = b'<lockinfo xmlns="DAV:"><lockscope><shared/></lockscope><locktype><write/></locktype></lockinfo>'


def anybody(_: Principal) -> bool:
    return True


def resident(principal: Principal) -> bool:
    """Whether somebody is the owner or a user of the node, whose seed is here."""
    return principal.is_resident


def for_a_resident(principal: Principal) -> bool:
    """Whether somebody acts for the owner or a user of the node, with a token of theirs."""
    return principal.scope is not Scope.NONE


_numbers = count()

Ask = Callable[[Fronts, Holdings, str | None], str]


@dataclass(frozen=True)
class Operation:
    """One thing that is asked, at one door.

    Fields: any_of: acts of which one is enough. all_of: acts that are needed besides. ask: asks it, and returns how
    far it got. raw: asks it and returns everything that was seen. signer: who alone can do it, since it is signed by
    them. signer_first: whether that is asked before anything is looked for. opened_by: acts without which there is
    nothing for somebody. denies_blind: whether who may write and not read is denied what tells something.
    """

    name: str
    any_of: Act
    ask: Ask
    raw: Callable[[Fronts, Holdings, str | None], object]
    all_of: Act = NOTHING
    signer: Callable[[Principal], bool] = anybody
    signer_first: bool = False
    opened_by: Act = ALL
    denies_blind: bool = False

    def expected(self, acts: Act, principal: Principal) -> str:
        """Return how far somebody gets who may do `acts`."""
        if self.signer_first and not self.signer(principal):
            return DENIED
        found = self._expected(acts)
        return found if found != OK or self.signer(principal) else DENIED

    def _expected(self, acts: Act) -> str:
        if not acts & self.opened_by:
            return ABSENT
        if self.denies_blind and Act.WRITE in acts and CUR not in acts and (self.any_of | self.all_of) & READS:
            return DENIED
        if not acts & self.any_of:
            return ABSENT if self.any_of & READS or not acts & READS else DENIED
        missing = self.all_of & ~acts
        if not missing:
            return OK
        return DENIED if acts & READS and missing & ~READS else ABSENT


def _outcome(answer: Answer, *, absent: tuple[str, ...] = ("mimei-not-found",)) -> str:
    if answer.status < 400:
        return OK
    code = answer.code
    if code in absent:
        return ABSENT
    assert code == "denied", (answer.status, answer.body)
    return DENIED


def api(
    name: str,
    any_of: Act,
    method: str,
    path: str,
    body: object = None,
    *,
    all_of: Act = NOTHING,
    signer: Callable[[Principal], bool] = anybody,
    signer_first: bool = False,
    opened_by: Act = ALL,
) -> Operation:
    """An operation of the HTTP API. A path that begins with `db` asks the database.

    In the body, `{id}` stands for the MiMei and `{n}` for a number that hasn't been before.
    """

    def send(fronts: Fronts, holdings: Holdings, secret: str | None) -> Answer:
        mimei = holdings.db if path.startswith("db") else holdings.fs
        at = f"/api/v1/mimei/{id_text(mimei)}{path.removeprefix('db')}"
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        data = data.replace(b"{id}", id_text(mimei).encode()).replace(b"{n}", b"%d" % next(_numbers))
        return fronts.http(method, at, secret, body=data)

    def raw(fronts: Fronts, holdings: Holdings, secret: str | None) -> object:
        return send(fronts, holdings, secret).seen(holdings)

    return Operation(
        f"api {method} {path} {name}",
        any_of,
        lambda *given: _outcome(send(*given)),
        raw,
        all_of,
        signer,
        signer_first,
        opened_by,
    )


def gateway(name: str, any_of: Act, path: Callable[[Holdings], str], **headers: str) -> Operation:
    """A path of the gateway on the node's own host."""

    def send(fronts: Fronts, holdings: Holdings, secret: str | None) -> Answer:
        return fronts.http("GET", path(holdings), secret, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def outcome(*given: Any) -> str:  # noqa: ANN401
        return _outcome(send(*given), absent=("mimei-not-found", "block-not-found"))

    return Operation(f"gateway {name}", any_of, outcome, lambda f, h, s: send(f, h, s).seen(h))


def origin() -> Operation:
    """The MiMei's own origin, entered with a cookie, which counts only for a session that is for this MiMei."""

    def send(fronts: Fronts, holdings: Holdings, secret: str | None) -> Answer:
        host = f"{id_text(holdings.fs)}.localhost:4800"
        return fronts.http("GET", "/page", secret, host=host, cookie=True)

    def outcome(fronts: Fronts, holdings: Holdings, secret: str | None) -> str:
        answer = send(fronts, holdings, secret)
        assert answer.status in (200, 404), answer.body
        return OK if answer.status == 200 else ABSENT

    return Operation("origin", RELEASE, outcome, lambda f, h, s: send(f, h, s).seen(h))


def dav(method: str, any_of: Act, path: str, body: bytes = b"", *, all_of: Act = NOTHING, **headers: str) -> Operation:
    """A method of WebDAV. `{id}` stands for the MiMei."""

    def send(fronts: Fronts, holdings: Holdings, secret: str | None) -> Answer:
        named = id_text(holdings.fs)
        fields = {key.replace("_", "-"): value.replace("{id}", named) for key, value in headers.items()}
        return fronts.http(method, f"/dav/{named}{path}", secret, body=body, headers=fields, basic=True)

    def outcome(fronts: Fronts, holdings: Holdings, secret: str | None) -> str:
        answer = send(fronts, holdings, secret)
        if answer.status < 400:
            return OK
        if b"on this node that you may read" in answer.body:
            assert answer.status == (401 if secret is None else 404)
            return ABSENT
        assert answer.status in (401, 403), answer.body
        assert b"needs the owner" in answer.body, answer.body
        return DENIED

    return Operation(f"dav {method} {path}", any_of, outcome, lambda f, h, s: send(f, h, s).seen(h), all_of)


def redis(
    name: str, any_of: Act, *words: str, version: str = "", all_of: Act = NOTHING, opened_by: Act = CUR | Act.WRITE
) -> Operation:
    """A command of the Redis protocol, after AUTH with the MiMei's id. `opened_by`: acts that let AUTH succeed."""

    def send(fronts: Fronts, holdings: Holdings, secret: str | None) -> bytes:
        return fronts.redis_asks(id_text(holdings.db) + version, secret, *words)

    def outcome(fronts: Fronts, holdings: Holdings, secret: str | None) -> str:
        answer = send(fronts, holdings, secret)
        if not answer.startswith(b"-"):
            return OK
        if b"on this node that you may read" in answer:
            return ABSENT
        assert answer.startswith((b"-NOPERM", b"-READONLY", b"-DENIED", b"-ERR")), answer
        assert b"needs the owner" in answer or not answer.startswith((b"-ERR", b"-DENIED")), answer
        return DENIED

    def raw(fronts: Fronts, holdings: Holdings, secret: str | None) -> object:
        return holdings.unnamed(send(fronts, holdings, secret))

    return Operation(
        f"redis {name}",
        any_of,
        outcome,
        raw,
        all_of,
        opened_by=opened_by,
        denies_blind=not version or version == ".cur",
    )


def watch(what: str, any_of: Act) -> Operation:
    """An event of the WebSocket. Who may not see it is told nothing."""

    def send(fronts: Fronts, holdings: Holdings, secret: str | None) -> list[str]:
        return fronts.watched(holdings.fs, secret, (what,))

    return Operation(f"watch {what}", any_of, lambda *given: OK if send(*given) else ABSENT, send)


def cli(
    line: str,
    any_of: Act,
    stdin: bytes = b"",
    *,
    all_of: Act = NOTHING,
    signer: Callable[[Principal], bool] = anybody,
    signer_first: bool = False,
    opened_by: Act = ALL,
) -> Operation:
    """A command line. `{id}`, `{db}` and `{n}` stand for the file system, the database, and a new number."""

    def send(fronts: Fronts, holdings: Holdings, secret: str | None) -> CommandAnswer:
        named = line.format(id=id_text(holdings.fs), db=id_text(holdings.db), n=next(_numbers), key=KEY)
        return fronts.command(secret, *named.split(), stdin=stdin)

    def outcome(fronts: Fronts, holdings: Holdings, secret: str | None) -> str:
        answer = send(fronts, holdings, secret)
        assert answer.status in (0, 3, 4), answer
        return {0: OK, 3: ABSENT, 4: DENIED}[answer.status]

    def raw(fronts: Fronts, holdings: Holdings, secret: str | None) -> object:
        answer = send(fronts, holdings, secret)
        return answer.status, *(holdings.unnamed(text.encode()) for text in (answer.out, answer.err))

    name = f"cli{' db' if '{db}' in line else ''} {line}"
    return Operation(name, any_of, outcome, raw, all_of, signer, signer_first, opened_by)


def small_tar() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("kept"), io.BytesIO())
    return held.getvalue()


API = [
    api("", READS, "GET", ""),
    api("", READS, "GET", "/right"),
    api("", READS, "GET", "/grants"),
    api("", READS, "GET", "/referrers"),
    api("", CUR, "GET", "/quota"),
    api("the default", READS, "GET", "/files/page"),
    api("", CUR, "GET", "@cur/files/page"),
    api("", RELEASE, "GET", "@release/files/page"),
    api("by its number", RELEASE, "GET", "@1/files/page"),
    api("", VERSIONS, "GET", "@0/files/page"),
    api("", VERSIONS, "GET", "@last/files/page"),
    api("", READS, "GET", "/tree/"),
    api("", READS, "GET", "/tar/"),
    api("", VERSIONS, "GET", "/log"),
    api("", CUR, "GET", "/diff?from=release", all_of=CUR | RELEASE),
    api("", CUR, "GET", "/conflicts"),
    api("", CUR, "GET", "/references"),
    api("", CUR, "GET", "/tags"),
    api("", Act.WRITE, "PUT", "/files/new", b"bytes"),
    api("", Act.WRITE, "POST", "/files/new", {"move_to": "moved"}),
    api("", Act.WRITE, "PUT", "/tree/below", small_tar()),
    api("", Act.WRITE, "DELETE", "/files/moved"),
    api("", Act.WRITE, "POST", "/references", {"target": "{id}@release"}, all_of=Act.WRITE | RELEASE),
    api("reading", READS, "POST", "db/db", {"commands": [["GET", "key"]]}),
    api("writing", Act.WRITE, "POST", "db@cur/db", {"commands": [["SET", "other", "1"]]}, opened_by=CUR | Act.WRITE),
    api("both", CUR, "POST", "db@cur/db", {"commands": [["INCR", "counter"]]}, all_of=Act.WRITE),
    api("", Act.WRITE, "POST", "/restore", {"version": "release", "discard": True}, all_of=Act.WRITE | RELEASE),
    api("", Act.WRITE, "POST", "/discard", {}),
    api("", Act.BACKUP, "POST", "/merge", {}),
    api("", Act.BACKUP, "POST", "db/backup", {}),
    api("", Act.RELEASE, "POST", "/release", {"version": "1"}),
]
GATEWAY = [
    gateway("by path, the default", READS, lambda h: f"/mm/{id_text(h.fs)}/page"),
    gateway("by path, a listing", READS, lambda h: f"/mm/{id_text(h.fs)}/"),
    gateway("by path, cur", CUR, lambda h: f"/mm/{id_text(h.fs)}@cur/page"),
    gateway("by path, the release", RELEASE, lambda h: f"/mm/{id_text(h.fs)}@release/page"),
    gateway("by path, an old version", VERSIONS, lambda h: f"/mm/{id_text(h.fs)}@0/page"),
    gateway("by CID, raw, of the release", RELEASE | VERSIONS, lambda h: f"/ipfs/{h.raw['release']}?format=raw"),
    gateway("by CID, raw, of an old version", VERSIONS, lambda h: f"/ipfs/{h.raw['before']}?format=raw"),
    gateway("by CID, a CAR of the release", RELEASE | VERSIONS, lambda h: f"/ipfs/{h.roots['release']}?format=car"),
    gateway("by CID, a CAR of the newest", VERSIONS, lambda h: f"/ipfs/{h.roots['last']}?format=car"),
    gateway("by CID and path, a file", VERSIONS, lambda h: f"/ipfs/{h.roots['before']}/page"),
]
DAV = [
    dav("GET", READS, "/page"),
    dav("GET", RELEASE, "@release/page"),
    dav("GET", VERSIONS, "@0/page"),
    dav("PROPFIND", READS, "/", PROPFIND, depth="1"),
    dav("PUT", Act.WRITE, "/new", b"bytes"),
    dav("PROPPATCH", Act.WRITE, "/new", PROPPATCH),
    dav("COPY", READS, "/new", destination="http://localhost:4800/dav/{id}/copy", all_of=Act.WRITE),
    dav("MOVE", READS, "/copy", destination="http://localhost:4800/dav/{id}/moved", all_of=Act.WRITE),
    dav("DELETE", Act.WRITE, "/new"),
    dav("LOCK", Act.WRITE, "/locked", LOCKING, timeout="Second-1"),
]
REDIS = [
    redis("GET of the default", READS, "GET", "key", opened_by=ALL),
    redis("GET of cur", CUR, "GET", "key", version=".cur"),
    redis("GET of the release", RELEASE, "GET", "key", version=".release", opened_by=ALL),
    redis("GET of an old version", VERSIONS, "GET", "key", version=".0", opened_by=ALL),
    redis("SET", Act.WRITE, "SET", "other", "1", version=".cur"),
    redis("SET GET", CUR, "SET", "other", "1", "GET", version=".cur", all_of=Act.WRITE),
    redis("INCR", CUR, "INCR", "counter", version=".cur", all_of=Act.WRITE),
    redis("SUBSCRIBE", CUR, "SUBSCRIBE", "news", version=".cur"),
    redis("MM.INFO", CUR, "MM.INFO", version=".cur"),
    redis("MM.LOG", CUR, "MM.LOG", version=".cur", all_of=VERSIONS),
    redis("MM.DIFF", CUR, "MM.DIFF", "release", version=".cur", all_of=RELEASE),
    redis("MM.BACKUP", Act.BACKUP, "MM.BACKUP", version=".cur"),
    redis("MM.RELEASE", Act.RELEASE, "MM.RELEASE", "1", version=".cur"),
    redis(
        "MM.RESTORE",
        CUR,
        "MM.RESTORE",
        "release",
        "DISCARD",
        version=".cur",
        all_of=Act.WRITE | RELEASE,
    ),
]
WATCH = [
    watch("change", CUR),
    watch("backup", CUR | VERSIONS),
    watch("release", READS),
    watch("control", READS),
]
SIGNED = [
    api("", Act.FORK, "POST", "/fork", {"mark": "{n}"}, all_of=VERSIONS, signer=resident, signer_first=True),
    api("", Act.SHARE, "POST", "/grants", {"to": KEY, "rights": "share", "seconds": 60}, signer=resident),
    api("", Act.TAG, "POST", "/tags", {"tag": "topic:new"}, signer=for_a_resident),
    api("", Act.TAG, "DELETE", "/tags?tag=topic:new", signer=for_a_resident),
]
"""What is signed by a person, and so only for one whose seed is on this node."""
CLI = [
    cli("mm cat {id} page", READS),
    cli("mm cat {id}@release page", RELEASE),
    cli("mm cat {id}@0 page", VERSIONS),
    cli("mm ls {id}", READS),
    cli("mm put {id} - by-command", Act.WRITE, b"bytes"),
    cli("mm rm {id} by-command", Act.WRITE),
    cli("log {id}", VERSIONS),
    cli("diff {id} release cur", CUR, all_of=CUR | RELEASE),
    cli("conflicts {id}", CUR),
    cli("db {db} GET key", READS),
    cli("db {db}@cur SET other 1", Act.WRITE, opened_by=CUR | Act.WRITE),
    cli("backup {db}", Act.BACKUP),
    cli("release {id}@1", Act.RELEASE),
    cli("restore {id}@release --discard", Act.WRITE, all_of=Act.WRITE | RELEASE),
    cli("fork {id} --mark cli-{n}", Act.FORK, all_of=VERSIONS, signer=resident, signer_first=True),
    cli("share {id} --to {key} --may share --for 1m", Act.SHARE, signer=resident),
    cli("share list {id}", READS),
    cli("tag add {id} topic:new", Act.TAG, signer=for_a_resident),
    cli("tag remove {id} topic:new", Act.TAG, signer=for_a_resident),
]
OPERATIONS = [*API, *SIGNED, *GATEWAY, *DAV, *REDIS, *WATCH, *CLI]
ORIGIN = origin()
OWNERS = [
    api("", Act.SHARE, "DELETE", "/grants/00"),
    api("", ALL, "PUT", "/right", {"right": "private"}),
    api("", ALL, "PUT", "/quota", {"quota": None}),
    api("", ALL, "DELETE", ""),
    api("", ALL, "POST", "/split", {"path": "x", "mark": "y"}),
    api("", ALL, "POST", "/delete-versions", {"first": 0, "last": 0}),
]
"""What only who owns the MiMei can do."""
