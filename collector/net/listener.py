"""Sockets to serve on: bound before anything is promised, so that ports are known."""

import socket

from snaptrace.runtime.config import Address


def bind(address: Address, backlog: int = 1024) -> socket.socket:
    """Bind and listen; OSError, naming the address, where that is not possible."""
    try:
        found = socket.getaddrinfo(
            address.host,
            address.port,
            type=socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE,
        )
        family, kind, protocol, _, where = found[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(where)
            listener.listen(backlog)
            listener.settimeout(0)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise OSError(
            error.errno, f"cannot listen on {address}: {error.strerror}"
        ) from None
    return listener


def bound_address(listener: socket.socket) -> str:
    """Return `host:port`, with the port that the system chose where 0 was asked for."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
