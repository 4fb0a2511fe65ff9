"""Wires a worker process: arms, scoring, the store, NATS, and its metrics."""

import asyncio
import logging
import os
import random
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry, ProcessCollector

from replayd.arms.arm import open_arms
from replayd.cases.loader import CaseLoader
from replayd.config import ReplaydConfig
from replayd.scoring.own.settings import OwnScorers
from replayd.scoring.pool import ScoringPool
from replayd.scoring.redaction import RedactionSettings
from replayd.telemetry.worker_metrics import WorkerMetrics
from replayd.traits.measurer import measurer
from replayd.workers.asking import PairAsking
from replayd.workers.connection import AT, servers
from replayd.workers.worker import Worker
from snaptrace.crypto.fleet_key import FleetKey, secret_files
from snaptrace.runtime.clock import SystemClock
from snaptrace.runtime.config import ConfigError, StoreConfig
from snaptrace.runtime.events import wait
from snaptrace.runtime.lifecycle import run_parts
from snaptrace.runtime.telemetry import TelemetryServer
from snaptrace.snapshot.errors import StoreRefusedError, StoreUnavailableError
from snaptrace.store.store import Store

log = logging.getLogger(__name__)

DRAIN_MARGIN_SECONDS = 5.0  # beyond the drain of what is being asked


class Tombstones:
    """A part that hears of erasures while the worker runs."""

    name = "tombstones"

    def __init__(self, content: CaseLoader, poll_seconds: float) -> None:
        self._content, self._poll_seconds = content, poll_seconds
        self.why = "erasures are not known yet"

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Read the tombstones until `stop`; nothing is worked on before the first."""
        while not stop.is_set():
            try:
                await self._content.refresh()
            except (StoreUnavailableError, StoreRefusedError) as error:
                self.why = f"object store unavailable: {type(error).__name__}"
            else:
                if self.why:
                    self.why = ""
                    ready()
            await wait(stop, self._poll_seconds if not self.why else 1.0)
        ready()


async def run(
    config: ReplaydConfig,
    store_config: StoreConfig,
    stop: asyncio.Event,
    *,
    worker: str,
    on_bound: Callable[[str], None] = lambda _address: None,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Run a worker until `stop`.

    Raises:
        ConfigError: the configuration cannot work.
        SnapshotError: the store cannot be used.
        ExceptionGroup: a part failed.
    """
    if not servers(config.workers.nats):
        raise ConfigError(f"{AT}.url", "a worker needs a NATS server")
    clock, rng = SystemClock(), random.SystemRandom()
    store = Store.open(store_config)
    key = FleetKey.of_store(store_config.url, store_config.key_file)
    store.authenticate(key.tags, refuse_untagged=store_config.untagged == "refuse")
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    metrics = WorkerMetrics(registry)
    judging = ScoringPool(
        clock,
        RedactionSettings(
            config.privacy, key.handed_over(), secret_files(store_config)
        ),
        in_process=config.judge_process,
        log_level=config.log_level,
        on_lost=metrics.judging_lost.inc,
        own=OwnScorers(config.scorers, secret_files(store_config)),
        prose_model=(config.prose_model, config.prose_model_prefix),
    )
    content = CaseLoader(store, key, measurer(wanted=config.traits))
    async with AsyncExitStack() as stack:
        stack.callback(content.close)
        arms = await open_arms(stack, config.arms, environ, clock, rng)
        asking = PairAsking(
            config,
            arms,
            content,
            judging=judging,
            key=key,
            on_fault=lambda where: metrics.faults.labels(where).inc(),
        )
        working = Worker(config, asking, store, metrics, worker)
        erased = Tombstones(content, config.schedule.poll)
        telemetry = TelemetryServer(
            config.workers.listen,
            registry,
            ready=lambda: erased.why or working.not_ready(),
            on_bound=on_bound,
        )
        await run_parts(
            [working, judging, erased, telemetry],
            stop,
            drain_seconds=config.drain + DRAIN_MARGIN_SECONDS,
        )
