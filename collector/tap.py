"""The tap: a copy of what may hold a model call, on its way to the sampling process.

Never waits, never raises, may lose, counts what it loses. Waiting frames are bounded
in bytes; above the bound whole requests are dropped. `supervisor.py` starts the
process and gives the tap its socket.
"""

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Callable
from typing import Final

from collector.frames import RequestHeader, pack
from collector.metrics import RelayMetrics
from collector.signals import OtlpRequest

log = logging.getLogger(__name__)

_TAPPED_SIGNALS: Final = frozenset(("traces", "logs"))
# Frame and bookkeeping beyond the body.
_FRAME_OVERHEAD_BYTES: Final = 256
_SEND_BYTES: Final = 1 << 18


class Tap:
    """Hands requests over without waiting; see `offer`."""

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
        self._sending: memoryview | None = None  # what is left of the frame at the head
        self._in_body = False
        self._socket: socket.socket | None = None
        self._writing = False
        self._closed = False
        self.emptied = asyncio.Event()  # set while nothing waits to be written
        self.emptied.set()
        self._no_marker = metrics.tap_offered.labels("no_marker")
        self._handed_over = metrics.tap_offered.labels("handed_over")
        self._dropped = metrics.tap_offered.labels("dropped")
        metrics.tap_queue_bytes.set_function(lambda: self._queued_bytes)

    def offer(self, request: OtlpRequest) -> bool:
        """Queue a request that has a marker; False = not queued.

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
        self._frames.append((pack(header, body), body))
        self._queued_bytes += size
        self.emptied.clear()
        self._handed_over.inc()
        if not self._writing and self._socket is not None:
            self._watch()
        return True

    def _drop(self, reason: str) -> None:
        self._dropped.inc()
        self._metrics.tap_dropped.labels(reason).inc()

    def connect(self, to_child: socket.socket) -> None:
        """Send from now on to this non-blocking socket; the tap closes it."""
        self._socket = to_child
        if self._frames:
            self._watch()

    def disconnect(self) -> None:
        """Stop sending; a frame that was half sent is lost and counted."""
        if self._socket is not None:
            if self._writing:
                asyncio.get_running_loop().remove_writer(self._socket)
            self._socket.close()
        self._socket, self._writing = None, False
        if self._sending is not None:
            self._sending = None
            self._finish_head()
            self._drop("sampler_died")

    def close(self) -> None:
        """Take nothing more; what is queued is still sent."""
        self._closed = True

    def _watch(self) -> None:
        assert self._socket is not None
        asyncio.get_running_loop().add_writer(self._socket, self._write)
        self._writing = True

    def _write(self) -> None:
        """Write what the socket takes now; called by the loop when it takes some."""
        assert self._socket is not None
        try:
            written = 0
            while self._frames and written < _SEND_BYTES:
                if self._sending is None:
                    self._sending, self._in_body = memoryview(self._frames[0][0]), False
                sent = self._socket.send(self._sending[:_SEND_BYTES])
                written += sent
                self._sending = self._sending[sent:]
                if not self._sending:
                    self._next_piece()
        except BlockingIOError:
            return
        except OSError:
            # The child is gone; its supervisor notices and connects another.
            self.disconnect()
            return
        if not self._frames:
            asyncio.get_running_loop().remove_writer(self._socket)
            self._writing = False

    def _next_piece(self) -> None:
        body = self._frames[0][1]
        if not self._in_body and body:
            self._sending, self._in_body = memoryview(body), True
            return
        self._sending = None
        self._finish_head()

    def _finish_head(self) -> None:
        _, body = self._frames.popleft()
        self._queued_bytes -= len(body) + _FRAME_OVERHEAD_BYTES
        if not self._frames:
            self.emptied.set()
