"""TLS accept loop with a bound on concurrent handshakes.

asyncio's own server does not report unfinished handshakes and does not limit their
number.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final

HANDSHAKE_BYTES: Final = 50 * 1024  # measured, with uvloop and OpenSSL 3
_HANDSHAKE_SECONDS: Final = 10.0
_NO_DESCRIPTORS_SECONDS: Final = 1.0  # as long as asyncio waits then

Handshakes = dict[asyncio.Task[None], None]  # the oldest first


class TlsServer:
    """Accepts connections, runs handshakes, and creates a protocol for each."""

    def __init__(
        self,
        listener: socket.socket,
        context: ssl.SSLContext,
        handshakes: Handshakes,
        has_room: Callable[[], bool],
        make: Callable[[], asyncio.Protocol],
    ) -> None:
        """Own `listener`; keep in `handshakes` what goes on, until `make` is called.

        `has_room` is asked for each client. Where it says no, the client takes the
        place of the oldest handshake, which least likely comes to an end.
        """
        self._listener, self._context = listener, context
        self._handshakes, self._has_room, self._make = handshakes, has_room, make
        listener.settimeout(0)  # does not block
        self._accepting = asyncio.get_running_loop().create_task(self._accept())

    def close(self) -> None:
        """Stop accepting; running handshakes continue until cancelled."""
        self._accepting.cancel()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    client, _ = await loop.sock_accept(self._listener)
                except OSError:
                    await asyncio.sleep(_NO_DESCRIPTORS_SECONDS)
                    continue
                self._take(client)
                # The handshake begins now, and others have their turn.
                await asyncio.sleep(0)
        finally:
            self._listener.close()

    def _take(self, client: socket.socket) -> None:
        if not self._has_room():
            if not self._handshakes:
                client.close()
                return
            oldest = next(iter(self._handshakes))
            del self._handshakes[oldest]
            oldest.cancel()
        task = asyncio.get_running_loop().create_task(self._shake(client))
        self._handshakes[task] = None
        task.add_done_callback(lambda done: self._handshakes.pop(done, None))

    async def _shake(self, client: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._make,
                client,
                ssl=self._context,
                ssl_handshake_timeout=_HANDSHAKE_SECONDS,
            )
        except OSError:
            client.close()  # handshake failed, client disconnected, or timed out
