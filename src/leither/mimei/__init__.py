"""The MiMei: its records, its addresses, the entries of its side map. Pure."""
