"""Inspection page: production answers beside canary answers, and people's decisions."""

from replayd.http.page.access import read_people
from replayd.http.page.server import PageServer, PageSettings

__all__ = ["PageServer", "PageSettings", "read_people"]
