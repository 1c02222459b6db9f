"""The WebDAV front door. Source: RFC 4918."""

from leither.dav.door import create_dav

__all__ = ["create_dav"]
