"""What answers requests: the web front door over this node's engines."""

import os
from typing import TYPE_CHECKING

from leither import __version__
from leither.web.settings import WebSettings

if TYPE_CHECKING:
    from leither.http.asgi import App
    from leither.node.node import Node


def make_app(node: "Node") -> "App":
    """Return the ASGI application of `node`.  Cost: imports the web stack, about 0.3 s and 25 MB once."""
    from leither.dav import create_dav
    from leither.web.api import create_api
    from leither.web.api.context import ApiContext, NodeFacts
    from leither.web.app import create_app
    from leither.web.schema_node import ConfigRow

    settings, services = web_settings(node), node.services
    rows = [ConfigRow(row.name, row.value, row.source, row.about) for row in node.settings.rows]
    facts = NodeFacts(
        version=__version__,
        home=str(node.home.path),
        started_ms=node.started_ms,
        listening=lambda: listening(node),
        memory_bytes=memory_bytes,
    )
    context = ApiContext(
        engines=node.engines,
        tokens=node.tokens,
        users=node.users,
        settings=settings,
        node=facts,
        config_rows=lambda: rows,
        lan=node.lan,
        network=node.networking,
        pairs=services.pairs if services is not None else None,
        traffic=services.traffic if services is not None else None,
        following=services.following if services is not None else None,
        filling=services.filling if services is not None else None,
        resolving=services.resolving if services is not None else None,
    )
    return create_app(
        node.engines,
        settings,
        tokens=node.tokens,
        api=create_api(context),
        dav=create_dav(node.engines, node.tokens),
        resolving=services.resolving if services is not None else None,
        traffic=services.traffic if services is not None else None,
    )


def web_settings(node: "Node") -> WebSettings:
    """Return where `node` answers: on loopback, and on what its settings name besides."""
    names = [name.strip() for name in node.settings.names.split(",") if name.strip()]
    own = [] if node.settings.reachable else [node.settings.host]
    hosts = {f"[{name}]" if ":" in name else name for name in (*own, *names)}
    lan = node.lan if node.sockets and node.settings.reachable else None
    return WebSettings(port=node.port, extra_hosts=frozenset(f"{host}:{node.port}" for host in hosts), lan=lan)


def listening(node: "Node") -> list[str]:
    """Return the addresses with ports that `node` listens on: this machine's own first."""
    own = [_address(each.getsockname()) for each in (*node.sockets, *node.redis_sockets)]
    return own + [_address((door.address, door.port)) for door in node.lan.listening]


def memory_bytes() -> int | None:
    """Return this process's resident memory; None where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None


def _address(name: tuple[str, int]) -> str:
    return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"
