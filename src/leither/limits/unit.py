"""The units that bounds are written in, in bytes."""

KIB = 1024
MIB = 1024 * KIB
