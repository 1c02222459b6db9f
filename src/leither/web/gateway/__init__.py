"""The gateway: blocks and files by CID, by MiMei, and at the origins of apps."""
