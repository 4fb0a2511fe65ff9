"""Server-side streams of one HTTP/2 connection: windows, queued data and closing.

Reading frames is in `h2_server.py`. Source: RFC 9113.
"""

from typing import Final, Generic

from collector.net import h2_frames
from collector.net.h2_hpack import TABLE_BYTES, HeaderReader, TooManyHeadersError
from collector.net.h2_streams import WRONG_PORT, Head, Service, Stream
from collector.net.listener import ListenerState
from collector.net.write_buffer import WriteBuffer

# Frames that bring nothing (pings, resets, empty ones): so many a second, and some more
# for each request that is answered. Above that it is an attack, whatever it is.
FLOOD_CREDIT: Final = 10_000
_AN_ANSWER_ALLOWS: Final = 10
RESET_COST: Final = 10
STREAMS_A_FRAME: Final = 8  # so many moved by one frame count as another
_FREE_FIELDS: Final = 16  # of a block of headers: what honest requests have
_FIELDS_A_FRAME: Final = 8  # so many more count as another frame
# Streams that we ended while the client was still sending: what comes is dropped.
_UNWANTED: Final = 1024


class ServerStreams(Generic[Head]):
    """Open streams of a connection, their flow-control windows and flood credit."""

    def __init__(self, service: Service[Head], shared: ListenerState) -> None:
        self._service, self._shared = service, shared
        self._writer = WriteBuffer()
        self.write = self._writer.write  # frames
        self._reader = HeaderReader(service.understand, TABLE_BYTES)
        self._streams: dict[int, Stream] = {}
        self._unwanted: dict[int, None] = {}  # in the order they came
        self._stalled: dict[int, Stream] = {}
        self._last_stream = 0
        self.window = self.first_window = h2_frames.FIRST_WINDOW
        self._preface: bytes | None = b""  # what came of it, until it is whole
        self._is_draining = self._was_answered = False
        self._flood_credit = FLOOD_CREDIT
        self._heard_at = self._born = 0.0

    # Writing.

    def send_whole(
        self, stream: Stream, headers: bytes, body: bytes, trailers: bytes
    ) -> bool:
        """Send a response in one piece; False if its body has to wait or be split."""
        size = len(body)
        if (
            size > stream.window
            or size > self.window
            or size > h2_frames.FIRST_FRAME_SIZE
            or stream.is_closed
        ):
            return False
        stream.window -= size
        self.window -= size
        number, ends = stream.number, h2_frames.END_HEADERS | h2_frames.END_STREAM
        self.write(
            b"".join(
                (
                    h2_frames.head(
                        len(headers), h2_frames.HEADERS, h2_frames.END_HEADERS, number
                    ),
                    headers,
                    h2_frames.head(size, h2_frames.DATA, 0, number),
                    body,
                    h2_frames.head(len(trailers), h2_frames.HEADERS, ends, number),
                    trailers,
                )
            )
        )
        self.answered(stream)
        return True

    def answered(self, stream: Stream) -> None:
        """Record that a stream's response has been sent."""
        self._flood_credit += _AN_ANSWER_ALLOWS
        self._was_answered = True
        if not stream.is_over:
            # It has its answer and may keep the rest. RFC 9113, 8.1.
            self.write(
                h2_frames.number_frame(
                    h2_frames.RST_STREAM, stream.number, h2_frames.NO_ERROR
                )
            )
            self._drop_rest(stream.number)
        self._forget(stream)

    def stalled(self, stream: Stream) -> None:
        """Record that a stream is waiting for flow-control window."""
        stream.stalled_since = stream.stalled_since or self._shared.now_seconds()
        self._stalled[stream.number] = stream

    def reset(self, stream: Stream, code: int) -> None:
        """Reset a stream without a response."""
        self.write(h2_frames.number_frame(h2_frames.RST_STREAM, stream.number, code))
        if not stream.is_over:
            self._drop_rest(stream.number)
        self._forget(stream)

    def _drop_rest(self, number: int) -> None:
        self._unwanted[number] = None
        if len(self._unwanted) > _UNWANTED:
            del self._unwanted[next(iter(self._unwanted))]

    def _forget(self, stream: Stream) -> None:
        if self._streams.pop(stream.number, None) is not None:
            self._shared.open_streams -= 1
            self._stalled.pop(stream.number, None)
        stream.close()

    # Ending.

    def _fail(self, error: h2_frames.ProtocolError) -> None:
        """Say why, and end the connection."""
        if error.code == h2_frames.ENHANCE_YOUR_CALM:
            self._shared.refused("flood")
        goaway = self._last_stream.to_bytes(4, "big") + error.code.to_bytes(4, "big")
        self.write(h2_frames.frame(h2_frames.GOAWAY, 0, 0, goaway))
        self._close()

    def _close(self) -> None:
        if self._is_draining and self._preface is None:
            goaway = self._last_stream.to_bytes(4, "big") + bytes(4)
            self.write(h2_frames.frame(h2_frames.GOAWAY, 0, 0, goaway))
        self._writer.close()

    def _cancel_all(self) -> None:
        for stream in list(self._streams.values()):
            incoming = stream.incoming
            self._forget(stream)
            if incoming is not None:
                incoming.cancelled()

    def _send_elsewhere(self) -> None:
        """Answer a client that speaks HTTP/1.1 in its own words."""
        head = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: "
        self.write(b"%s%d\r\n\r\n%s" % (head, len(WRONG_PORT), WRONG_PORT))
        self._close()

    def expendable(self) -> tuple[bool, float] | None:
        """Rank for closing; see `listener.Connection`."""
        if any(stream.is_over for stream in self._streams.values()):
            return None
        return self._was_answered, self._heard_at if self._was_answered else self._born

    def _read_head(self, stream: Stream, block: bytes) -> Head | None:
        """Return the meaning of a request's headers; None: too many, and refused."""
        try:
            return self._reader.read(block)  # each one: they may build on one another
        except TooManyHeadersError as error:
            self._shared.refused("too_large")
            self._refute(stream, error.code)
            return None
        finally:
            self._charge_header_work()

    def _charge_header_work(self) -> None:
        work, self._reader.work = self._reader.work, 0
        if work > _FREE_FIELDS:
            self._charge_flood_credit((work - _FREE_FIELDS) // _FIELDS_A_FRAME)

    def _charge_flood_credit(self, cost: int = 1) -> None:
        self._flood_credit -= cost
        if self._flood_credit < 0:
            raise h2_frames.ProtocolError("a flood", h2_frames.ENHANCE_YOUR_CALM)

    def _move_windows(self, first_window: int) -> None:
        self._charge_flood_credit(len(self._streams) // STREAMS_A_FRAME)
        for stream in self._streams.values():
            stream.window += first_window - self.first_window
            if stream.window > h2_frames.LARGEST_WINDOW:
                raise h2_frames.ProtocolError("a window", h2_frames.FLOW_CONTROL_ERROR)
        self.first_window = first_window

    def _flush_stalled(self) -> None:
        self._charge_flood_credit(len(self._stalled) // STREAMS_A_FRAME)
        waiting, self._stalled = self._stalled, {}
        for stream in waiting.values():
            stream.flush()

    def _break(self, stream: Stream, code: int) -> None:
        """End one stream for what the client did to it."""
        incoming = stream.incoming
        self.reset(stream, code)
        if incoming is not None:
            incoming.cancelled()

    def _refute(self, stream: Stream, code: int) -> None:
        """End one stream for a violation; costs the client as much as a reset."""
        self._charge_flood_credit(RESET_COST)
        self._break(stream, code)
