"""The only file that wires replayd: what exists, who knows whom, what starts first."""

import asyncio
import json
import logging
import os
import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import aiohttp
from prometheus_client import CollectorRegistry

from replayd import declared as declarations
from replayd import intake as intaking
from replayd import reporting
from replayd.arms import Arm, endpoint_settings
from replayd.config import ReplaydConfig
from replayd.content import Content
from replayd.costed_plan import CostedPlan, costed_plans, survey
from replayd.decisions import DecisionSource, DecisionsUnreadableError
from replayd.endpoint import Endpoint
from replayd.epochs import Declared, control_of
from replayd.errors import LostLeadError, ReplaydError
from replayd.gate_api import GateApi
from replayd.gate_plan import said_at_start
from replayd.history import History
from replayd.intake import Intake
from replayd.lease import Lease
from replayd.limits import Budgets, ControlRate, Prices
from replayd.metrics import EngineMetrics, VerdictCollector
from replayd.page import PageServer
from replayd.providers import PROVIDERS
from replayd.records import PairAnswers, PairResult, Planned
from replayd.scoring.contract import ScoringCase
from replayd.scoring.judge import judge
from replayd.shadow import Shadow, Tools
from replayd.spending import Spending
from replayd.verdicts import LiveModality, LiveTraffic, Verdicts
from snaptrace.runtime.clock import Clock, SystemClock
from snaptrace.runtime.config import ConfigError, StoreConfig
from snaptrace.runtime.lifecycle import Part, run_parts
from snaptrace.runtime.telemetry import TelemetryServer
from snaptrace.snapshots.errors import SnapshotError, StoreUnavailableError
from snaptrace.snapshots.keys import FleetKey
from snaptrace.snapshots.store import Store

log = logging.getLogger("replayd")

REPORT_EVERY_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 60.0


async def run(
    config: ReplaydConfig,
    store_config: StoreConfig,
    stop: asyncio.Event,
    *,
    ports_file: str | None = None,
    environ: Mapping[str, str] = os.environ,
    clock: Clock | None = None,
    chance: random.Random | None = None,
) -> None:
    """Run replayd until `stop`.

    Raises:
        ConfigError: the configuration cannot work.
        SnapshotError: the store cannot be used.
        ExceptionGroup: a part failed.
    """
    check(config)
    clock = clock or SystemClock()
    store = Store.open(store_config)
    await store.probe()
    async with AsyncExitStack() as stack:
        program = Program(
            config,
            store,
            FleetKey.of_store(store_config.url, store_config.key_file),
            clock,
            chance or random.SystemRandom(),
        )
        await program.open_arms(stack, environ)
        for canary in program.shadows:
            for line in said_at_start(config, canary):
                log.warning("out of reach", extra={"canary": canary, "why": line})
        ports = Ports(ports_file)
        await run_parts(
            program.parts(ports),
            stop,
            drain_seconds=config.drain + 5,
            on_ready=ports.write,
        )


def check(config: ReplaydConfig) -> None:
    """Refuse what no Struct can.

    Raises:
        ConfigError: says which key and what is allowed.
    """
    roles = [arm.role for arm in config.arms.values()]
    if "canary" not in roles:
        raise ConfigError("replayd.arms", "name at least one arm with role: canary")
    if roles.count("control") > 1:
        raise ConfigError("replayd.arms", "there can be one arm with role: control")


class Ports:
    """The bound addresses, written as JSON once everything serves."""

    def __init__(self, path: str | None) -> None:
        self._path, self._bound = path, dict[str, str]()

    def bound(self, name: str) -> Callable[[str], None]:
        """Return what a server calls with its address."""
        return partial(self._bound.__setitem__, name)

    def write(self) -> None:
        """Write the file whole, so that a reader never sees half of it."""
        if self._path is not None:
            target = Path(self._path)
            staged = target.with_name(target.name + ".part")
            staged.write_text(json.dumps(self._bound), encoding="utf-8")
            staged.replace(target)


class Program:
    """Everything that runs, made from the configuration."""

    def __init__(
        self,
        config: ReplaydConfig,
        store: Store,
        key: FleetKey,
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self._config, self._store, self._key = config, store, key
        self._clock, self._chance = clock, chance
        self._registry = CollectorRegistry()
        self.metrics = EngineMetrics(self._registry)
        self._series = VerdictCollector(self._registry)
        self._content = Content(store, key)
        self.arms: dict[str, Arm] = {}
        self.shadows: dict[str, Shadow] = {}
        schedule = config.schedule
        span = max(schedule.lookback, schedule.age_limit)
        allowed = {tool for arm in config.arms.values() for tool in arm.allowed_tools}
        self.intake = Intake(
            store,
            since_ns=intaking.since(clock.now_ns(), span),
            lookback_ns=int(schedule.lookback * 1e9),
            allowed_tools=tuple(sorted(allowed)),
        )
        self.spending = Spending(
            Budgets(config.budget, config.budgets),
            Prices(config.prices),
            ControlRate(config.control_rate, schedule.lookback),
            clock,
        )
        self.leader = f"{os.uname().nodename}-{os.getpid()}-{secrets.token_hex(4)}"
        self.leading = False
        self.verdicts = Verdicts(canaries={}, leading=False)

    async def open_arms(
        self, stack: AsyncExitStack, environ: Mapping[str, str]
    ) -> None:
        """Open every arm's connections; closed with `stack`."""
        for name, config in self._config.arms.items():
            settings = endpoint_settings(name, config, environ)
            provider = PROVIDERS[config.api]
            endpoint = Endpoint(settings, provider, self._clock, self._chance)
            await stack.enter_async_context(endpoint)
            self.arms[name] = Arm(name, config, endpoint)
        control = control_of(self._config)
        for name, arm in self.arms.items():
            if arm.config.role == "canary":
                other = None if control is None else self.arms[control]
                self.shadows[name] = Shadow(self._tools(), arm, other)

    def _tools(self) -> Tools:
        return Tools(
            config=self._config,
            store=self._store,
            content=self._content,
            spending=self.spending,
            clock=self._clock,
            chance=self._chance,
            leader=self.leader,
            judge=self._judge,
            live=self.live,
            on_committed=self._committed,
        )

    async def _judge(
        self, planned: Planned, case: ScoringCase, answers: PairAnswers
    ) -> PairResult:
        now_ns = self._clock.now_ns()
        return await judge(planned, case, answers, committed_at_ns=now_ns)

    def _committed(self, canary: str, results: Sequence[PairResult]) -> None:
        control = control_of(self._config) or ""
        reporting.count_results(self.metrics, canary, control, results)

    def live(self) -> LiveTraffic:
        """Return what intake saw of live traffic lately."""
        return LiveTraffic(
            modalities={
                name: LiveModality(
                    seen=seen.seen, replayable=seen.replayable, reasons=seen.reasons
                )
                for name, seen in self.intake.sample.live().items()
            }
        )

    def parts(self, ports: Ports) -> list[Part]:
        """Return what runs, from source to sink."""
        token = self._token()
        gate = GateApi(
            lambda: self.verdicts,
            self._clock,
            self.declare,
            token,
            budget=lambda: self.spending.budgets.lines(self._clock.now_ns()),
            plans=self.plans,
        )
        telemetry = TelemetryServer(
            self._config.metrics.listen,
            self._registry,
            ready=lambda: "",
            routes=gate.routes(),
            on_bound=ports.bound("metrics"),
        )
        page = PageServer(
            self._config.page.listen,
            lambda: self.verdicts,
            History(self._store, self._key, self._clock),
            token=token,
            on_bound=ports.bound("page"),
        )
        parts: list[Part] = [Reading(self), Leading(self), Reporting(self)]
        if any(arm.config.decisions for arm in self.arms.values()):
            parts.append(Deciding(self))
        return [*parts, page, telemetry]

    def _token(self) -> str:
        path = self._config.page_token_file
        if not path:
            return ""
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            why = f"{path} cannot be read: {error.strerror}"
            raise ConfigError("replayd.page_token_file", why) from None

    async def declare(self, canary: str, revision: str) -> None:
        """Judge another revision of a canary from now on.

        Raises:
            KeyError: there is no such canary.
        """
        shadow = self.shadows[canary]
        declared = Declared(revision=revision, announced_at_ns=self._clock.now_ns())
        await declarations.declare(self._store, canary, declared)
        shadow.declare(declared)

    async def read(self) -> None:
        """Look for new cases once and hand them to every canary."""
        for name, shadow in self.shadows.items():
            declared = await declarations.newest(self._store, name)
            if declared is not None:
                shadow.declare(declared)
        await self._content.refresh()
        fresh = await self.intake.look(self._clock.now_ns())
        if fresh.damaged:
            self.metrics.damaged.labels("segment").inc(len(fresh.damaged))
            log.warning("segments cannot be read", extra={"count": len(fresh.damaged)})
        sample = self.intake.sample
        for shadow in self.shadows.values():
            shadow.offer(fresh.cases, sample.thresholds(shadow.applies_to))
        calls = sample.production_calls(
            lambda service: any(s.applies_to(service) for s in self.shadows.values())
        )
        self.spending.rate.observed(calls)

    async def decide(self, sources: Mapping[str, DecisionSource]) -> None:
        """Ask for a judge's decisions about every canary once."""
        for name, source in sources.items():
            shadow = self.shadows[name]
            if shadow.epoch is None:
                continue
            epoch = shadow.epoch.epoch
            try:
                decisions = await source.read(epoch)
            except DecisionsUnreadableError as error:
                self.metrics.damaged.labels("decisions").inc()
                log.warning("decisions", extra={"canary": name, "why": str(error)})
                continue
            if decisions is not None:
                reporting.count_decisions(self.metrics, name, decisions)
                shadow.decide(epoch, decisions)

    def plans(self) -> dict[str, list[CostedPlan]]:
        """Return what a verdict on each canary will need, from now on."""
        now_ns, sample = self._clock.now_ns(), self.intake.sample
        lookback_ns = int(self._config.schedule.lookback * 1e9)
        found: dict[str, list[CostedPlan]] = {}
        for name, view in self.verdicts.canaries.items():
            shadow = self.shadows[name]
            found[name] = list(
                costed_plans(
                    self._config,
                    name,
                    view,
                    survey(shadow.newest_cases(), now_ns, lookback_ns),
                    production_calls_per_hour=sample.production_calls_per_hour(
                        now_ns, shadow.applies_to
                    ),
                )
            )
        return found

    def report(self) -> None:
        """Compute the verdicts and set the gauges."""
        views = {name: shadow.view() for name, shadow in self.shadows.items()}
        known = {name: view for name, view in views.items() if view is not None}
        leading = self.leading and len(known) == len(views)
        self.verdicts = Verdicts(canaries=known, leading=leading)
        self._series.publish(self.verdicts)
        reporting.refresh(
            self.metrics, self.shadows.values(), self.arms, self.spending, self._clock
        )

    async def lead(self, stop: asyncio.Event) -> None:
        """Hold the lease and lead all canaries, until `stop`."""
        config = self._config
        lease = Lease(self._store, self.leader, config.lease, self._clock)
        while not stop.is_set():
            if not await _held(lease):
                await wait(stop, config.lease / 3)
                continue
            lost = asyncio.Event()
            self.leading = True
            async with asyncio.TaskGroup() as group:
                group.create_task(self._renew(lease, lost, stop))
                for shadow in self.shadows.values():
                    group.create_task(self._keep(shadow, lost))
            self.leading = False
            for shadow in self.shadows.values():
                shadow.step_down()
        if await _held(lease):
            await lease.release()

    async def _renew(
        self, lease: Lease, lost: asyncio.Event, stop: asyncio.Event
    ) -> None:
        while not stop.is_set():
            await wait(stop, self._config.lease / 3)
            if not await _held(lease):
                log.warning("lease lost")
                break
        lost.set()

    async def _keep(self, shadow: Shadow, lost: asyncio.Event) -> None:
        """Lead one canary; begin again after whatever ends it but `lost`."""
        failures = 0
        while not lost.is_set():
            try:
                await shadow.run(lost)
            except* LostLeadError as group:
                self.metrics.lost_leads.inc()
                _say("another leader was first", shadow.name, group)
            except* (ReplaydError, SnapshotError) as group:
                self.metrics.damaged.labels("epoch").inc()
                _say("cannot lead", shadow.name, group)
            except* Exception:  # A defect stays with its canary.
                log.exception("leading failed", extra={"canary": shadow.name})
            if not lost.is_set():
                shadow.step_down()
                await wait(lost, min(2.0**failures, LONGEST_BACKOFF_SECONDS))
                failures = min(failures + 1, 10)


class Reading:
    """Looks for new segments, as often as configured."""

    name = "intake"

    def __init__(self, program: Program) -> None:
        self._program = program

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Follow the store until `stop`; a store that is away is asked again."""
        ready()
        while not stop.is_set():
            try:
                await self._program.read()
            except StoreUnavailableError as error:
                log.warning("store away", extra={"why": str(error)})
            await wait(stop, self._program._config.schedule.poll)  # noqa: SLF001


class Leading:
    """Holds the lease and leads."""

    name = "leading"

    def __init__(self, program: Program) -> None:
        self._program = program

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Lead or stand by until `stop`."""
        ready()
        await self._program.lead(stop)


class Deciding:
    """Follows the decisions of a judge, as often as new cases are looked for."""

    name = "deciding"

    def __init__(self, program: Program) -> None:
        self._program = program

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Ask until `stop`; a judge that is away is asked again."""
        ready()
        poll = self._program._config.schedule.poll  # noqa: SLF001
        async with aiohttp.ClientSession() as session:
            sources = {
                name: DecisionSource(shadow.decisions, session)
                for name, shadow in self._program.shadows.items()
                if shadow.decisions
            }
            while not stop.is_set():
                await self._program.decide(sources)
                await wait(stop, poll)


class Reporting:
    """Computes verdicts and gauges on a timer."""

    name = "reporting"

    def __init__(self, program: Program) -> None:
        self._program = program

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Report every second until `stop`."""
        ready()
        while not stop.is_set():
            self._program.report()
            await wait(stop, REPORT_EVERY_SECONDS)


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for `event`, but not longer than `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def _held(lease: Lease) -> bool:
    try:
        return await lease.hold()
    except StoreUnavailableError as error:
        log.warning("store away", extra={"why": str(error)})
        return False


def _say(what: str, canary: str, group: BaseExceptionGroup[BaseException]) -> None:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            _say(what, canary, error)
        else:
            log.warning(what, extra={"canary": canary, "why": str(error)})
