"""Whether an address is free to listen on, and who listens there if not."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from snaptrace.runtime.config import Address

_LISTENING = "0A"  # of /proc/net/tcp: the state TCP_LISTEN
_LONGEST_COMMAND = 60


def why_not_free(address: Address, proc: Path = Path("/proc")) -> str:
    """Return why the address cannot be listened on, "" if it can."""
    if address.port == 0:
        return ""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            address.host,
            address.port,
            type=socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE,
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
            probe.listen(1)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return f"cannot be used: {error.strerror}"
        holder = holder_of(address.port, proc)
        return f"in use by {holder}" if holder else "in use by another process"
    return ""


def holder_of(port: int, proc: Path = Path("/proc")) -> str:
    """Return `pid 12 (its command)` of who listens on a port, "" if unknown.

    Only of processes that this user may look at, and only where there is a /proc.
    """
    wanted = {f"socket:[{inode}]" for inode in _inodes(port, proc)}
    if not wanted:
        return ""
    for process in proc.iterdir():
        if process.name.isdigit() and not wanted.isdisjoint(_open_files(process)):
            return f"pid {process.name} ({_command(process)})"
    return ""


def _inodes(port: int, proc: Path) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                local = int(fields[1].rpartition(":")[2], 16)
                if fields[3] == _LISTENING and local == port:
                    yield fields[9]


def _open_files(process: Path) -> list[str]:
    found = []
    with suppress(OSError):
        for entry in (process / "fd").iterdir():
            with suppress(OSError):
                found.append(os.readlink(entry))  # noqa: PTH115 - the text, no path
    return found


def _command(process: Path) -> str:
    try:
        raw = (process / "cmdline").read_bytes()
    except OSError:
        return "?"
    words = [word.decode("utf-8", "replace") for word in raw.split(b"\0") if word]
    if words:
        words[0] = Path(words[0]).name
    said = " ".join(words)
    return said if len(said) <= _LONGEST_COMMAND else said[:_LONGEST_COMMAND] + "…"
