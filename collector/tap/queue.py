"""Bounded queue of possible model calls on their way to the sampling process.

Never waits, never raises, may lose, counts what it loses. Waiting frames are bounded
in bytes; above the bound whole requests are dropped. Small ones are handed over in
bursts, so that neither side makes system calls for each. `supervisor.py` starts the
process and gives the tap its socket.
"""

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Final

from collector.metrics.relay import RelayMetrics
from collector.otlp.signals import OtlpRequest
from collector.tap.protocol import RequestHeader, pack

log = logging.getLogger(__name__)

_TAPPED_SIGNALS: Final = frozenset(("traces", "logs"))
# Frame and bookkeeping beyond the body.
_FRAME_OVERHEAD_BYTES: Final = 256
# A burst leaves when it is this old, or this large. Sampling waits seconds for the rest
# of a trace anyway, and each burst costs both processes a wake-up.
_BURST_SECONDS: Final = 0.02
_BURST_BYTES: Final = 1 << 17
# Of one system call: frames, below IOV_MAX / 2, and bytes, about a socket's buffer.
_SEND_FRAMES: Final = 128
_SEND_BYTES: Final = 1 << 18


class Tap:
    """Hands requests over without blocking; see `offer`."""

    def __init__(
        self,
        queue_bytes: int,
        metrics: RelayMetrics,
        has_marker: Callable[[bytes], bool],
    ) -> None:
        self._bound_bytes, self._has_marker = queue_bytes, has_marker
        self._metrics = metrics
        self._frames: deque[tuple[bytes, bytes]] = deque()
        self._queued_bytes = 0
        self._sent_of_head = 0  # bytes of the first frame that are gone already
        self._socket: socket.socket | None = None
        self._burst: asyncio.TimerHandle | None = None
        self._writing = False  # the loop tells when the socket takes more
        self._closed = False
        self.emptied = asyncio.Event()  # set while nothing waits to be written
        self.emptied.set()
        self._no_marker = metrics.tap_offered.labels("no_marker")
        self._handed_over = metrics.tap_offered.labels("handed_over")
        self._dropped = metrics.tap_offered.labels("dropped")
        metrics.tap_queue_bytes.set_function(lambda: self._queued_bytes)

    def offer(self, request: OtlpRequest) -> bool:
        """Queue a request that contains a marker; False: not queued.

        Never waits and never raises: whatever is wrong here, forwarding goes on.
        """
        try:
            return self._offer(request)
        except Exception:  # noqa: BLE001 - the tap fails open, whatever happened
            self._drop("error")
            return False

    def _offer(self, request: OtlpRequest) -> bool:
        if request.signal not in _TAPPED_SIGNALS:
            return False
        body = request.body
        if not self._has_marker(body):
            self._no_marker.inc()
            return False
        if self._closed:
            self._drop("stopping")
            return False
        size = len(body) + _FRAME_OVERHEAD_BYTES
        # Alone it may be twice the bound: large requests are those with media.
        bound = self._bound_bytes if self._frames else 2 * self._bound_bytes
        if self._queued_bytes + size > bound:
            self._drop("queue_full")
            return False
        header = RequestHeader(request.signal, request.encoding, request.received_at_ns)
        if not self._frames:
            self.emptied.clear()
        self._frames.append((pack(header, body), body))
        self._queued_bytes += size
        self._handed_over.inc()
        if self._socket is not None and not self._writing:
            if self._queued_bytes >= _BURST_BYTES:
                self._watch()
            elif self._burst is None:
                loop = asyncio.get_running_loop()
                self._burst = loop.call_later(_BURST_SECONDS, self._write)
        return True

    def _drop(self, reason: str) -> None:
        self._dropped.inc()
        self._metrics.tap_dropped.labels(reason).inc()

    def connect(self, to_child: socket.socket) -> None:
        """Use this non-blocking socket from now on; the tap closes it."""
        self._socket = to_child
        if self._frames:
            self._watch()

    def disconnect(self) -> None:
        """Stop sending; a partially sent frame is lost and counted."""
        self._end_burst()
        if self._socket is not None:
            if self._writing:
                asyncio.get_running_loop().remove_writer(self._socket)
            self._socket.close()
        self._socket, self._writing = None, False
        if self._sent_of_head:
            self._sent_of_head = 0
            self._finish_head()
            self._drop("sampler_died")

    def close(self) -> None:
        """Accept nothing more; queued requests are still sent, immediately."""
        self._closed = True
        if self._burst is not None:
            self._write()

    def _end_burst(self) -> None:
        if self._burst is not None:
            self._burst.cancel()
            self._burst = None

    def _watch(self) -> None:
        """Write as soon as the loop is back and the socket takes something."""
        assert self._socket is not None
        self._end_burst()
        asyncio.get_running_loop().add_writer(self._socket, self._write)
        self._writing = True

    def _write(self) -> None:
        """Write what the socket takes now; the loop calls again for the rest."""
        assert self._socket is not None
        self._end_burst()
        try:
            if self._frames:
                self._sent(self._socket.sendmsg(self._next_pieces()))
        except BlockingIOError:
            pass
        except OSError:
            # The child is gone; its supervisor notices and connects another.
            self.disconnect()
            return
        if self._frames and not self._writing:
            self._watch()
        elif self._writing and not self._frames:
            asyncio.get_running_loop().remove_writer(self._socket)
            self._writing = False

    def _next_pieces(self) -> list[bytes | memoryview]:
        """Return about as much of the queue as a socket takes, without copying it."""
        pieces: list[bytes | memoryview] = []
        size = 0
        for frame in islice(self._frames, _SEND_FRAMES):
            pieces.extend(frame)
            size += len(frame[1])
            if size >= _SEND_BYTES:
                break
        skip = self._sent_of_head
        while skip >= len(pieces[0]):
            skip -= len(pieces.pop(0))
        pieces[0] = memoryview(pieces[0])[skip:]
        return pieces

    def _sent(self, sent: int) -> None:
        """Take what was sent off the queue."""
        self._sent_of_head += sent
        while self._frames:
            head, body = self._frames[0]
            if self._sent_of_head < len(head) + len(body):
                break
            self._sent_of_head -= len(head) + len(body)
            self._finish_head()

    def _finish_head(self) -> None:
        _, body = self._frames.popleft()
        self._queued_bytes -= len(body) + _FRAME_OVERHEAD_BYTES
        if not self._frames:
            self.emptied.set()
