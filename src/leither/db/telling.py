"""Which commands tell what stands in a database: who may change it and not read it runs the others alone.

They are those whose keys Redis 7.0 declares with the access flag ("returns, copies or uses the user data from the value
of the key"), and all that only read. That a key is there, and how long a list has become, a reply may tell: so does
writing a file. Source: redis.io, "Key specifications".
"""

from collections.abc import Sequence

_QUIET = frozenset(
    b"append del expire expireat flushall flushdb hdel hmset hset hsetnx linsert lpush lpushx lrem lset ltrim mset"
    b" msetnx persist pexpire pexpireat psetex rpush rpushx sadd set setex setnx setrange srem unlink zadd zrem"
    b" zremrangebylex zremrangebyrank zremrangebyscore".split()
)
_BUT_WITH = {b"set": (3, b"get"), b"zadd": (2, b"incr")}
"""An option that makes a command tell, and from which word on it may stand."""


def tells(words: Sequence[bytes]) -> bool:
    """Tell whether a command, with its name in front, answers with or moves what stands in the database.

    A member that is called as the option is taken for it.
    """
    name = words[0].lower()
    first, option = _BUT_WITH.get(name, (0, b""))
    return name not in _QUIET or (first > 0 and option in map(bytes.lower, words[first:]))
