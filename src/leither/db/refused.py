"""Commands of Redis 7.0 that databases here refuse by name, each with its reason."""

_GROUPS = {
    "streams are not kept; use a list or a sorted set": """xack xadd xautoclaim xclaim xdel xgroup xinfo xlen xpending
        xrange xread xreadgroup xrevrange xsetid xtrim""",
    "geographic indexes are not kept; use a sorted set": """geoadd geodist geohash geopos georadius georadius_ro
        georadiusbymember georadiusbymember_ro geosearch geosearchstore""",
    "approximate counts are not kept; use a set": "pfadd pfcount pfdebug pfmerge pfselftest",
    "scripts are not run; use MULTI and WATCH": "eval eval_ro evalsha evalsha_ro fcall fcall_ro function script",
    "a database is not part of a cluster": "asking cluster readonly readwrite",
    "values are not moved as Redis' own bytes; use backup, export and fork": "dump migrate restore restore-asking",
    "replies wait until they are durable, and nodes are not replicas": "replconf replicaof psync slaveof sync wait",
    "a MiMei is one database": "swapdb",
}

REFUSED = {name.encode(): reason for reason, names in _GROUPS.items() for name in names.split()}
"""The reason by the command's name in lower case."""
