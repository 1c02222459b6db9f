"""A node for one command: the same as any, but on a socket that only this user reaches, and gone afterwards."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from leither.config import Settings
from leither.node.home import Running
from leither.node.listening import listen
from leither.node.node import Node
from leither.node.serving import log_to_standard_error, serving_in_thread

_SOCKET_PATH_BYTES_MAX = 100
"""Unix socket paths end at 104 or 108 bytes, depending on the system."""


@contextmanager
def private_node(settings: Settings, *, passphrase: Callable[[], str] | None = None) -> Iterator[Running]:
    """Open the home folder and serve it to this process while the context lasts. Raises: what `Node.open` raises."""
    log_to_standard_error("error")  # what the command itself says is enough
    with ExitStack() as stack:
        node = stack.enter_context(Node.open(settings, listening=False, passphrase=passphrase))
        running = node.running
        path = os.fsencode(node.home.socket_file)
        if hasattr(socket, "AF_UNIX") and len(path) <= _SOCKET_PATH_BYTES_MAX:
            node.home.socket_file.unlink(missing_ok=True)
            bound = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            bound.bind(path)
            stack.callback(node.home.socket_file.unlink, missing_ok=True)
            bound.listen()
            running = replace(running, socket=str(node.home.socket_file))
        else:
            bound, *others = listen("127.0.0.1", 0, setting="port", file=settings.file)
            for each in (bound, *others):
                stack.callback(each.close)
            running = replace(running, host="127.0.0.1", port=bound.getsockname()[1])
        stack.enter_context(serving_in_thread(node.app(), [bound]))
        yield running
