"""Inspection page: production answers beside canary answers. Read-only."""

from replayd.http.page.server import PageServer

__all__ = ["PageServer"]
