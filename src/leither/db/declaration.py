"""What is declared of every command: name, arity, since, key positions, flags, summary.

Arity counts the command's name; a negative one is a minimum. Key positions are first, last, step; where keys follow a
number of keys, or an option, the flag `movablekeys` says so and `dispatch.keys_of` finds them. The facts are those of
Redis 7.0, so that clients which ask for them find what they know; a test compares them.
"""

from typing import NamedTuple


class Declaration(NamedTuple):
    """What clients may ask about a command."""

    name: str
    arity: int
    since: str
    keys: tuple[int, int, int]
    flags: frozenset[str]
    group: str
    summary: str

    @property
    def writes(self) -> bool:
        """Whether the command may change something."""
        return "write" in self.flags


_TABLE = {
    "string": """
        append 3 2.0.0 1,1,1 write,denyoom,fast Add to the end of a string
        decr 2 1.0.0 1,1,1 write,denyoom,fast Take one from a number
        decrby 3 1.0.0 1,1,1 write,denyoom,fast Take an amount from a number
        get 2 1.0.0 1,1,1 readonly,fast Read a string
        getdel 2 6.2.0 1,1,1 write,fast Read a string and delete its key
        getex -2 6.2.0 1,1,1 write,fast Read a string and set or remove its expiry
        getrange 4 2.4.0 1,1,1 readonly Read a part of a string
        getset 3 1.0.0 1,1,1 write,denyoom,fast Set a string and return what it was
        incr 2 1.0.0 1,1,1 write,denyoom,fast Add one to a number
        incrby 3 1.0.0 1,1,1 write,denyoom,fast Add an amount to a number
        incrbyfloat 3 2.6.0 1,1,1 write,denyoom,fast Add an amount with a fraction to a number
        lcs -3 7.0.0 1,2,1 readonly Find the longest common subsequence of two strings
        mget -2 1.0.0 1,-1,1 readonly,fast Read several strings
        mset -3 1.0.1 1,-1,2 write,denyoom Set several strings
        msetnx -3 1.0.1 1,-1,2 write,denyoom Set several strings, unless one of the keys exists
        psetex 4 2.6.0 1,1,1 write,denyoom Set a string that expires after milliseconds
        set -3 1.0.0 1,1,1 write,denyoom Set a string
        setex 4 2.0.0 1,1,1 write,denyoom Set a string that expires after seconds
        setnx 3 1.0.0 1,1,1 write,denyoom,fast Set a string, unless its key exists
        setrange 4 2.2.0 1,1,1 write,denyoom Overwrite a part of a string
        strlen 2 2.2.0 1,1,1 readonly,fast Count the bytes of a string
        substr 4 1.0.0 1,1,1 readonly Read a part of a string
    """,
    "bitmap": """
        bitcount -2 2.6.0 1,1,1 readonly Count the bits that are set
        bitfield -2 3.2.0 1,1,1 write,denyoom Read and change integers of any width in a string
        bitfield_ro -2 6.0.0 1,1,1 readonly,fast Read integers of any width in a string
        bitop -4 2.6.0 2,-1,1 write,denyoom Combine strings bit by bit
        bitpos -3 2.8.7 1,1,1 readonly Find the first bit that is set or clear
        getbit 3 2.2.0 1,1,1 readonly,fast Read a bit
        setbit 4 2.2.0 1,1,1 write,denyoom Set or clear a bit
    """,
    "hash": """
        hdel -3 2.0.0 1,1,1 write,fast Delete fields of a hash
        hexists 3 2.0.0 1,1,1 readonly,fast Tell whether a hash has a field
        hget 3 2.0.0 1,1,1 readonly,fast Read a field of a hash
        hgetall 2 2.0.0 1,1,1 readonly Read all fields and values of a hash
        hincrby 4 2.0.0 1,1,1 write,denyoom,fast Add an amount to the number in a field
        hincrbyfloat 4 2.6.0 1,1,1 write,denyoom,fast Add an amount with a fraction to the number in a field
        hkeys 2 2.0.0 1,1,1 readonly List the fields of a hash
        hlen 2 2.0.0 1,1,1 readonly,fast Count the fields of a hash
        hmget -3 2.0.0 1,1,1 readonly,fast Read several fields of a hash
        hmset -4 2.0.0 1,1,1 write,denyoom,fast Set several fields of a hash
        hrandfield -2 6.2.0 1,1,1 readonly Draw fields of a hash at random
        hscan -3 2.8.0 1,1,1 readonly Walk through the fields of a hash
        hset -4 2.0.0 1,1,1 write,denyoom,fast Set fields of a hash
        hsetnx 4 2.0.0 1,1,1 write,denyoom,fast Set a field of a hash, unless it exists
        hstrlen 3 3.2.0 1,1,1 readonly,fast Count the bytes of a field's value
        hvals 2 2.0.0 1,1,1 readonly List the values of a hash
    """,
    "list": """
        blmove 6 6.2.0 1,2,1 write,denyoom,noscript,blocking Move an element between lists, or wait for one
        blmpop -5 7.0.0 0,0,0 write,blocking,movablekeys Take elements from the first list that has some, or wait
        blpop -3 2.0.0 1,-2,1 write,noscript,blocking Take the first element of a list, or wait for one
        brpop -3 2.0.0 1,-2,1 write,noscript,blocking Take the last element of a list, or wait for one
        brpoplpush 4 2.2.0 1,2,1 write,denyoom,noscript,blocking Move the last element of a list to the front of another
        lindex 3 1.0.0 1,1,1 readonly Read an element by its index
        linsert 5 2.2.0 1,1,1 write,denyoom Insert an element beside another
        llen 2 1.0.0 1,1,1 readonly,fast Count the elements of a list
        lmove 5 6.2.0 1,2,1 write,denyoom Move an element between lists
        lmpop -4 7.0.0 0,0,0 write,movablekeys Take elements from the first list that has some
        lpop -2 1.0.0 1,1,1 write,fast Take elements from the front of a list
        lpos -3 6.0.6 1,1,1 readonly Find an element's index
        lpush -3 1.0.0 1,1,1 write,denyoom,fast Put elements at the front of a list
        lpushx -3 2.2.0 1,1,1 write,denyoom,fast Put elements at the front of a list that exists
        lrange 4 1.0.0 1,1,1 readonly Read a range of a list
        lrem 4 1.0.0 1,1,1 write Remove elements equal to a value
        lset 4 1.0.0 1,1,1 write,denyoom Set an element by its index
        ltrim 4 1.0.0 1,1,1 write Keep a range of a list, remove the rest
        rpop -2 1.0.0 1,1,1 write,fast Take elements from the end of a list
        rpoplpush 3 1.2.0 1,2,1 write,denyoom Move the last element of a list to the front of another
        rpush -3 1.0.0 1,1,1 write,denyoom,fast Put elements at the end of a list
        rpushx -3 2.2.0 1,1,1 write,denyoom,fast Put elements at the end of a list that exists
    """,
    "set": """
        sadd -3 1.0.0 1,1,1 write,denyoom,fast Add members to a set
        scard 2 1.0.0 1,1,1 readonly,fast Count the members of a set
        sdiff -2 1.0.0 1,-1,1 readonly List what the first set has and the others lack
        sdiffstore -3 1.0.0 1,-1,1 write,denyoom Store what the first set has and the others lack
        sinter -2 1.0.0 1,-1,1 readonly List what all sets have
        sintercard -3 7.0.0 0,0,0 readonly,movablekeys Count what all sets have
        sinterstore -3 1.0.0 1,-1,1 write,denyoom Store what all sets have
        sismember 3 1.0.0 1,1,1 readonly,fast Tell whether a set has a member
        smembers 2 1.0.0 1,1,1 readonly List the members of a set
        smismember -3 6.2.0 1,1,1 readonly,fast Tell for each member whether a set has it
        smove 4 1.0.0 1,2,1 write,fast Move a member between sets
        spop -2 1.0.0 1,1,1 write,fast Take members of a set at random
        srandmember -2 1.0.0 1,1,1 readonly Draw members of a set at random
        srem -3 1.0.0 1,1,1 write,fast Remove members of a set
        sscan -3 2.8.0 1,1,1 readonly Walk through the members of a set
        sunion -2 1.0.0 1,-1,1 readonly List what any of the sets has
        sunionstore -3 1.0.0 1,-1,1 write,denyoom Store what any of the sets has
    """,
    "sorted-set": """
        bzmpop -5 7.0.0 0,0,0 write,blocking,movablekeys Take members from the first sorted set that has some, or wait
        bzpopmax -3 5.0.0 1,-2,1 write,noscript,blocking,fast Take the member with the highest score, or wait for one
        bzpopmin -3 5.0.0 1,-2,1 write,noscript,blocking,fast Take the member with the lowest score, or wait for one
        zadd -4 1.2.0 1,1,1 write,denyoom,fast Add members to a sorted set, or change their scores
        zcard 2 1.2.0 1,1,1 readonly,fast Count the members of a sorted set
        zcount 4 2.0.0 1,1,1 readonly,fast Count the members within a range of scores
        zdiff -3 6.2.0 0,0,0 readonly,movablekeys List what the first sorted set has and the others lack
        zdiffstore -4 6.2.0 1,1,1 write,denyoom,movablekeys Store what the first sorted set has and the others lack
        zincrby 4 1.2.0 1,1,1 write,denyoom,fast Add to a member's score
        zinter -3 6.2.0 0,0,0 readonly,movablekeys List what all sorted sets have
        zintercard -3 7.0.0 0,0,0 readonly,movablekeys Count what all sorted sets have
        zinterstore -4 2.0.0 1,1,1 write,denyoom,movablekeys Store what all sorted sets have
        zlexcount 4 2.8.9 1,1,1 readonly,fast Count the members within a range of names
        zmpop -4 7.0.0 0,0,0 write,movablekeys Take members from the first sorted set that has some
        zmscore -3 6.2.0 1,1,1 readonly,fast Read the scores of several members
        zpopmax -2 5.0.0 1,1,1 write,fast Take the members with the highest scores
        zpopmin -2 5.0.0 1,1,1 write,fast Take the members with the lowest scores
        zrandmember -2 6.2.0 1,1,1 readonly Draw members of a sorted set at random
        zrange -4 1.2.0 1,1,1 readonly List members within a range of ranks, scores or names
        zrangebylex -4 2.8.9 1,1,1 readonly List members within a range of names
        zrangebyscore -4 1.0.5 1,1,1 readonly List members within a range of scores
        zrangestore -5 6.2.0 1,2,1 write,denyoom Store members within a range of ranks, scores or names
        zrank 3 2.0.0 1,1,1 readonly,fast Tell a member's rank, lowest score first
        zrem -3 1.2.0 1,1,1 write,fast Remove members of a sorted set
        zremrangebylex 4 2.8.9 1,1,1 write Remove members within a range of names
        zremrangebyrank 4 2.0.0 1,1,1 write Remove members within a range of ranks
        zremrangebyscore 4 1.2.0 1,1,1 write Remove members within a range of scores
        zrevrange -4 1.2.0 1,1,1 readonly List members within a range of ranks, highest score first
        zrevrangebylex -4 2.8.9 1,1,1 readonly List members within a range of names, last name first
        zrevrangebyscore -4 2.2.0 1,1,1 readonly List members within a range of scores, highest score first
        zrevrank 3 2.0.0 1,1,1 readonly,fast Tell a member's rank, highest score first
        zscan -3 2.8.0 1,1,1 readonly Walk through the members of a sorted set
        zscore 3 1.2.0 1,1,1 readonly,fast Read a member's score
        zunion -3 6.2.0 0,0,0 readonly,movablekeys List what any of the sorted sets has
        zunionstore -4 2.0.0 1,1,1 write,denyoom,movablekeys Store what any of the sorted sets has
    """,
    "generic": """
        copy -3 6.2.0 1,2,1 write,denyoom Copy a key
        del -2 1.0.0 1,-1,1 write Delete keys
        exists -2 1.0.0 1,-1,1 readonly,fast Count how many of the keys exist
        expire -3 1.0.0 1,1,1 write,fast Let a key expire after seconds
        expireat -3 1.2.0 1,1,1 write,fast Let a key expire at a time in seconds
        expiretime 2 7.0.0 1,1,1 readonly,fast Tell when a key expires, in seconds
        keys 2 1.0.0 0,0,0 readonly List the keys that match a pattern
        move 3 1.0.0 1,1,1 write,fast Move a key to another database; there is only one
        object -2 2.2.3 0,0,0 - Look at how a key is kept
        persist 2 2.2.0 1,1,1 write,fast Let a key live for good
        pexpire -3 2.6.0 1,1,1 write,fast Let a key expire after milliseconds
        pexpireat -3 2.6.0 1,1,1 write,fast Let a key expire at a time in milliseconds
        pexpiretime 2 7.0.0 1,1,1 readonly,fast Tell when a key expires, in milliseconds
        pttl 2 2.6.0 1,1,1 readonly,fast Tell how long a key has to live, in milliseconds
        randomkey 1 1.0.0 0,0,0 readonly Draw a key at random
        rename 3 1.0.0 1,2,1 write Give a key another name
        renamenx 3 1.0.0 1,2,1 write,fast Give a key another name, unless that exists
        scan -2 2.8.0 0,0,0 readonly Walk through the keys
        sort -2 1.0.0 1,1,1 write,denyoom,movablekeys Sort a list, set or sorted set, and maybe store the outcome
        sort_ro -2 7.0.0 1,1,1 readonly,movablekeys Sort a list, set or sorted set
        touch -2 3.2.1 1,-1,1 readonly,fast Count how many of the keys exist
        ttl 2 1.0.0 1,1,1 readonly,fast Tell how long a key has to live, in seconds
        type 2 1.0.0 1,1,1 readonly,fast Tell what kind of value a key has
        unlink -2 4.0.0 1,-1,1 write,fast Delete keys
    """,
    "server": """
        dbsize 1 1.0.0 0,0,0 readonly,fast Count the keys
        flushall -1 1.0.0 0,0,0 write Delete all keys
        flushdb -1 1.0.0 0,0,0 write Delete all keys
    """,
}


def _read(group: str, line: str) -> Declaration:
    name, arity, since, keys, flags, summary = line.split(maxsplit=5)
    first, last, step = map(int, keys.split(","))
    return Declaration(
        name=name,
        arity=int(arity),
        since=since,
        keys=(first, last, step),
        flags=frozenset() if flags == "-" else frozenset(flags.split(",")),
        group=group,
        summary=summary,
    )


DECLARATIONS = {
    declaration.name: declaration
    for group, table in _TABLE.items()
    for declaration in (_read(group, line) for line in table.strip().splitlines())
}
