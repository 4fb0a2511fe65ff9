"""Server side of one HTTP/1.1 connection.

Messages are read by llhttp, through `httptools`, which is strict where two readings of
one message are possible. Requests that a client sends without waiting are answered in
the order they came. Source: RFC 9112.
"""

import asyncio
import time
from collections import deque
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, Protocol

import httptools

from collector.net.http1_head import Field, RequestHead, path_of
from collector.net.listener import IncomingRequest, ListenerState
from collector.net.write_buffer import WriteBuffer

_MAX_HEAD_BYTES: Final = 65_536
_MAX_FIELDS: Final = 256
_WAITING: Final = 32  # requests of a connection that are not answered yet
_MOST_WAITING: Final = 256  # of those that came in one piece
_UNREAD_SECONDS: Final = 60.0  # answers that the client does not take
_STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
    for status in HTTPStatus
}
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_NO_UPGRADE: Final = frozenset((b"upgrade", b"connection", b"http2-settings"))


class Http1Exchange:
    """One request and its response."""

    __slots__ = (
        "_connection",
        "awaits_continue",
        "fields",
        "incoming",
        "is_over",
        "keep_alive",
        "method",
        "path",
        "response",
    )

    def __init__(
        self,
        connection: "Http1Connection",
        method: bytes,
        path: str,
        fields: list[Field],
        *,
        keep_alive: bool,
    ) -> None:
        self._connection = connection
        self.method, self.path, self.fields = method, path, fields
        self.keep_alive = keep_alive
        self.incoming: IncomingRequest | None = None
        self.awaits_continue = False  # the body is not sent before we ask for it
        self.is_over = False  # the client has sent everything
        self.response: bytes | None = None

    def respond(self, status: int, fields: list[Field], body: bytes = b"") -> None:
        """Send the response, once; may precede the body. Adds Content-Length."""
        if self.response is None:
            self.response = self._connection.response(self, status, fields, body)
            self.incoming = None
            self._connection.send_answered()


class Handler(Protocol):
    """Interface of the application that handles requests."""

    def open(self, exchange: Http1Exchange) -> IncomingRequest | None:
        """Start a request; None if it was answered immediately."""
        ...


class Http1Connection(asyncio.Protocol):
    """Reads one client's requests."""

    def __init__(self, handler: Handler, shared: ListenerState) -> None:
        self._handler, self._shared = handler, shared
        self._writer = WriteBuffer()
        self._parser = httptools.HttpRequestParser(self)
        self._exchanges: deque[Http1Exchange] = deque()  # not answered, or not sent yet
        self._current: Http1Exchange | None = None  # whose body is being read
        self._path, self._fields = b"", list[Field]()
        self._head_bytes = 0  # of what is no body: a head, trailers, a chunk's size
        self._steps = 0  # heads, pieces of bodies, and ends of them
        self._in_head = True
        self._is_draining = self._is_closing = self._is_upgrade = False
        self._is_asleep = False  # reading was paused
        self._was_answered = False
        self._since_seconds = 0.0  # of the last change: a head begun, an answer sent
        self._paused_seconds = 0.0  # since when the client takes nothing; 0: it does

    # Called by the listener.

    def check_timeouts(self, now_seconds: float) -> None:
        """Enforce timeouts. Called about once per second."""
        waited_seconds = now_seconds - self._since_seconds
        current = self._current
        if self._paused_seconds:
            if now_seconds - self._paused_seconds > _UNREAD_SECONDS:
                self._writer.abort()
        elif current is not None and current.incoming is not None:
            current.incoming.check_timeouts(now_seconds)
        elif current is not None or (self._in_head and self._head_bytes):
            # An unwanted body, or an unfinished head.
            if waited_seconds > self._shared.read_seconds:
                self._writer.close()
        elif not self._exchanges and waited_seconds > self._shared.idle_seconds:
            self._writer.close()

    def start_drain(self) -> None:
        """Close as soon as no request is in flight."""
        self._is_draining = True
        if not self._exchanges and self._current is None:
            self._writer.close()

    def end(self) -> None:
        """Close immediately; requests in flight are aborted."""
        self._writer.close()
        self._cancel_all()

    def expendable(self) -> tuple[bool, float] | None:
        """Rank for closing; see `listener.Connection`."""
        if any(exchange.is_over for exchange in self._exchanges):
            return None
        return self._was_answered, self._since_seconds

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register the connection and wait for a request."""
        self._writer.connect(transport)
        self._since_seconds = self._shared.now_seconds()
        self._shared.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - all alike
        """Abort the requests in flight."""
        self._shared.connections.discard(self)
        self._cancel_all()

    def pause_writing(self) -> None:
        """Stop reading while the client does not read."""
        self._paused_seconds = self._shared.now_seconds()
        self._throttle()

    def resume_writing(self) -> None:
        """Resume reading."""
        self._paused_seconds = 0.0
        self._throttle()

    def eof_received(self) -> bool:
        """Answer a client that has closed its sending side, then close."""
        self._is_draining = True
        self._writer.flush()
        return bool(self._exchanges)

    def data_received(self, data: bytes) -> None:
        """Parse received bytes as far as possible."""
        if self._is_closing:
            return
        steps = self._steps
        rest: bytes | None = data
        while rest and not self._is_closing:
            try:
                self._parser.feed_data(rest)
                rest = None
            except httptools.HttpParserUpgrade as upgrade:
                rest = self._stay((rest or b"")[upgrade.args[0] :])
            except httptools.HttpParserError:
                self._refuse(400)
        if self._steps == steps:
            if self._in_head and not self._head_bytes:
                self._since_seconds = self._shared.now_seconds()
            self._head_bytes += len(data)
            if self._head_bytes > _MAX_HEAD_BYTES:
                self._refuse(431)

    # Called by the parser; must not raise.

    def on_message_begin(self) -> None:
        """Start a request head."""
        self._path, self._fields, self._head_bytes = b"", [], 0
        self._in_head, self._is_upgrade = True, False

    def on_url(self, url: bytes) -> None:
        """Collect a part of the request target."""
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header field; trailers are ignored."""
        if self._in_head:
            self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """Start handling the request."""
        parser, self._in_head, self._head_bytes = self._parser, False, 0
        self._steps += 1
        if self._is_closing:
            return
        if len(self._exchanges) >= _MOST_WAITING:
            self._refuse(503)
            return
        head = RequestHead(self._fields)
        if status := head.fault(parser.get_http_version()):
            self._refuse(status)
            return
        if parser.should_upgrade():
            self._is_upgrade = True  # read again, without that; see `_stay`
            return
        exchange = Http1Exchange(
            self,
            parser.get_method(),
            path_of(self._path),
            self._fields,
            keep_alive=parser.should_keep_alive(),
        )
        self._current = exchange
        self._exchanges.append(exchange)
        self._throttle()
        if len(self._fields) > _MAX_FIELDS or head.size_bytes > _MAX_HEAD_BYTES:
            exchange.keep_alive = False
            exchange.respond(431, [])
            return
        exchange.awaits_continue = head.has_expect
        incoming = self._handler.open(exchange)
        if exchange.response is None:
            exchange.incoming = incoming
            if exchange.awaits_continue:
                exchange.awaits_continue = False
                self._writer.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        """Collect a piece of the body."""
        self._steps += 1
        self._head_bytes = 0
        current = self._current
        if current is not None and current.incoming is not None:
            current.incoming.on_data(body, is_last=False)

    def on_message_complete(self) -> None:
        """Finish the request's body."""
        current, self._current = self._current, None
        self._steps += 1
        if self._is_upgrade or current is None:
            return
        self._since_seconds = self._shared.now_seconds()
        self._in_head = True
        current.is_over = True
        if current.incoming is not None:
            current.incoming.on_data(b"", is_last=True)
        elif not current.keep_alive and current not in self._exchanges:
            self._close_after(current)  # its answer has left already

    # Answering.

    def response(
        self, exchange: Http1Exchange, status: int, fields: list[Field], body: bytes
    ) -> bytes:
        """Serialise a response."""
        if self._is_draining or exchange.awaits_continue:
            exchange.keep_alive = False  # whether a body will come is not known
        parts = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d Other\r\n" % status]
        parts += [b"%s: %s\r\n" % field for field in fields]
        if not exchange.keep_alive:
            parts.append(b"connection: close\r\n")
        parts.append(b"date: %s\r\n" % _date())
        parts.append(b"content-length: %d\r\n\r\n" % len(body))
        if exchange.method != b"HEAD":
            parts.append(body)
        return b"".join(parts)

    def send_answered(self) -> None:
        """Send completed responses in request order."""
        exchanges = self._exchanges
        while exchanges and exchanges[0].response is not None:
            exchange = exchanges.popleft()
            self._was_answered = True
            self._since_seconds = self._shared.now_seconds()
            self._writer.write(exchange.response or b"")
            if not exchange.keep_alive:
                self._close_after(exchange)
        self._throttle()
        if self._is_draining and not exchanges and self._current is None:
            self._writer.close()

    def _close_after(self, exchange: Http1Exchange) -> None:
        """Close; a client that still sends is heard out, or it would miss the answer.

        For no longer than a body may take: `check_timeouts` closes then.
        """
        if exchange.is_over or exchange.awaits_continue:
            self._is_closing = True
            self._writer.close()

    def _refuse(self, status: int) -> None:
        """Answer what is no request, after all that came before it, and close."""
        if self._is_closing:
            return
        self._is_closing = True
        broken, self._current = self._current, None
        if broken is None:
            broken = Http1Exchange(self, b"", "", [], keep_alive=False)
            self._exchanges.append(broken)
        elif broken.incoming is not None:
            broken.incoming.cancelled()
        elif broken not in self._exchanges:
            self._writer.close()  # it has its answer
            return
        broken.keep_alive, broken.is_over = False, True
        broken.respond(status, [])

    def _stay(self, rest: bytes) -> bytes:
        """Return what to read instead of a request for another protocol, and the rest.

        Some clients ask for HTTP/2 with each request. The parser takes nothing of the
        body of such a request, so it is given the request without the question.
        """
        method = self._parser.get_method()
        if method == b"CONNECT":
            self._refuse(405)
            return b""
        head = [b"%s %s HTTP/1.1\r\n" % (method, self._path)]
        kept = [f for f in self._fields if f[0].lower() not in _NO_UPGRADE]
        head += [b"%s: %s\r\n" % field for field in kept]
        self._parser = httptools.HttpRequestParser(self)
        return b"".join(head) + b"\r\n" + rest

    def _throttle(self) -> None:
        """Read only from a client that takes its answers and waits for some."""
        asleep = bool(self._paused_seconds) or len(self._exchanges) > _WAITING
        if asleep != self._is_asleep:
            self._is_asleep = asleep
            self._writer.pause_reading(pause=asleep)

    def _cancel_all(self) -> None:
        exchanges, self._exchanges = self._exchanges, deque()
        self._current = None
        for exchange in exchanges:
            incoming, exchange.incoming = exchange.incoming, None
            if incoming is not None:
                incoming.cancelled()


class _Second:
    """The last `date` that was made: one serves a second."""

    number = -1
    text = b""


def _date() -> bytes:
    now = int(time.time())
    if now != _Second.number:
        _Second.number, _Second.text = now, formatdate(now, usegmt=True).encode()
    return _Second.text
