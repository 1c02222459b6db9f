"""Other nodes, over libp2p: sockets, connections and streams in an event loop of its own, behind the port `Network`.

Nothing here is imported before the network is switched on. What is said on the wire is in `leither.wire`.
"""
