"""The head of an HTTP/1.1 request: its path, and what its fields say of the message."""

from urllib.parse import urlsplit

Field = tuple[bytes, bytes]  # name and value, as they were sent


class RequestHead:
    """Facts about a message that its own fields state, read in one pass."""

    __slots__ = ("_coding", "_hosts", "has_expect", "size_bytes")

    def __init__(self, fields: list[Field]) -> None:
        size_bytes, hosts, coding, has_expect = 0, 0, b"", False
        for name, value in fields:
            size_bytes += len(name) + len(value)
            low = name.lower()
            if low == b"host":
                hosts += 1
            elif low == b"transfer-encoding":
                coding += b"," + value.strip().lower()
            elif low == b"expect":
                has_expect = True
        self.size_bytes, self.has_expect = size_bytes, has_expect
        self._hosts, self._coding = hosts, coding

    def fault(self, version: str) -> int:
        """Return the status for what the parser takes and RFC 9112 forbids; or 0."""
        if self._coding not in (b"", b",chunked"):
            return 501  # Section 6.1: a coding that is not undone here.
        # Section 3.2: two readers of one message must not find two hosts in it.
        is_nameless = not self._hosts and version == "1.1"
        return 400 if self._hosts > 1 or is_nameless else 0


def path_of(target: bytes) -> str:
    """Return the path of a request's target, which may be a whole URL."""
    text = target.decode("latin-1")
    if not text.startswith("/"):
        try:
            text = urlsplit(text).path
        except ValueError:
            return ""
    return text.partition("?")[0]
