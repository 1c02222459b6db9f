"""Protocols between nodes: bytes in, messages out, and back; no sockets, no clock."""
