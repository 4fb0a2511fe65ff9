"""HTTP/2 client: one request in flight, its response, and the connection preface."""

import asyncio
from collections import deque
from typing import Final

from msgspec import Struct

from collector.net import h2_frames
from collector.net.h2_hpack import MAX_LIST_BYTES, Field

# What one answer may have, and what all of them may have on the way at once.
ANSWER_BYTES: Final = 4 * 2**20
CONNECTION_WINDOW: Final = 8 * 2**20
# The connection's window is opened again once this much of it was used.
WINDOW_STEP: Final = 2**20

OPENING: Final = (
    h2_frames.PREFACE
    + h2_frames.settings_frame(
        (
            (h2_frames.HEADER_TABLE_SIZE, 0),
            (h2_frames.ENABLE_PUSH, 0),
            # An answer within its limit never waits for its stream's window.
            (h2_frames.INITIAL_WINDOW_SIZE, ANSWER_BYTES + 65_536),
            (h2_frames.MAX_HEADER_LIST_SIZE, MAX_LIST_BYTES),
        )
    )
    + h2_frames.number_frame(
        h2_frames.WINDOW_UPDATE, 0, CONNECTION_WINDOW - h2_frames.FIRST_WINDOW
    )
)


class BrokenCallError(Exception):
    """A call failed without a response; the message states the cause, no address."""


class Reply(Struct, frozen=True):
    """Response to one call; a single header block is also stored in `trailers`."""

    headers: dict[str, str]
    body: bytes
    trailers: dict[str, str]


class Call:
    """One request on its way, from its first byte to the last of its answer."""

    __slots__ = ("answer", "block", "headers", "reply", "stream", "unsent", "window")

    def __init__(
        self, block: bytes, body: tuple[bytes, ...], reply: asyncio.Future[Reply]
    ) -> None:
        self.block, self.reply = block, reply
        self.unsent = deque([memoryview(piece) for piece in body])
        self.stream = self.window = 0  # the stream is 0 until it has one
        self.headers: dict[str, str] | None = None
        self.answer = b""


def joined_headers(fields: list[Field]) -> dict[str, str]:
    """Return headers by name; those that come twice are joined by a comma."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers
