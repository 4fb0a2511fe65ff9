"""Wires the parts that outlive a configuration reload, and defines startup order.

This file and `engine.py` are the only ones that wire replayd.
"""

import asyncio
import logging
import os
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry, ProcessCollector

from replayd.config import ReplaydConfig
from replayd.engine import DRAIN_MARGIN_SECONDS, REPLICA_ID, Engine
from replayd.http.gate_api import GateApi, GateInterest
from replayd.http.page import PageServer, PageSettings, read_people
from replayd.planning.cost import CostedPlan
from replayd.planning.gate_plan import said_at_start
from replayd.reload import EngineReloader, Reread, check, check_reload, unpriced
from replayd.services.store_maintenance import StoreMaintenance
from replayd.services.suite_coverage import SuiteCoverage
from replayd.services.verdict_publisher import Published, VerdictPublisher
from replayd.services.verdict_refresh import VerdictRefresh
from replayd.services.verdict_refresh import plans as planned
from replayd.telemetry.metrics import (
    EngineMetrics,
    MaintenanceMetrics,
    VerdictCollector,
)
from replayd.verdicts.views import Verdicts
from snaptrace.crypto.fleet_key import FleetKey, secret_files
from snaptrace.query.search import build_indexes
from snaptrace.runtime.backoff import Backoff
from snaptrace.runtime.clock import Clock, SystemClock
from snaptrace.runtime.config import Address, ConfigError, StoreConfig
from snaptrace.runtime.events import wait
from snaptrace.runtime.lifecycle import Part, run_parts
from snaptrace.runtime.ports import Ports
from snaptrace.runtime.telemetry import TelemetryServer
from snaptrace.snapshot.errors import StoreUnavailableError
from snaptrace.store.audit import Audit
from snaptrace.store.maintenance import Maintenance
from snaptrace.store.retention import policy_of
from snaptrace.store.store import Store

__all__ = ["check", "run"]

log = logging.getLogger("replayd")
STORE_RETRIES = Backoff(1.0, 15.0)  # at the start, while the store does not answer
STORE_PATIENCE_SECONDS = 2.0  # before the port says that it is waited for
audit_log = logging.getLogger("snaptrace.audit")
audit_log.setLevel(logging.INFO)  # Said whatever level the rest is said at.


async def run(
    config: ReplaydConfig,
    store_config: StoreConfig,
    stop: asyncio.Event,
    *,
    ports_file: str | None = None,
    environ: Mapping[str, str] = os.environ,
    clock: Clock | None = None,
    rng: random.Random | None = None,
    reload: asyncio.Event | None = None,
    reread: Reread | None = None,
) -> None:
    """Run replayd until `stop`; each time `reload` is set, with what `reread` returns.

    Raises:
        ConfigError: the configuration cannot work.
        SnapshotError: the store cannot be used.
        ExceptionGroup: a part failed.
    """
    check(config, environ)
    clock = clock or SystemClock()
    store = Store.open(store_config)
    if not await store_answers(store, config.metrics.listen, stop):
        return
    key = FleetKey.of_store(store_config.url, store_config.key_file)
    store.authenticate(key.tags, refuse_untagged=store_config.untagged == "refuse")
    key_files, interest = secret_files(store_config), GateInterest(clock)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    metrics = EngineMetrics(registry)
    metrics.links_info.labels(page_url(config), config.runbook_url).set(1)

    def engine_of(config: ReplaydConfig) -> Engine:
        for canary, arm in config.arms.items():
            for line in said_at_start(config, canary) if arm.role == "canary" else ():
                log.warning(
                    "endpoint unreachable", extra={"canary": canary, "why": line}
                )
        for name, model in unpriced(config).items():
            why = f"{model} has no price and counts as free"
            log.warning("model without a price", extra={"arm": name, "why": why})
        made = rng or random.SystemRandom()
        return Engine(
            config,
            store,
            key,
            clock,
            made,
            metrics=metrics,
            key_files=key_files,
            is_awaited=interest.lasts,
        )

    def next_engine() -> Engine:
        if reread is None:
            raise ConfigError("replayd", "there is no file to read again")
        found, found_store = reread()
        check(found, environ)
        check_reload(config, found)
        if found_store != store_config:
            raise ConfigError("store", "changing it needs a restart")
        return engine_of(found)

    evaluating = EngineReloader(
        engine_of(config), next_engine, environ, reload or asyncio.Event(), metrics
    )
    covering = SuiteCoverage(
        lambda: evaluating.engine.config.suites,
        store,
        key,
        clock,
        metrics=metrics.suites,
        leading=lambda: evaluating.engine.leading,
    )
    audit = Audit(store_config.audit.file, audit_log.info)
    front = Front(
        config,
        store,
        key,
        clock,
        evaluating=evaluating,
        registry=registry,
        audit=audit,
        interest=interest,
        suites=lambda: covering.versions,
    )
    keeping = StoreMaintenance(
        Maintenance(store, key, policy_of(store_config.retention), build_indexes),
        MaintenanceMetrics(registry),
        clock,
        leading=lambda: evaluating.engine.leading,
        every_seconds=config.upkeep,
    )
    ports = Ports(ports_file)
    await run_parts(
        [evaluating, keeping, covering, *front.parts(ports)],
        stop,
        drain_seconds=config.drain + DRAIN_MARGIN_SECONDS,
        on_ready=ports.write,
    )


async def store_answers(store: Store, listen: Address, stop: asyncio.Event) -> bool:
    """Wait until the store can be used; false if `stop` came first.

    Meanwhile the process is alive and not ready, and says why.

    Raises:
        StoreRefusedError: it cannot be used, now or later.
    """
    over, why = asyncio.Event(), ""

    async def probed() -> None:
        nonlocal why
        failures = 0
        while not stop.is_set():
            try:
                await store.probe()
            except StoreUnavailableError as error:
                why = f"object store unavailable: {error}"
                failures += 1
                await wait(stop, STORE_RETRIES.seconds(failures))
            else:
                break
        over.set()

    waiting = TelemetryServer(listen, CollectorRegistry(), ready=lambda: why)
    async with asyncio.TaskGroup() as group:
        probing = group.create_task(probed())
        await asyncio.wait([probing], timeout=STORE_PATIENCE_SECONDS)
        if not probing.done():
            group.create_task(waiting.run(lambda: None, over))
    return not stop.is_set()


class Front:
    """HTTP servers for people and machines; they outlive a configuration reload."""

    def __init__(
        self,
        config: ReplaydConfig,
        store: Store,
        key: FleetKey,
        clock: Clock,
        *,
        evaluating: EngineReloader,
        registry: CollectorRegistry,
        audit: Audit,
        interest: GateInterest,
        suites: Callable[[], Mapping[str, str]],
    ) -> None:
        self._config, self._store, self._key = config, store, key
        self._clock, self._evaluating, self._audit = clock, evaluating, audit
        self._registry, self._interest = registry, interest
        self._showing = VerdictRefresh(
            lambda: evaluating.engine,
            metrics=evaluating.metrics,
            series=VerdictCollector(registry),
            clock=clock,
            suites=suites,
        )
        self._publishing = VerdictPublisher(
            store,
            clock,
            self._known,
            every_seconds=config.publish,
            lease_seconds=config.lease,
        )

    def parts(self, ports: Ports) -> list[Part]:
        """Return what runs, from source to sink."""
        config, clock, token = self._config, self._clock, _token(self._config)
        gate = GateApi(
            self._verdicts,
            clock,
            self._declare,
            token,
            budget=lambda: self._publishing.shown().budgets,
            plans=self._plans,
            on_asked=self._interest.asked,
        )
        telemetry = TelemetryServer(
            config.metrics.listen,
            self._registry,
            ready=self._not_ready,
            routes=gate.routes(),
            on_bound=ports.bound("metrics"),
        )
        page = PageServer(
            PageSettings(
                listen=config.page.listen,
                token=token,
                people=read_people(config.page_people_file),
                user_header=config.page_user_header,
                suite_file=config.page_suite_file,
                second_opinions=config.second_opinions,
            ),
            self._verdicts,
            self._store,
            self._key,
            audit=self._audit,
            clock=clock,
            on_bound=ports.bound("page"),
        )
        return [self._showing, self._publishing, page, telemetry]

    def _verdicts(self) -> Verdicts:
        return self._publishing.shown().verdicts

    def _not_ready(self) -> str:
        return self._evaluating.engine.not_ready()

    def _known(self) -> Published:
        now_ns = self._clock.now_ns()
        return Published(
            leader=REPLICA_ID,
            at_ns=now_ns,
            verdicts=self._showing.verdicts,
            budgets=self._evaluating.engine.spending.budgets.lines(now_ns),
        )

    def _plans(self) -> Mapping[str, Sequence[CostedPlan]]:
        engine = self._evaluating.engine
        return planned(
            engine.config,
            self._verdicts(),
            engine.shadows,
            engine.intake,
            self._clock.now_ns(),
        )

    async def _declare(self, canary: str, revision: str) -> None:
        await self._evaluating.engine.declare(canary, revision)


def page_url(config: ReplaydConfig) -> str:
    """Return the base URL of the inspection page, as links are built with it."""
    return config.page_url.rstrip("/") or f"http://{config.page.listen}"


def _token(config: ReplaydConfig) -> str:
    path = config.page_token_file
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        why = f"{path} cannot be read: {error.strerror}"
        raise ConfigError("replayd.page_token_file", why) from None
