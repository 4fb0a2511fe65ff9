"""The leader's end of the streams: numbers go out, each comes back with one reply.

A number is published until the server has it and waited for until its reply is here,
whatever NATS does meanwhile: a server that comes back finds the same publications, by
their ids, and what it lost comes anew as another delivery.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from replayd.config.workers import WorkersConfig
from replayd.workers import messages, streams
from replayd.workers.connection import connect
from replayd.workers.messages import Job, Reply
from replayd.workers.publishing import ANSWER_SECONDS, Publication, Publishing
from replayd.workers.reply_stream import ReplyStream
from replayd.workers.streams import Names
from snaptrace.runtime.events import wait
from snaptrace.store.store import Store

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js.client import JetStreamContext

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
# A publication that is repeated within this time is known by its id.
SURE_SECONDS = streams.DUPLICATES_SECONDS / 2
KEPT_REPLIES = 20_000  # of earlier terms, for whoever leads next
LOOK_SECONDS = 5.0  # between two looks at the streams
UNSURE = "unsure"  # reason of a number that NATS, not a worker, may have lost

Key = tuple[str, int]  # epoch and number


class Seen(Struct, frozen=True):
    """State of one pool's consumer."""

    pending: int  # numbers that no worker has taken
    busy: int  # that a worker has taken and not acknowledged


class _Waiting:
    def __init__(self, job: Job, pool: str, publication: Publication) -> None:
        self.job, self.pool, self.publication = job, pool, publication
        self.reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.looks = 0  # that found nothing of it on the way

    def vanish(self) -> None:
        """Give the number back: NATS may have lost it."""
        if not self.reply.done():
            self.reply.set_result(_lost(self.job, UNSURE))


class WorkerQueue:
    """A part that keeps the connection, and `asked` for whoever has a number."""

    name = "workers"

    def __init__(
        self,
        config: WorkersConfig,
        store: Store,
        replica: str,
        *,
        on_reply: Callable[[str], None] = lambda _end: None,
        on_seen: Callable[[str, int, int], None] = lambda _pool, _pending, _busy: None,
    ) -> None:
        self._config, self._replica = config, replica
        self._on_reply, self._on_seen = on_reply, on_seen
        self.names = Names(config.nats.prefix)
        self._publishing = Publishing(SURE_SECONDS)
        self._replies = ReplyStream(store, self.names, self._route, on_reply)
        self._client: Client | None = None
        self._js: JetStreamContext | None = None
        self._there = asyncio.Event()  # connected, and the streams exist
        self._stopping = asyncio.Event()
        self._waiting: dict[Key, _Waiting] = {}
        self._early: dict[Key, tuple[Reply, int]] = {}  # replies nobody waits for
        self._unsafe: dict[Key, int] = {}  # stream sequence of replies in no commit
        self._pools: set[str] = set()
        self._leading: set[str] = set()  # epochs

    # The part.

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Keep the connection until `stop`; it comes back by itself."""
        ready()
        connecting = asyncio.create_task(self._connect())
        waiting = asyncio.create_task(stop.wait())
        repeating = asyncio.create_task(self._publishing.run())
        await asyncio.wait({connecting, waiting}, return_when=asyncio.FIRST_COMPLETED)
        try:
            if connecting.done():
                connecting.result()
                while not await wait(stop, LOOK_SECONDS):
                    await self._look()
        finally:
            self._stopping.set()
            for task in (connecting, waiting, repeating):
                task.cancel()
            if self._client is not None:
                await self._client.close()

    def not_ready(self) -> str:
        """Return why nothing can be published; "" if it can."""
        return "" if self._there.is_set() else "NATS does not answer"

    async def _connect(self) -> None:
        async def lost() -> None:
            if not self._stopping.is_set():
                log.warning("NATS connection lost")
            self._there.clear()

        async def back() -> None:
            log.info("NATS connection restored")
            await self._replies.reconnected()
            self._there.set()

        config = self._config
        self._client = await connect(
            config.nats, self._replica, on_lost=lost, on_back=back
        )
        self._js = self._client.jetstream(timeout=ANSWER_SECONDS)
        await self._publishing.open(self._client)
        while not self._stopping.is_set():
            try:
                await streams.ensure(self._js, self.names, config)
            except Exception as error:  # noqa: BLE001 - of whatever kind, it is retried
                told = {"why": type(error).__name__}
                log.warning("NATS streams are not there", extra=told)
                await wait(self._stopping, RETRY_SECONDS)
            else:
                self._there.set()
                return

    # Leading an epoch.

    async def lead(
        self, canary: str, epoch: str, pool: str, open_numbers: Iterable[int]
    ) -> dict[int, Reply]:
        """Begin a term: what no worker began is taken back.

        Returns replies to numbers that an earlier leadership published.
        """
        self._leading.add(epoch)
        self._pools.add(pool)
        js = await self._jetstream()
        while True:
            try:
                await streams.ensure_pool(js, self.names, pool, self._config)
                await js.purge_stream(
                    self.names.jobs, subject=self.names.of_canary(canary)
                )
                assert self._client is not None
                await self._replies.read_all(self._client, js)
                break
            except Exception as error:  # noqa: BLE001 - it is retried until it works
                told = {"why": type(error).__name__}
                log.warning("cannot take over from NATS", extra=told)
                await asyncio.sleep(RETRY_SECONDS)
        found = {}
        for number in open_numbers:
            if (early := self._early.pop((epoch, number), None)) is not None:
                found[number], self._unsafe[epoch, number] = early
        return found

    def leave(self, epoch: str) -> None:
        """End a term: replies that still come are for whoever leads next."""
        self._leading.discard(epoch)
        for key in [key for key in self._waiting if key[0] == epoch]:
            self._waiting.pop(key).reply.cancel()
        for key in [key for key in self._unsafe if key[0] == epoch]:
            del self._unsafe[key]

    def committed(self, epoch: str, numbers: Iterable[int]) -> None:
        """Forget replies whose numbers are in the store."""
        for number in numbers:
            self._unsafe.pop((epoch, number), None)

    async def asked(self, job: Job, pool: str) -> Reply:
        """Publish a number; return what became of it.

        `lost` with the reason `unsure` says that NATS may have lost it.
        """
        key = job.epoch, job.planned.number
        if not self._there.is_set():
            await self._jetstream()
        mark = f"{job.epoch}.{job.term}.{job.planned.number}.{job.delivery}"
        made = Publication(self.names.job(pool, job.canary), messages.packed(job), mark)
        waiting = self._waiting[key] = _Waiting(job, pool, made)
        made.on_unsure = waiting.vanish
        token = self._publishing.publish(made)
        try:
            return await waiting.reply
        finally:
            self._publishing.forget(token)
            if self._waiting.get(key) is waiting:
                del self._waiting[key]

    async def _jetstream(self) -> "JetStreamContext":
        while self._js is None or not self._there.is_set():
            await self._there.wait()
        return self._js

    # Replies.

    def _route(self, reply: Reply, sequence: int) -> None:
        key = reply.epoch, reply.number
        waiting = self._waiting.get(key)
        if waiting is None or waiting.reply.done():
            self._keep(key, reply, sequence)
            return
        job = waiting.job
        if (reply.term, reply.delivery) != (job.term, job.delivery):
            self._on_reply("superseded")
            return
        self._on_reply(reply.end)
        self._unsafe[key] = sequence
        if reply.stored:
            self._replies.spawn(self._fetched(reply, waiting))
        else:
            waiting.reply.set_result(reply)

    def _keep(self, key: Key, reply: Reply, sequence: int) -> None:
        """Keep a reply for whoever leads its epoch next."""
        self._on_reply("unexpected")
        if reply.end != "answered" or reply.stored or key in self._unsafe:
            return
        self._early[key] = reply, sequence
        while len(self._early) > KEPT_REPLIES:
            del self._early[next(iter(self._early))]

    async def _fetched(self, reply: Reply, waiting: _Waiting) -> None:
        """Take a reply that was too large to travel."""
        found = await self._replies.fetched(reply.stored)
        if waiting.reply.done():
            return
        if found is None:
            waiting.vanish()
        else:
            waiting.reply.set_result(found)

    # Looking after the streams.

    async def _look(self) -> None:
        if self._js is None or not self._there.is_set():
            return
        try:
            await self._look_at(self._js)
        except Exception as error:  # noqa: BLE001 - looked at again
            told = {"why": type(error).__name__}
            log.warning("NATS streams cannot be looked at", extra=told)

    async def _look_at(self, js: "JetStreamContext") -> None:
        if self._leading:
            await self._replies.look(js)
        await streams.ensure(js, self.names, self._config)
        seen = {}
        for pool in self._pools:
            await streams.ensure_pool(js, self.names, pool, self._config)
            info = await js.consumer_info(self.names.jobs, self.names.consumer(pool))
            seen[pool] = Seen(info.num_pending or 0, info.num_ack_pending or 0)
            self._on_seen(pool, seen[pool].pending, seen[pool].busy)
        state = (await js.stream_info(self.names.replies)).state
        if self._leading:
            self._find_vanished(seen, is_read=self._replies.read >= state.last_seq)
            await self._purge(js)

    def _find_vanished(self, seen: Mapping[str, Seen], *, is_read: bool) -> None:
        """Give back numbers that are nowhere on their way."""
        for waiting in self._waiting.values():
            at = seen.get(waiting.pool, Seen(0, 0))
            on_its_way = at.pending or at.busy or not waiting.publication.is_stored
            if on_its_way or not is_read:
                waiting.looks = 0
                continue
            waiting.looks += 1
            # Twice, for it may be between two places.
            if waiting.looks > 2 and not waiting.reply.done():
                self._on_reply("vanished")
                waiting.vanish()

    async def _purge(self, js: "JetStreamContext") -> None:
        """Delete replies that no successor needs."""
        first = min(self._unsafe.values(), default=self._replies.read + 1)
        await js.purge_stream(self.names.replies, seq=first)


def _lost(job: Job, reason: str) -> Reply:
    return Reply(
        epoch=job.epoch,
        term=job.term,
        number=job.planned.number,
        delivery=job.delivery,
        worker="",
        end="lost",
        reason=reason,
    )
