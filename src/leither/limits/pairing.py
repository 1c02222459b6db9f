"""Bounds of two nodes that back each other up."""

from leither.limits.unit import KIB, MIB

PAIRING_CODE_DIGITS = 6
"""Digits of a code that chance chose; one more finds typing errors. Whoever guesses has one guess."""
PAIRING_CODE_S = 600
"""How long a code is good for."""
PAIRING_ATTEMPTS_MAX = 8
"""How often somebody may begin to pair by one code without finishing; then it is good no more."""
PAIRING_MESSAGE_BYTES_MAX = 16 * KIB
PAIRING_ADDRESSES_MAX = 16
"""Addresses that a node gives of itself to the one it pairs with."""
PAIRING_ADDRESS_BYTES_MAX = 256
PAIRING_S = 30
"""How long a step of pairing may take."""
PAIRS_MAX = 64
"""Nodes that one node is paired with."""
PAIR_NAME_BYTES_MAX = 128
KEPT_MAX = 8192
"""MiMei that one node asks another to keep for it; the rest is not kept."""
KEPT_PAGE = 1024
"""The same on one page of a message."""
KEEP_S = 30
"""How long a step of telling each other what is kept may take."""
KEEP_BAD_POINTS = 50
"""What it costs a node's standing to say there what is no message, or does not prove itself."""
PULL_READ_BYTES = 256 * KIB
"""Bytes that are read at once of what another node sends."""
PAIR_QUOTA_BYTES = 256 * 1024 * MIB
"""What a paired node may have kept here when nothing else is said."""
PAIR_ROUND_S = 3600
"""After so long, paired nodes tell each other again what they keep, whatever happened meanwhile."""
