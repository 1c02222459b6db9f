"""Unpredictable bytes from the operating system."""

import secrets


class SystemRandom:
    """`Random` from the kernel's generator."""

    def token(self, size_bytes: int) -> bytes:
        """Return `size_bytes` bytes nobody can guess."""
        return secrets.token_bytes(size_bytes)
