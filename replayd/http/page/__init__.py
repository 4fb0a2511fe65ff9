"""The inspection page: what production said beside what the canary says. Read-only."""

from replayd.http.page.server import PageServer

__all__ = ["PageServer"]
