"""A transport that keeps what was written and cuts it into HTTP/2 frames."""

import asyncio

from collector.net import h2_frames


class Wire(asyncio.Transport):
    """Keeps what was written; a client's preface is no frame and is left out."""

    def __init__(self, flush=lambda: None):
        super().__init__()
        self.written = b""
        self.closing = self.aborted = self.paused = False
        self.flush = flush  # what the connection still holds back

    def write(self, data):
        assert not self.closing
        self.written += bytes(data)

    def is_closing(self):
        return self.closing

    def close(self):
        self.closing = True

    def abort(self):
        self.closing = self.aborted = True

    def pause_reading(self):
        self.paused = True

    def resume_reading(self):
        self.paused = False

    def frames(self):
        """Return (kind, flags, stream, payload) of all since the last look."""
        self.flush()
        data, found = self.written.removeprefix(h2_frames.PREFACE), []
        self.written = b""
        while data:
            high, low, kind, flags, stream = h2_frames.HEAD.unpack_from(data)
            end = 9 + (high << 16 | low)
            assert len(data) >= end
            found.append((kind, flags, stream, data[9:end]))
            data = data[end:]
        return found
