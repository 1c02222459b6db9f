"""The commands, one module for each that belong together."""
