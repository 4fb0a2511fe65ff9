"""Server side of one HTTP/2 connection: streams, flow-control windows, and limits.

Requests are handled by a `Service`, which is called for each stream. Nothing is
buffered here: received data is passed on immediately, so the service decides how much
of a body may be in flight once it knows the body's size.
Source: RFC 9113. docs/adr/0029-servers-of-our-own.md explains why it is ours.
"""

import asyncio
from typing import Final

from collector.net import h2_frames
from collector.net.h2_hpack import MAX_LIST_BYTES
from collector.net.h2_server_streams import (
    FLOOD_CREDIT,
    RESET_COST,
    ServerStreams,
)
from collector.net.h2_streams import STREAM_WINDOW, Head, Service, Stream
from collector.net.listener import ListenerState

# Of all bodies of a connection; taken off the socket at once, as `STREAM_WINDOW` is.
_CONNECTION_WINDOW: Final = 2**24
_WINDOW_STEP: Final = 2**22
_LAST_STREAM: Final = 2**31 - 1
_DRAIN_PING: Final = b"leaving."
_DRAIN_SECONDS_AFTER_GOAWAY: Final = 5.0  # for the answer to it
_RESERVED_STREAMS: Final = 8  # of each connection, whatever others hold
_PREFACE_SECONDS: Final = 10.0
_SILENT_SECONDS: Final = 60.0  # then the client is asked for a sign of life
_ANSWER_SECONDS: Final = 20.0  # and has so long to give one
_UNREAD_SECONDS: Final = 60.0  # answers that the client does not take


class ServerConnection(ServerStreams[Head], asyncio.Protocol):
    """Serves one client connection; see the module."""

    def __init__(self, service: Service[Head], shared: ListenerState) -> None:
        super().__init__(service, shared)
        self._used = 0  # bytes of our window since it was last opened
        self._is_drain_acknowledged = self._is_asked = False
        self._block_since = 0.0
        self._paused_since = self._drain_started_at = 0.0
        self._has_heard = False
        handlers = {
            h2_frames.DATA: self._on_data,
            h2_frames.HEADERS: self._on_headers,
            h2_frames.PRIORITY: self._on_priority,
            h2_frames.RST_STREAM: self._on_reset,
            h2_frames.SETTINGS: self._on_settings,
            h2_frames.PUSH_PROMISE: self._on_push_promise,
            h2_frames.PING: self._on_ping,
            h2_frames.GOAWAY: self._on_goaway,
            h2_frames.WINDOW_UPDATE: self._on_window_update,
            h2_frames.CONTINUATION: self._on_continuation,
        }
        self._frames = h2_frames.FrameReader(handlers, self._charge_flood_credit)

    # Called by the receiver.

    def check_timeouts(self, now_seconds: float) -> None:
        """Enforce timeouts. Called about once per second."""
        self._flood_credit = FLOOD_CREDIT
        if self._has_heard:
            self._has_heard = self._is_asked = False
            self._heard_at = now_seconds
        silent_seconds = now_seconds - self._heard_at
        if self._preface is not None and silent_seconds > _PREFACE_SECONDS:
            self._close()
        elif self._paused_since and now_seconds - self._paused_since > _UNREAD_SECONDS:
            self._writer.abort()
        elif (
            self._frames.is_in_block
            and now_seconds - self._block_since > self._shared.read_seconds
        ):
            self._fail(
                h2_frames.ProtocolError(
                    "headers do not end", h2_frames.ENHANCE_YOUR_CALM
                )
            )
        elif self._is_asked and silent_seconds > _SILENT_SECONDS + _ANSWER_SECONDS:
            self._writer.abort()
        elif not self._is_asked and silent_seconds > _SILENT_SECONDS:
            self._is_asked = True
            self.write(h2_frames.frame(h2_frames.PING, 0, 0, bytes(8)))
        self._check_stream_timeouts(now_seconds)
        if self._is_draining and not self._streams:
            is_late = now_seconds - self._drain_started_at > _DRAIN_SECONDS_AFTER_GOAWAY
            if self._is_drain_acknowledged or self._preface is not None or is_late:
                self._close()

    def _check_stream_timeouts(self, now_seconds: float) -> None:
        for stream in list(self._streams.values()):
            if stream.incoming is not None:
                stream.incoming.check_timeouts(now_seconds)
        for stream in list(self._stalled.values()):
            if now_seconds - stream.stalled_since > _UNREAD_SECONDS:
                self._break(stream, h2_frames.CANCEL)

    def start_drain(self) -> None:
        """Start a graceful shutdown (GOAWAY); requests in flight are still answered."""
        if not self._is_draining:
            self._is_draining, self._drain_started_at = True, self._shared.now_seconds()
            if self._preface is None:
                self._send_goaway()

    def _send_goaway(self) -> None:
        # What the client sent before it read this comes before its answer to the ping.
        goaway = _LAST_STREAM.to_bytes(4, "big") + bytes(4)
        self.write(
            h2_frames.frame(h2_frames.GOAWAY, 0, 0, goaway)
            + h2_frames.frame(h2_frames.PING, 0, 0, _DRAIN_PING)
        )

    def end(self) -> None:
        """Close immediately; requests in flight are aborted."""
        self._is_draining = True  # which the client is told: it can ask elsewhere
        self._close()
        self._cancel_all()

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register the connection and wait for the client preface."""
        self._writer.connect(transport)
        self._heard_at = self._born = self._shared.now_seconds()
        self._shared.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - all alike
        """Abort the requests in flight."""
        self._shared.connections.discard(self)
        self._cancel_all()

    def pause_writing(self) -> None:
        """Stop reading while the client does not read, to bound queued responses."""
        self._paused_since = self._shared.now_seconds()
        self._writer.pause_reading(pause=True)

    def resume_writing(self) -> None:
        """Resume reading."""
        self._paused_since = 0.0
        self._writer.pause_reading(pause=False)

    def eof_received(self) -> None:
        """Send pending responses; the connection closes then."""
        self._writer.flush()

    def data_received(self, data: bytes) -> None:
        """Process all complete frames, and partial DATA payloads."""
        if self._writer.is_closing:
            return  # TLS hands on what it had decrypted
        self._has_heard = True
        try:
            if self._preface is not None:
                data = self._read_preface(self._preface + data)
            if data:
                self._frames.take(data)
        except h2_frames.ProtocolError as error:
            self._fail(error)

    def _read_preface(self, data: bytes) -> bytes:
        """Return what follows the preface; nothing while that is not whole."""
        size = len(h2_frames.PREFACE)
        if data[:size] == h2_frames.PREFACE:
            self._preface = None
            self._send_settings()
            return data[size:]
        if h2_frames.PREFACE.startswith(data[:size]):
            self._preface = data
        else:
            self._send_elsewhere()
        return b""

    def _send_settings(self) -> None:
        """Say what is allowed here; not before, or HTTP/1.1 could not be answered."""
        settings = (
            (h2_frames.MAX_CONCURRENT_STREAMS, self._shared.most_streams),
            (h2_frames.INITIAL_WINDOW_SIZE, STREAM_WINDOW),
            (h2_frames.MAX_HEADER_LIST_SIZE, MAX_LIST_BYTES),
        )
        more = _CONNECTION_WINDOW - h2_frames.FIRST_WINDOW
        self.write(
            h2_frames.settings_frame(settings)
            + h2_frames.number_frame(h2_frames.WINDOW_UPDATE, 0, more)
        )
        if self._is_draining:
            self._send_goaway()

    # Taking frames: flags, stream, payload.

    def _on_data(self, flags: int, number: int, payload: bytes) -> None:
        self._used += len(payload)
        if self._used >= _WINDOW_STEP:
            self.write(h2_frames.number_frame(h2_frames.WINDOW_UPDATE, 0, self._used))
            self._used = 0
        stream = self._streams.get(number)
        if stream is None or stream.is_over:
            self._on_stray_data(number, stream, len(payload))
            return
        piece = payload
        if flags & h2_frames.PADDED:
            piece = h2_frames.without_padding(h2_frames.PADDED, payload)
            stream.open_window(len(payload) - len(piece))
        is_last = bool(flags & h2_frames.END_STREAM)
        stream.is_over = is_last
        if not (piece or is_last):
            self._charge_flood_credit()
        elif stream.incoming is not None:
            stream.incoming.on_data(piece, is_last=is_last)

    def _on_stray_data(self, number: int, stream: Stream | None, size: int) -> None:
        """Take what belongs to no open body."""
        if number == 0 or number > self._last_stream:
            raise h2_frames.ProtocolError("a body of no request")
        if number in self._unwanted:
            if not size:
                self._charge_flood_credit()
            return  # on its way before the client heard that we do not want it
        self._charge_flood_credit()
        if stream is not None:
            self._refute(stream, h2_frames.STREAM_CLOSED)
        else:
            self.write(
                h2_frames.number_frame(
                    h2_frames.RST_STREAM, number, h2_frames.STREAM_CLOSED
                )
            )
        self._drop_rest(number)  # reset once, even if more of it arrives

    def _on_headers(self, flags: int, number: int, payload: bytes) -> None:
        block = payload
        if flags & (h2_frames.PADDED | h2_frames.WITH_PRIORITY):
            block = h2_frames.without_padding(flags, payload)
            if flags & h2_frames.WITH_PRIORITY:
                at = 1 if flags & h2_frames.PADDED else 0
                self._check_priority(number, payload[at : at + 4])
        if flags & h2_frames.END_HEADERS:
            self._on_header_block(flags, number, block)
        else:
            self._block_since = self._shared.now_seconds()
            self._frames.begin_block(flags, number, block)

    def _on_continuation(self, flags: int, number: int, payload: bytes) -> None:
        whole = self._frames.continue_block(flags, number, payload)
        if whole is None:
            self._charge_flood_credit()
        else:
            self._on_header_block(whole[0], number, whole[1])

    def _on_header_block(self, flags: int, number: int, block: bytes) -> None:
        is_last = bool(flags & h2_frames.END_STREAM)
        if number == 0:
            raise h2_frames.ProtocolError("headers of the connection")
        if number <= self._last_stream:
            self._on_trailers(number, block, is_last=is_last)
            return
        if not number & 1:
            raise h2_frames.ProtocolError("a stream that is not the client's to open")
        self._last_stream = number
        stream = Stream(self, number)
        stream.is_over = is_last
        if (head := self._read_head(stream, block)) is None:
            return
        shared = self._shared
        if len(self._streams) >= shared.most_streams or (
            shared.open_streams >= shared.all_streams
            # A few connections must not take every place there is.
            and len(self._streams) >= _RESERVED_STREAMS
        ):
            self._shared.refused("streams")
            self.reset(stream, h2_frames.REFUSED_STREAM)
            return
        self._streams[number] = stream
        self._shared.open_streams += 1
        stream.incoming = incoming = self._service.open(stream, head)
        if incoming is not None and is_last:
            incoming.on_data(b"", is_last=True)

    def _on_trailers(self, number: int, block: bytes, *, is_last: bool) -> None:
        """Take a second block of headers: it ends a body, and says nothing to us."""
        fields = self._reader.fields(block)
        self._charge_header_work()
        stream = self._streams.get(number)
        if stream is None:
            if number not in self._unwanted:
                raise h2_frames.ProtocolError(
                    "headers of the past", h2_frames.STREAM_CLOSED
                )
        elif stream.is_over:
            self._refute(stream, h2_frames.STREAM_CLOSED)
        elif not is_last or any(name[:1] == b":" for name, _ in fields):
            self._refute(stream, h2_frames.PROTOCOL_ERROR)
        else:
            stream.is_over = True
            if stream.incoming is not None:
                stream.incoming.on_data(b"", is_last=True)

    def _check_priority(self, number: int, dependency: bytes) -> None:
        if number == 0:
            raise h2_frames.ProtocolError("priority of the connection")
        if int.from_bytes(dependency, "big") & 0x7FFFFFFF == number:
            raise h2_frames.ProtocolError("a stream that depends on itself")

    def _on_priority(self, _flags: int, number: int, payload: bytes) -> None:
        self._charge_flood_credit()
        if len(payload) != 5:
            raise h2_frames.ProtocolError(
                "PRIORITY of an odd size", h2_frames.FRAME_SIZE_ERROR
            )
        self._check_priority(number, payload[:4])

    def _on_reset(self, _flags: int, number: int, payload: bytes) -> None:
        self._charge_flood_credit(RESET_COST)
        if len(payload) != 4:
            raise h2_frames.ProtocolError(
                "RST_STREAM of an odd size", h2_frames.FRAME_SIZE_ERROR
            )
        if number == 0 or number > self._last_stream:
            raise h2_frames.ProtocolError("a reset of no request")
        self._unwanted.pop(number, None)
        stream = self._streams.get(number)
        if stream is not None:
            incoming = stream.incoming
            self._forget(stream)
            if incoming is not None:
                incoming.cancelled()

    def _on_settings(self, flags: int, number: int, payload: bytes) -> None:
        self._charge_flood_credit()
        if number:
            raise h2_frames.ProtocolError("SETTINGS of a stream")
        if flags & h2_frames.ACK:
            if payload:
                raise h2_frames.ProtocolError("a full ACK", h2_frames.FRAME_SIZE_ERROR)
            return
        first_window = self.first_window
        for setting, value in h2_frames.read_settings(payload):
            if setting == h2_frames.INITIAL_WINDOW_SIZE:
                first_window = value
        if first_window != self.first_window:  # once per frame, even if repeated in it
            self._move_windows(first_window)
        self.write(h2_frames.frame(h2_frames.SETTINGS, h2_frames.ACK, 0))
        self._flush_stalled()

    def _on_push_promise(self, _flags: int, _number: int, _payload: bytes) -> None:
        raise h2_frames.ProtocolError("clients do not push")

    def _on_ping(self, flags: int, number: int, payload: bytes) -> None:
        self._charge_flood_credit()
        if number:
            raise h2_frames.ProtocolError("PING of a stream")
        if len(payload) != 8:
            raise h2_frames.ProtocolError(
                "PING of an odd size", h2_frames.FRAME_SIZE_ERROR
            )
        if not flags & h2_frames.ACK:
            self.write(h2_frames.frame(h2_frames.PING, h2_frames.ACK, 0, payload))
        elif payload == _DRAIN_PING:
            self._is_drain_acknowledged = True

    def _on_goaway(self, _flags: int, number: int, payload: bytes) -> None:
        """Take note of nothing: what was sent is answered, and the client closes."""
        self._charge_flood_credit()
        if number:
            raise h2_frames.ProtocolError("GOAWAY of a stream")
        if len(payload) < 8:
            raise h2_frames.ProtocolError(
                "GOAWAY of an odd size", h2_frames.FRAME_SIZE_ERROR
            )

    def _on_window_update(self, _flags: int, number: int, payload: bytes) -> None:
        self._charge_flood_credit()
        if len(payload) != 4:
            raise h2_frames.ProtocolError(
                "WINDOW_UPDATE's size", h2_frames.FRAME_SIZE_ERROR
            )
        more = int.from_bytes(payload, "big") & 0x7FFFFFFF
        if number == 0:
            self.window += more
            if not more:
                raise h2_frames.ProtocolError("a window opened by nothing")
            if self.window > h2_frames.LARGEST_WINDOW:
                raise h2_frames.ProtocolError("a window", h2_frames.FLOW_CONTROL_ERROR)
            self._flush_stalled()
            return
        if number > self._last_stream:
            raise h2_frames.ProtocolError("a window of no request")
        stream = self._streams.get(number)
        if stream is None:
            return
        stream.window += more
        if not more:
            self._refute(stream, h2_frames.PROTOCOL_ERROR)
        elif stream.window > h2_frames.LARGEST_WINDOW:
            self._refute(stream, h2_frames.FLOW_CONTROL_ERROR)
        elif number in self._stalled:
            del self._stalled[number]
            stream.flush()
