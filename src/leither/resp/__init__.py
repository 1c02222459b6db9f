"""The Redis protocol front door: databases for every client that speaks to Redis.

A connection opens one MiMei of kind `db`, at `cur` or read-only at a version. Nothing here reaches an engine except
through the services.
"""

from leither.resp.server import RedisServer, serve_redis

__all__ = ["RedisServer", "serve_redis"]
