"""A worker: takes numbers, asks both arms, scores, and tells the leader.

What it was given is acknowledged once the reply is in its stream. Nothing that it does
is durable by itself: a worker may be killed at any moment.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from replayd.config import ReplaydConfig
from replayd.telemetry.worker_metrics import WorkerMetrics
from replayd.workers import messages, streams
from replayd.workers.asking import PairAsking
from replayd.workers.connection import connect
from replayd.workers.messages import Job, Reply
from replayd.workers.pull import Pull, Taken
from replayd.workers.streams import Names
from replayd.workers.taking import Delivery, Held
from replayd.workers.travel import ReplySending
from snaptrace.runtime.events import wait
from snaptrace.store.store import Store

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js.client import JetStreamContext

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
PUBLISH_SECONDS = 5.0
LONGEST_REQUEST_SECONDS = 5.0  # for numbers
REQUEST_SHARE = 1 / 6  # of the ack wait, that a request for numbers lasts at most
UNHEARD = 3  # requests without any sign, then the consumer is looked for


class Worker:
    """A part that works off numbers of one pool until it is stopped."""

    name = "worker"

    def __init__(
        self,
        config: ReplaydConfig,
        asking: PairAsking,
        store: Store,
        metrics: WorkerMetrics,
        worker: str,
    ) -> None:
        self._config, self._asking, self._store = config, asking, store
        self._metrics, self._worker = metrics, worker
        self.names = Names(config.workers.nats.prefix)
        self._held = Held(config.workers.ack_wait)
        self._tasks: set[asyncio.Task[None]] = set()
        self._client: Client | None = None
        self._js: JetStreamContext | None = None
        self._sending: ReplySending | None = None
        self._pull: Pull | None = None
        self._free = asyncio.Event()
        self._connected = False
        self._disagrees = False

    def not_ready(self) -> str:
        """Return why no number can be worked on; "" if one can."""
        if not self._connected or self._pull is None:
            return "NATS does not answer"
        if self._disagrees:
            return "the leader has other settings"
        return ""

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Work until `stop`; what is being asked then is finished."""
        ready()
        working = asyncio.create_task(self._work(stop))
        stopping = asyncio.create_task(stop.wait())
        alive = asyncio.create_task(self._held.run())
        try:
            await asyncio.wait({working, stopping}, return_when="FIRST_COMPLETED")
            self._asking.stop()
            if working.done():
                working.result()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=self._config.drain)
        finally:
            for task in (*self._tasks, working, stopping, alive):
                task.cancel()
            if self._client is not None:
                await self._client.close()

    async def _work(self, stop: asyncio.Event) -> None:
        await self._connect()
        while not stop.is_set():
            try:
                await self._open()
                await self._pull_until(stop)
            except Exception as error:  # noqa: BLE001 - of whatever kind, it is retried
                told = {"why": type(error).__name__}
                log.warning("numbers cannot be taken", extra=told)
                await wait(stop, RETRY_SECONDS)

    async def _connect(self) -> None:
        async def lost() -> None:
            self._connected = False
            self._metrics.connected.set(0)

        async def back() -> None:
            self._connected = True
            self._metrics.connected.set(1)
            if self._pull is not None:
                self._pull.forget()
            self._free.set()

        config = self._config.workers.nats
        self._client = await connect(config, self._worker, on_lost=lost, on_back=back)
        self._js = self._client.jetstream(timeout=PUBLISH_SECONDS)
        self._sending = ReplySending(self._store, self._client.max_payload)
        await back()

    async def _open(self) -> None:
        """Find the pool's consumer, and subscribe to what it delivers."""
        workers = self._config.workers
        assert self._js is not None
        assert self._client is not None
        await streams.ensure(self._js, self.names, workers)
        await streams.ensure_pool(self._js, self.names, workers.pool, workers)
        if self._pull is None:
            pull = Pull(
                self._client,
                self.names.jobs,
                self.names.consumer(workers.pool),
                self._took,
                expires_seconds=min(
                    REQUEST_SHARE * workers.ack_wait, LONGEST_REQUEST_SECONDS
                ),
            )
            await pull.open()
            pull.on_status = self._free.set
            self._pull = pull
        self._pull.unheard = 0

    async def _pull_until(self, stop: asyncio.Event) -> None:
        pull, most = self._pull, self._config.workers.concurrency
        assert pull is not None
        while not stop.is_set() and pull.unheard < UNHEARD:
            self._free.clear()
            free = most - len(self._held) - pull.asked
            if free > 0:
                await pull.ask(free)
            await wait(self._free, RETRY_SECONDS)

    def _took(self, taken: Taken) -> None:
        delivery = Delivery(taken, self._config.workers.ack_wait)
        self._held.add(delivery)
        self._metrics.in_flight.set(len(self._held))
        task = asyncio.ensure_future(self._handled(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handled(self, delivery: Delivery) -> None:
        try:
            reply = await self._replied(delivery)
            if reply is not None:
                await self._told(reply)
                self._metrics.replies.labels(reply.end).inc()
            await delivery.message.ack()
        except Exception:  # it comes back after the ack wait, and is counted there
            log.exception("a number was dropped")
        finally:
            self._held.drop(delivery)
            self._metrics.in_flight.set(len(self._held))
            self._free.set()

    async def _replied(self, delivery: Delivery) -> Reply | None:
        """Return what became of a delivery; None if nobody can be told."""
        try:
            job = messages.job(delivery.message.data)
        except ValueError:
            log.error("a message cannot be read and is dropped")  # noqa: TRY400
            return None
        if delivery.deliveries > 1:
            # Whoever had it may have sent it: only the leader may spend once more.
            return self._reply(job, "lost", "worker")
        if self._asking.settings(job) != job.settings:
            self._disagree(job)
            await asyncio.sleep(RETRY_SECONDS)  # for another worker to be quicker
            return self._reply(job, "declined", "settings")
        self._disagrees = False
        return await self._asking.reply(
            job, self._reply(job, "declined"), lambda: delivery.is_ours
        )

    def _disagree(self, job: Job) -> None:
        if not self._disagrees:
            told = {"canary": job.canary}
            log.error("leader and worker have other settings", extra=told)
        self._disagrees = True

    def _reply(self, job: Job, end: messages.End, reason: str = "") -> Reply:
        return Reply(
            epoch=job.epoch,
            term=job.term,
            number=job.planned.number,
            delivery=job.delivery,
            worker=self._worker,
            end=end,
            reason=reason,
        )

    async def _told(self, reply: Reply) -> None:
        """Publish a reply until the server has it."""
        assert self._js is not None
        assert self._sending is not None
        data = await self._sending.packed(reply)
        mark = f"{reply.epoch}.{reply.term}.{reply.number}.{reply.delivery}"
        headers = {"Nats-Msg-Id": f"{mark}.{reply.worker}.{reply.end}"}
        while True:
            try:
                await self._js.publish(self.names.reply, data, headers=headers)
            except Exception as error:  # noqa: BLE001 - of whatever kind, it is retried
                told = {"why": type(error).__name__}
                log.warning("a reply was not taken", extra=told)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return
