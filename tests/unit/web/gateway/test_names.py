"""Names of IPNS at the gateway."""

from __future__ import annotations

import pytest

from leither.codec.cid_text import cid_text, parse_cid
from leither.crypto import id_text, peer_id_of
from leither.service.catalog import Catalog
from leither.wire.ipns import ipns_name
from tests.unit.web.front import PRIVATE, Front
from tests.unit.web.gateway.test_denied import Lists


class Named:
    """A front door with a released site, whose name stands in its control."""

    def __init__(self) -> None:
        self.lists = Lists()
        self.front = Front(denied=self.lists)
        self.mimei, _ = self.front.publish("a", {"d/x.txt": b"words"})
        author = self.front.engines.persons.owner
        self.key = author.name_key(self.mimei).public
        Catalog(self.front.engines).change_control(self.mimei, ipns=self.key)
        self.name = ipns_name(self.key)


@pytest.mark.parametrize("form", ["base36", "base32", "base58"])
def test_a_name_in_any_of_its_forms_leads_to_the_release(form: str) -> None:
    named = Named()
    name = {
        "base36": named.name,
        "base32": cid_text(parse_cid(named.name)),
        "base58": peer_id_of(named.key),
    }[form]
    reply = named.front.get(f"/ipns/{name}/d/x.txt?q=1")
    location = f"/mm/{id_text(named.mimei)}@release/d/x.txt?q=1"
    assert (reply.status, reply.headers["location"]) == (302, location)
    assert named.front.get(location).body == b"words"


@pytest.mark.parametrize(
    "name", ["example.com", "bafkqaaa", "k51qzi5uqu5dhmzyv3zac033i7rl9hkgczxyl81lwoukda2htteop7d3x0y1mf"]
)
def test_what_no_mimei_here_is_called_is_absent(name: str) -> None:
    assert Named().front.get(f"/ipns/{name}/x").status == 404


def test_the_name_of_what_not_everybody_may_read_is_absent() -> None:
    named = Named()
    assert named.front.get(f"/ipns/{named.name}/").status == 302
    Catalog(named.front.engines).change_control(named.mimei, right=PRIVATE)
    assert named.front.get(f"/ipns/{named.name}/").status == 404


@pytest.mark.parametrize("rule", ["/ipns/{name}", "/ipns/{name}/d/x.txt", "/ipns/{name}/d*"])
def test_a_denied_name_leads_nowhere(rule: str) -> None:
    named = Named()
    named.lists.set(rule.format(name=named.name))
    assert named.front.get(f"/ipns/{named.name}/d/x.txt").status == 410


def test_a_name_whose_mimei_was_deleted_is_absent() -> None:
    named = Named()
    assert named.front.get(f"/ipns/{named.name}/").status == 302
    Catalog(named.front.engines).delete(named.mimei)
    assert named.front.get(f"/ipns/{named.name}/").status == 404
