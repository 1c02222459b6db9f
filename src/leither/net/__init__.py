"""Other nodes, over libp2p: sockets, connections and streams in an event loop of its own, behind the port `Network`.

Most of it is imported when the network begins; see `resting`. What is said on the wire is in `leither.wire`.
"""
