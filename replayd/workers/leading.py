"""The leader's side of the workers, as the engine wires it."""

import random
from functools import cache
from typing import TYPE_CHECKING

from replayd.arms.arm import Arm
from replayd.budget.accounting import SpendingAccount
from replayd.config import ReplaydConfig
from replayd.config.workers import WorkersConfig
from replayd.evaluation.sender import Sender, Senders
from replayd.telemetry.metrics import EngineMetrics
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.clock import Clock
from snaptrace.store.store import Store

if TYPE_CHECKING:
    from replayd.workers.queue import WorkerQueue


def worker_queue(
    config: WorkersConfig, store: Store, metrics: EngineMetrics, replica: str
) -> "WorkerQueue | None":
    """Return the queue to the workers; None where there are none."""
    if not config.nats.url:
        return None
    # Imported only where there are workers: their client is an optional part.
    from replayd.workers.queue import WorkerQueue  # noqa: PLC0415

    def seen(pool: str, pending: int, busy: int) -> None:
        metrics.worker_numbers.labels(pool, "pending").set(pending)
        metrics.worker_numbers.labels(pool, "busy").set(busy)

    replies = cache(metrics.worker_replies.labels)  # an end is from a bounded set
    return WorkerQueue(
        config,
        store,
        replica,
        on_reply=lambda end: replies(end).inc(),
        on_seen=seen,
    )


def senders(
    queue: "WorkerQueue | None",
    config: ReplaydConfig,
    key: FleetKey,
    *,
    spending: SpendingAccount,
    clock: Clock,
    rng: random.Random,
) -> Senders | None:
    """Return what has an epoch's pairs sent by workers; None where there are none."""
    if queue is None:
        return None
    from replayd.workers.agreement import settings_digest  # noqa: PLC0415
    from replayd.workers.remote_pairs import RemotePairs  # noqa: PLC0415

    def by_workers(canary: Arm, control: Arm | None, epoch: str) -> Sender:
        pairs = RemotePairs(
            queue,
            canary,
            control,
            spending=spending,
            clock=clock,
            rng=rng,
            epoch=epoch,
            settings=settings_digest(config, canary.name, key),
            ack_wait_seconds=config.workers.ack_wait,
        )
        return pairs.sender(config.workers.pending)

    return by_workers
