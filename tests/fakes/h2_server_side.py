"""The other side of a client's HTTP/2 connection, played frame by frame."""

import asyncio

import hpack
import pytest
from fakes.framed_wire import Wire

from collector.net import h2_frames
from collector.net.h2_call import BrokenCallError
from collector.net.h2_client import Http2Connection
from collector.net.h2_hpack import header_field

BLOCK = header_field(b":path", b"/x")


OK = ((":status", "200"), ("content-type", "application/grpc"))


TRAILERS = (("grpc-status", "0"),)


class Side:
    """The client's connection and the other side of it."""

    def __init__(self):
        self.ends = []
        self.connection = Http2Connection(self.ends.append)
        self.wire = Wire()
        self.connection.connection_made(self.wire)
        self.wire.flush = self.connection._writer.flush
        self.wire.frames()
        self.encoder = hpack.Encoder()
        self.encoder.header_table_size = 0

    def says(self, kind, flags=0, stream=0, payload=b""):
        self.connection.data_received(h2_frames.frame(kind, flags, stream, payload))

    def sets(self, **settings):
        pairs = [(getattr(h2_frames, name), value) for name, value in settings.items()]
        self.connection.data_received(h2_frames.settings_frame(pairs))
        self.wire.frames()

    def opens_window(self, stream, size):
        self.says(h2_frames.WINDOW_UPDATE, 0, stream, size.to_bytes(4, "big"))

    def answers(self, stream, body=b"hello", trailers=TRAILERS):
        self.says(
            h2_frames.HEADERS, h2_frames.END_HEADERS, stream, self.encoder.encode(OK)
        )
        self.says(h2_frames.DATA, 0, stream, body)
        self.ends_stream(stream, trailers)

    def ends_stream(self, stream, trailers=TRAILERS):
        flags = h2_frames.END_HEADERS | h2_frames.END_STREAM
        self.says(h2_frames.HEADERS, flags, stream, self.encoder.encode(trailers))

    async def sends(self, *body, seconds=30):
        call = asyncio.ensure_future(self.connection.send(BLOCK, body, seconds))
        await asyncio.sleep(0)
        return call

    def sent(self):
        """Return the bodies sent since the last look, by stream."""
        bodies = {}
        for kind, _, stream, payload in self.wire.frames():
            if kind == h2_frames.DATA:
                bodies[stream] = bodies.get(stream, b"") + payload
        return bodies


async def broken(call):
    with pytest.raises(BrokenCallError) as why:
        await call
    return str(why.value)
