"""A JetStream pull consumer that hands on every message as it comes.

The client library's own `fetch` returns once a whole batch is there, or at its
timeout; here a batch is only how many may come before more are asked for.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

API = "$JS.API.CONSUMER.MSG.NEXT"
SHORT_TOKENS = 9
SLACK_SECONDS = 2.0  # beyond a request's end, until it counts as unheard


def _place(reply: str) -> list[str]:
    """Return delivery count and sequences of a message's acknowledgement subject."""
    tokens = reply.split(".")
    # $JS.ACK.<stream>.<consumer>.…, and with a domain and an account before those.
    return tokens[4:] if len(tokens) == SHORT_TOKENS else tokens[6:]


def stream_sequence(reply: str) -> int:
    """Return a message's sequence number in its stream."""
    return int(_place(reply)[1])


def deliveries(reply: str) -> int:
    """Return how often a message was delivered, this time included."""
    return int(_place(reply)[0])


class Taken(Struct, frozen=True):
    """One message, and a time before which the server cannot have delivered it."""

    message: "Msg"
    not_before: float


class _Request:
    def __init__(self, left: int, at: float) -> None:
        self.left, self.at = left, at


class Pull:
    """Asks for messages as `want` allows and calls `on_message` with each."""

    def __init__(
        self,
        client: "Client",
        stream: str,
        consumer: str,
        on_message: Callable[[Taken], None],
        *,
        expires_seconds: float,
    ) -> None:
        self._client, self._on_message = client, on_message
        self.consumer = consumer
        self._subject = f"{API}.{stream}.{consumer}"
        self._expires = expires_seconds
        self._requests: deque[_Request] = deque()
        self._left = 0  # messages that may still come, over all requests
        self._inbox = ""
        self._now = asyncio.get_running_loop().time
        self.unheard = 0  # requests in a row that nobody answered
        self.on_status: Callable[[], None] = lambda: None  # more may be asked for

    async def open(self) -> None:
        """Subscribe to what the server delivers."""
        self._inbox = self._client.new_inbox()
        await self._client.subscribe(
            self._inbox, cb=self._heard, pending_msgs_limit=-1, pending_bytes_limit=-1
        )

    @property
    def asked(self) -> int:
        """Number of messages that may still come."""
        self._forget_unheard()
        return self._left

    async def ask(self, count: int) -> None:
        """Ask for so many messages more."""
        self._requests.append(_Request(count, self._now()))
        self._left += count
        body = {"batch": count, "expires": int(self._expires * 1e9)}
        await self._client.publish(
            self._subject, json.dumps(body).encode(), reply=self._inbox
        )

    def forget(self) -> None:
        """Take what was asked for as lost: the connection is another."""
        self._requests.clear()
        self._left = 0

    def _forget_unheard(self) -> None:
        before = self._now() - self._expires - SLACK_SECONDS
        while self._requests and self._requests[0].at < before:
            self._drop_oldest()
            self.unheard += 1

    def _drop_oldest(self) -> None:
        self._left -= self._requests.popleft().left

    async def _heard(self, message: "Msg") -> None:
        self.unheard = 0
        headers = message.headers or {}
        if message.reply and not headers.get("Status"):
            first = self._requests[0] if self._requests else None
            # Requests are served in their order; a late message is of an older one.
            at = self._now() - self._expires if first is None else first.at
            if first is not None:
                first.left -= 1
                self._left -= 1
                if first.left <= 0:
                    self._requests.popleft()
            self._on_message(Taken(message, at))
            return
        if self._requests:  # the oldest is over: its time, or its consumer
            self._drop_oldest()
        self.on_status()
