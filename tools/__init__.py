"""What the Makefile runs that isn't part of the package."""
