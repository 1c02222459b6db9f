"""The OpenAPI document as text, made from the API itself."""

import json

from leither.service.engines import Engines, Identity
from leither.service.tokens import Tokens
from leither.service.users import Users
from leither.store import MemoryBlocks, MemoryState
from leither.store.memory_seeds import MemorySeeds
from leither.web.api import ApiContext, NodeFacts, create_api
from leither.web.api.openapi import document
from leither.web.settings import WebSettings


class _Nothing:
    """Neither time nor chance shows in the document."""

    def now_ms(self) -> int:
        """Return the first moment."""
        return 0

    def token(self, size_bytes: int) -> bytes:
        """Return zeros."""
        return bytes(size_bytes)


def openapi_text() -> str:
    """Return `spec/openapi.json`."""
    engines = Engines(
        blocks=MemoryBlocks(),
        state=MemoryState(),
        clock=_Nothing(),
        random=_Nothing(),
        identity=Identity.of(bytes(32), bytes(32)),
    )
    tokens = Tokens(engines)
    facts = NodeFacts("", "", 0, tuple, lambda: None)
    api = create_api(
        ApiContext(engines, tokens, Users(engines, tokens, MemorySeeds()), WebSettings(4800), facts, tuple)
    )
    return json.dumps(document(api), indent=1, ensure_ascii=False) + "\n"
