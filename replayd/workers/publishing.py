"""Publications that are repeated until the server has them, without a timer for each.

A publication carries an id, by which the server knows it again for a while. Once it may
be there without anybody having heard so for longer than that, it is given up: a further
one might be there twice.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

ANSWER_SECONDS = 5.0  # until a publication without an answer is repeated
LOOK_SECONDS = 1.0  # between two looks at those


class Publication:
    """One message on its way to the server."""

    def __init__(self, subject: str, data: bytes, mark: str) -> None:
        self.subject, self.data = subject, data
        self.headers = {"Nats-Msg-Id": mark}
        self.is_stored = False
        self.sent_at = float("-inf")
        self.unsure_at = float("inf")  # when the server may have forgotten the id
        self.on_unsure: Callable[[], None] = lambda: None


class Publishing:
    """Publishes for one connection; `sure_seconds` is how long an id is known."""

    def __init__(self, sure_seconds: float) -> None:
        self._sure_seconds = sure_seconds
        self._client: Client | None = None
        self._inbox = ""
        self._next = 0
        self._open: dict[int, Publication] = {}
        self._now: Callable[[], float] = lambda: 0.0  # the loop's, once it is open

    async def open(self, client: "Client") -> None:
        """Hear the server's answers on a connection."""
        self._client, self._now = client, asyncio.get_running_loop().time
        self._inbox = client.new_inbox()
        await client.subscribe(
            f"{self._inbox}.*",
            cb=self._heard,
            pending_msgs_limit=-1,
            pending_bytes_limit=-1,
        )

    async def publish(self, publication: Publication) -> int:
        """Send a message; return the token by which it can be forgotten."""
        self._next += 1
        self._open[self._next] = publication
        await self._send(self._next, publication)
        return self._next

    def forget(self, token: int) -> None:
        """Repeat a message no more. Idempotent."""
        self._open.pop(token, None)

    async def run(self) -> None:
        """Repeat what was not answered, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._client is None or not self._client.is_connected:
                continue
            overdue = self._now() - ANSWER_SECONDS
            for token, one in list(self._open.items()):
                if one.sent_at > overdue:
                    continue
                if self._now() > one.unsure_at:
                    self.forget(token)
                    one.on_unsure()
                else:
                    await self._send(token, one)

    async def _send(self, token: int, one: Publication) -> None:
        assert self._client is not None
        one.sent_at = self._now()
        # Until it is answered it may be there, and only its id tells.
        one.unsure_at = min(one.unsure_at, one.sent_at + self._sure_seconds)
        try:
            await self._client.publish(
                one.subject,
                one.data,
                reply=f"{self._inbox}.{token}",
                headers=one.headers,
            )
        except Exception:  # noqa: BLE001 - of whatever kind, it is repeated
            return

    async def _heard(self, message: "Msg") -> None:
        token = int(message.subject.rpartition(".")[2])
        if (one := self._open.get(token)) is None:
            return
        if b'"seq"' in message.data:
            one.is_stored = True
            self.forget(token)
        else:  # refused, or nobody is there: it is sure not to be
            one.unsure_at = float("inf")
