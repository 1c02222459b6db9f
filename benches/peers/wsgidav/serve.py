"""`serve.py PORT FOLDER`: WsgiDAV on a plain folder, as its own documentation sets it up, for the user `x`."""

import sys

from cheroot.wsgi import Server  # type: ignore[import-not-found]
from wsgidav.wsgidav_app import WsgiDAVApp  # type: ignore[import-not-found]

PORT, FOLDER = int(sys.argv[1]), sys.argv[2]
SETTINGS = {
    "provider_mapping": {"/": FOLDER},
    "simple_dc": {"user_mapping": {"*": {"x": {"password": "peer"}}}},
    "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
    "property_manager": True,
    "lock_storage": True,
    "verbose": 1,
}
Server(("127.0.0.1", PORT), WsgiDAVApp(SETTINGS), numthreads=40).start()
