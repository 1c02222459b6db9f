"""Bounds of what a node remembers of its traffic."""

TRAFFIC_SLOT_S = 600
"""Traffic is counted in stretches of so long."""
TRAFFIC_SLOTS_MAX = 145
"""Stretches that are remembered: a day, and the one that goes on."""
TRAFFIC_PLACES_MAX = 256
"""Pairs of a protocol and a peer that one stretch tells apart; what more there are is counted together."""
TRAFFIC_PROTOCOLS_MAX = 32
"""Protocols of which a stretch counts those together that it has no room to tell apart by peer."""
