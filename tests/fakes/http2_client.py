"""The client of an HTTP/2 connection of ours, frame by frame, without a socket."""

import asyncio

import hpack
from fakes.framed_wire import Wire

from collector.net import h2_frames
from collector.net.h2_server import ServerConnection
from collector.net.listener import ListenerState

ENDS = h2_frames.END_HEADERS | h2_frames.END_STREAM
REQUEST = (
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/x"),
    ("content-type", "application/grpc"),
)


class Asked:
    """One request as a service hears of it."""

    def __init__(self, stream, fields):
        self.stream, self.fields = stream, fields
        self.pieces, self.is_whole, self.is_gone, self.looks = [], False, False, []

    @property
    def body(self):
        return b"".join(self.pieces)

    def on_data(self, piece, *, is_last):
        assert not self.is_whole
        assert not self.is_gone
        self.pieces.append(bytes(piece))
        self.is_whole = is_last

    def check_timeouts(self, now_seconds):
        self.looks.append(now_seconds)

    def cancelled(self):
        assert not self.is_gone
        self.is_gone = True


class FakeService:
    """Takes every request and answers none by itself."""

    def __init__(self):
        self.asked = []

    def understand(self, fields):
        return tuple(fields)

    def open(self, stream, head):
        self.asked.append(Asked(stream, head))
        return self.asked[-1]


class Client:
    """Says frames to a `ServerConnection`, and hears what it writes."""

    def __init__(self, service=None, shared=None, *, greets=True, **limits):
        self.service = service or FakeService()
        self.now_seconds = 1000.0
        self.reasons = []
        bounds = {"most_streams": 100, "all_streams": 1000, "read_seconds": 20.0}
        self.shared = shared or ListenerState(
            now_seconds=lambda: self.now_seconds,
            refused=self.reasons.append,
            most_connections=1000,
            **bounds | limits,
        )
        self.connection = ServerConnection(self.service, self.shared)
        self.wire = Wire()
        self.connection.connection_made(self.wire)
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        if greets:
            self.sends(h2_frames.PREFACE + h2_frames.settings_frame(()))

    @property
    def asked(self):
        return self.service.asked

    def sends(self, data):
        self.connection.data_received(data)

    def says(self, kind, flags=0, stream=0, payload=b""):
        self.sends(h2_frames.frame(kind, flags, stream, payload))

    def sets(self, **settings):
        pairs = [(getattr(h2_frames, name), value) for name, value in settings.items()]
        self.sends(h2_frames.settings_frame(pairs))

    def opens_window(self, stream, size):
        self.says(h2_frames.WINDOW_UPDATE, 0, stream, size.to_bytes(4, "big"))

    def asks(self, stream, body=None, fields=REQUEST, *, is_last=True):
        """Begin a request; `body` in one frame, none where it is None."""
        ends = h2_frames.END_STREAM if is_last else 0
        flags = h2_frames.END_HEADERS | (ends if body is None else 0)
        self.says(h2_frames.HEADERS, flags, stream, self.encoder.encode(fields))
        if body is not None:
            self.says(h2_frames.DATA, ends, stream, body)

    def resets(self, stream, code=h2_frames.CANCEL):
        self.says(h2_frames.RST_STREAM, 0, stream, code.to_bytes(4, "big"))

    def looks(self, after_seconds=1.0):
        """Let the receiver look at the connection, so much later."""
        self.now_seconds += after_seconds
        self.connection.check_timeouts(self.now_seconds)

    async def hears(self):
        """Return the frames written since the last time; the greeting is left out."""
        for _ in range(3):  # what is put together in one turn of the loop has left
            await asyncio.sleep(0)
        greeting = (h2_frames.SETTINGS, h2_frames.ACK)
        return [
            frame
            for frame in self.wire.frames()
            if frame[:2] != greeting
            and frame[0] != h2_frames.SETTINGS
            and frame != WIDENED
        ]

    async def hears_of(self, stream):
        return [frame for frame in await self.hears() if frame[2] == stream]

    async def error(self):
        """Return the code of the GOAWAY that ended the connection."""
        frames = await self.hears()
        assert self.wire.closing
        kind, _, _, payload = frames[-1]
        assert kind == h2_frames.GOAWAY
        return int.from_bytes(payload[4:8], "big")

    async def reset_code(self, stream):
        """Return the code of the one RST_STREAM that this stream got."""
        (code,) = [
            int.from_bytes(payload, "big")
            for kind, _, number, payload in await self.hears()
            if kind == h2_frames.RST_STREAM and number == stream
        ]
        return code


# The window of a connection as the greeting opens it.
WIDENED = (
    h2_frames.WINDOW_UPDATE,
    0,
    0,
    (2**24 - h2_frames.FIRST_WINDOW).to_bytes(4, "big"),
)
