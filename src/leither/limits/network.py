"""Bounds of the network."""

from leither.limits.unit import KIB, MIB

# Connections and streams
PEERS_MAX = 256
"""Peers connected at once; beyond, the least useful of those nobody chose are dropped."""
PEER_CONNECTIONS_MAX = 4
"""Connections with one peer at once."""
HANDSHAKES_MAX = 64
"""Connections from elsewhere that have not said who they are yet."""
HANDSHAKE_S = 10
"""How long it may take two nodes to agree who they are and how they speak."""
DIAL_S = 10
DIALS_MAX = 16
"""Dials at once."""
PEER_ADDRESSES_MAX = 32
"""Addresses remembered of one peer."""
DNSADDR_LOOKUPS_MAX = 16
"""Names that are looked up for one dial, where names stand for other names."""
DNS_S = 5
"""How long one name is looked up."""
PEERS_KNOWN_MAX = 4096
"""Peers whose addresses are remembered."""
STREAMS_MAX = 1024
"""Streams of one connection, and inbound ones of one peer."""
STREAM_BUFFER_BYTES_MAX = 1 * MIB
"""Bytes of one stream that came and were not read yet; the other side waits beyond."""
PEER_BUFFER_BYTES_MAX = 16 * MIB
"""The same of all streams with one peer."""
STREAM_S = 30
"""How long a step on a stream may take when nothing else is said."""
STREAM_CLOSE_S = 60
"""How long the other side may take to end a stream that ended here."""
NETWORK_MESSAGE_BYTES_MAX = 4 * MIB
"""Longest message that any protocol may send, as Bitswap bounds it."""
NETWORK_THREADS_MAX = 32
"""Threads in which what came from peers is handled."""
NETWORK_QUEUE_MAX = 256
"""Messages and streams of one peer that wait to be handled; beyond, it isn't read."""

# Topics, values and providers
TOPIC_BYTES_MAX = 256
TOPICS_MAX = 1024
"""Topics that this node subscribes to."""
TOPIC_MESSAGE_BYTES_MAX = 64 * KIB
PROVIDERS_MAX = 20
"""Providers that one search returns when nothing else is said."""
ROUTED_VALUE_BYTES_MAX = 10 * KIB
"""Longest value kept in the DHT: an IPNS record."""
ROUTED_KEY_BYTES_MAX = 256

# Standing of peers
PEER_SCORE_DROPPED = -100
"""Standing at which a peer is dropped, and not let in until it has recovered."""
PEER_SCORE_RECOVERY_S = 60
"""Time in which a peer that was scored down regains ten points."""

# What peers say of themselves
IDENTIFY_BYTES_MAX = 64 * KIB
IDENTIFY_PROTOCOLS_MAX = 128
"""Protocols that are remembered of one peer."""

# DHT
KAD_MESSAGE_BYTES_MAX = 64 * KIB
KAD_PEERS_MAX = 64
"""Peers of one message that are read."""
KAD_REQUEST_S = 10
KAD_REQUESTS_MAX = 1024
"""Requests that are answered on one stream."""
KAD_VALUES_MAX = 4096
"""Values held for others."""
KAD_PROVIDERS_MAX = 65_536
"""Who provides what: records held for others."""
PROVIDER_RECORD_S = 48 * 3600

# Gossip
GOSSIP_BYTES_MAX = 1 * MIB
"""Longest message between two peers of gossipsub, with all the messages in it."""
GOSSIP_ITEMS_MAX = 1024
"""Subscriptions, messages, or topics of one such message that are read."""
GOSSIP_IDS_MAX = 1024
"""Names of messages that are told, or asked for, at once."""
GOSSIP_POSTS_PER_HEARTBEAT_MAX = 256
"""Messages that one peer may send in a second."""
GOSSIP_SEEN_MAX = 65_536
GOSSIP_CACHED_MAX = 512
"""Messages that others may still ask for."""
GOSSIP_QUEUE_MAX = 256
"""Messages that wait to be sent to one peer; beyond, the oldest are dropped."""

# Staying connected
REDIAL_S_MIN = 1
"""Pause before a chosen peer that is away is dialled again."""
REDIAL_S_MAX = 600
"""Longest such pause; each is twice the one before."""

BOOTSTRAP_PEERS_MIN = 4
"""Peers of the DHT below which the public network is joined again through those everybody knows."""

# Relays
RELAY_MESSAGE_BYTES_MAX = 16 * KIB
RELAYS_USED_MAX = 2
"""Relays through which this node is reached when it can't be reached directly."""
RESERVATION_S = 3600
"""How long a place at this node as a relay lasts without being renewed."""
RESERVATION_RENEW_S = 1200
RESERVATIONS_MAX = 128
"""Peers that nobody chose and that have a place."""
CIRCUITS_MAX = 64
CIRCUITS_PER_PEER_MAX = 8
CIRCUIT_S_MAX = 120
"""How long this node carries what goes between two peers that nobody chose."""
CIRCUIT_BYTES_MAX = 128 * KIB
"""How much of it, in each direction."""
PUNCHES_MAX = 3
"""How often two peers behind routers try to reach each other directly."""
DIAL_BACK_S = 60
"""How often one peer may ask to be dialled back."""
OBSERVERS_MIN = 2
"""Peers that must have seen this node at an address before it is told to others."""
OBSERVED_MAX = 32
"""Addresses at which peers see this node that are remembered, and peers remembered for each."""

# Neighbours
NEIGHBOURS_MAX = 64
"""Neighbours that are looked up at once."""

# Routers
PORT_MAPPING_S = 3600
"""How long a router is asked to let others in, before it is asked again."""
PORT_MAPPING_WAIT_S = 3
"""How long a router may take to answer."""
PORT_MAPPING_ANSWER_BYTES_MAX = 256 * KIB
