"""Bounds of fetching and giving blocks."""

from leither.limits.unit import KIB, MIB

# Bitswap
BITSWAP_MESSAGE_BYTES_MAX = 4 * MIB
"""Longest message, as other implementations have it."""
BITSWAP_ENTRIES_MAX = 16_384
"""Wants, presences and blocks of one message that are read; a longer list is malformed."""
BITSWAP_CID_BYTES_MAX = 128
"""Longest CID in a message."""
BITSWAP_WANTS_MAX = 1024
"""Wants of one peer that are remembered; beyond, a peer is told that the block is not here."""
BITSWAP_PEERS_MAX = 1024
"""Peers whose wants are remembered; beyond, those of the peer that has been silent for longest are forgotten."""
BITSWAP_INSTEAD_OF_HAVE_BYTES = 1 * KIB
"""A block up to this size is sent at once to a peer that asked whether it is here."""
BITSWAP_ENVELOPE_BYTES = 1 * MIB
"""Bytes of blocks after which one message is full; a single larger block goes in one of its own."""
BITSWAP_SENDING_BYTES_MAX = 16 * MIB
"""Bytes of blocks that are on their way to all peers at once; what more is asked for waits its turn."""
BITSWAP_LOOKUPS_MAX = 4096
"""Wants of one peer that may be looked up in BITSWAP_LOOKUPS_S; beyond, it is told that nothing is here."""
BITSWAP_LOOKUPS_S = 1

# Fetching
FETCH_PROVIDERS_MAX = 16
"""Providers that one fetch asks at once."""
FETCH_WANTS_MAX = 64
"""Blocks that one fetch waits for at once."""
FETCH_WINDOW_BYTES = 16 * MIB
"""Bytes of blocks that one fetch waits for, as far as their size can be guessed, and that a reader may be behind."""
FETCH_PROVIDER_BYTES = 8 * MIB
"""Bytes of blocks that one provider is asked for at once."""
FETCH_PROVIDER_S = 0.5
"""How long a provider should need for all that it is asked for at once."""
FETCH_STALLED_S = 3
"""How long a provider may give nothing, beside what it usually takes, before others are asked for the same."""
FETCH_STALLS_MAX = 3
"""How often a provider may stall, without giving a block in between, before it is asked no more."""
FETCH_GONE_S = 30
"""How long a provider may give nothing before it is asked no more."""
FETCH_MISSES_MAX = 32
"""Blocks that a provider may lack, one after the other, before it is asked only whether it has one."""
FETCH_UNASKED_MAX = 16
"""Blocks that a peer may send without having been asked before it is asked no more."""
FETCH_WITHDRAWN_MAX = 1024
"""Blocks that a peer may still send although they are wanted no more, or although it was only asked about them."""
FETCH_LINKS_BYTES_MAX = 64 * MIB
"""Bytes of links that one fetch keeps to follow them later."""
FETCH_MET_MAX = 65_536
"""Inner blocks that one fetch remembers, so as not to go below them again."""
FETCH_STREAMED_MAX = 8
"""Blocks of one gateway's stream that wait to be looked at; beyond, it isn't read."""
FETCH_FLUSH_BYTES = 32 * MIB
"""Bytes that a fetch stores before they are made durable, so that what came stays if the node stops."""
FETCH_KEPT_S = 7 * 24 * 3600
"""How long what came of a fetch stays, if it isn't gone on with."""
FETCH_SEEK_S = 10
"""How long it may take to find somebody who has what nobody asked so far has."""

# Gateways
GATEWAY_S = 20
"""How long a gateway may take to answer, and between two pieces of its answer."""
GATEWAY_CONNECTIONS_MAX = 4
"""Requests to one gateway at once, and connections with it that are kept."""

# Threads
EXCHANGE_THREADS_MAX = 32
"""Messages to peers that are written at once."""
EXCHANGE_LOOKUPS_MAX = 2
"""Lookups of what peers want that run at once."""
EXCHANGE_SEND_S = 20
"""How long a peer may take to read a message before it is forgotten what it wanted."""
