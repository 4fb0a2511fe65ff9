"""Replies in the order of their stream, from wherever reading broke off."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

from replayd.workers import messages, streams
from replayd.workers.messages import Reply
from replayd.workers.pull import Pull, Taken, stream_sequence
from replayd.workers.streams import Names
from replayd.workers.travel import ReplyReading
from snaptrace.store.store import Store

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js.client import JetStreamContext

log = logging.getLogger(__name__)

ASKED_AT_ONCE = 512  # replies, before more are asked for
EXPIRES_SECONDS = 20.0  # of one request for replies
UNHEARD = 2  # requests without any sign, then there is another consumer


class ReplyStream:
    """Hands on every reply once, with its sequence number."""

    def __init__(
        self,
        store: Store,
        names: Names,
        on_reply: Callable[[Reply, int], None],
        on_damaged: Callable[[str], None],
    ) -> None:
        self._names, self._on_reply = names, on_reply
        self._on_damaged = on_damaged
        self._reading = ReplyReading(store)
        self._client: Client | None = None
        self._pull: Pull | None = None
        self.read = 0  # sequence up to which replies were read
        self._progress = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def read_all(self, client: "Client", js: "JetStreamContext") -> None:
        """Read every reply that is there now, and go on reading."""
        self._client = client
        state = (await js.stream_info(self._names.replies)).state
        if self._pull is None:
            await self._follow(js)
        while self.read < state.last_seq and state.messages:
            self._progress.clear()
            async with asyncio.timeout(EXPIRES_SECONDS):
                await self._progress.wait()

    async def reconnected(self) -> None:
        """Ask anew: what was asked of another connection is lost."""
        if self._pull is not None:
            self._pull.forget()
            await self._ask()

    async def look(self, js: "JetStreamContext") -> None:
        """See that somebody still delivers; read on by another consumer if not."""
        if self._pull is None:
            return
        await self._ask()
        gone = not await streams.is_there(js, self._names.replies, self._pull.consumer)
        if gone or self._pull.unheard >= UNHEARD:
            log.warning("replies are followed anew")
            await self._follow(js)

    async def fetched(self, name: str) -> Reply | None:
        """Read a reply that was too large to travel; None: it is not there."""
        return await self._reading.fetched(name)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run something beside the reading."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, js: "JetStreamContext") -> None:
        assert self._client is not None
        name = await streams.follow_replies(js, self._names, self.read)
        self._pull = Pull(
            self._client,
            self._names.replies,
            name,
            self._took,
            expires_seconds=EXPIRES_SECONDS,
        )
        await self._pull.open()
        self._pull.on_status = self._ask_soon
        await self._ask()

    def _ask_soon(self) -> None:
        self.spawn(self._ask())

    async def _ask(self) -> None:
        pull = self._pull
        if pull is not None and pull.asked < ASKED_AT_ONCE // 2:
            await pull.ask(ASKED_AT_ONCE)

    def _took(self, taken: Taken) -> None:
        sequence = stream_sequence(taken.message.reply)
        if sequence <= self.read:
            return  # of a consumer that was replaced
        self.read = sequence
        data = taken.message.data
        if self._reading.is_plain(data):
            try:
                self._on_reply(messages.reply(data), sequence)
            except ValueError:
                self._on_damaged("damaged")
        else:
            self.spawn(self._opened(data, sequence))
        if self._pull is not None and self._pull.asked < ASKED_AT_ONCE // 2:
            self._ask_soon()
        self._progress.set()

    async def _opened(self, data: bytes, sequence: int) -> None:
        """Take a reply that is encrypted."""
        found = await self._reading.opened(data)
        if found is None:
            self._on_damaged("damaged")
        else:
            self._on_reply(found, sequence)
