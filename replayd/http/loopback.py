"""Loopback checks of requests: by address, `Host` and `Origin`."""

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

_LOCAL_NAMES = frozenset({"localhost"})


def is_loopback(host: str) -> bool:
    """Whether an address or name is loopback only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in _LOCAL_NAMES


def names_this_machine(request: web.Request) -> bool:
    """Whether `Host`, and `Origin` if present, name this machine.

    A web page can point a name of its own at 127.0.0.1 (DNS rebinding), or post across
    sites; its browser then sends that name or origin.
    """
    origin = request.headers.get("Origin")
    if origin is not None and not is_loopback(_host_of(origin)):
        return False
    return is_loopback(_host_of(f"//{request.host}"))


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
