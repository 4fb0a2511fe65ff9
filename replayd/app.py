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

from prometheus_client import CollectorRegistry

from replayd import declared as declarations
from replayd import intake as intaking
from replayd import reporting
from replayd.arms import Arm, endpoint_settings
from replayd.config import ReplaydConfig
from replayd.content import Content
from replayd.costed_plan import CostedPlan
from replayd.deciding import Deciding
from replayd.endpoint import Endpoint
from replayd.epochs import Declared, control_of
from replayd.gate_api import GateApi
from replayd.gate_plan import said_at_start
from replayd.history import History
from replayd.intake import Intake
from replayd.leading import Leading
from replayd.lease import Lease
from replayd.limits import Budgets, ControlRate, Prices
from replayd.metrics import EngineMetrics, VerdictCollector
from replayd.page import PageServer
from replayd.providers import PROVIDERS
from replayd.reading import Reading
from replayd.records import PairAnswers, PairResult, Planned
from replayd.scoring.contract import ScoringCase
from replayd.scoring.judge import judge
from replayd.shadow import Shadow, Tools
from replayd.showing import Showing, live_traffic
from replayd.showing import plans as planned
from replayd.spending import Spending
from snaptrace.runtime.clock import Clock, SystemClock
from snaptrace.runtime.config import ConfigError, StoreConfig
from snaptrace.runtime.lifecycle import Part, run_parts
from snaptrace.runtime.telemetry import TelemetryServer
from snaptrace.snapshots.audit import Audit
from snaptrace.snapshots.keys import FleetKey
from snaptrace.snapshots.store import Store

log = logging.getLogger("replayd")
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
            audit_file=store_config.audit.file,
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
        *,
        audit_file: str = "",
    ) -> None:
        self._audit = Audit(audit_file, audit_log.info)
        self._config, self._store, self._key = config, store, key
        self._clock, self._chance = clock, chance
        self._registry = CollectorRegistry()
        self._content = Content(store, key)
        self._leader = f"{os.uname().nodename}-{os.getpid()}-{secrets.token_hex(4)}"
        self.metrics = EngineMetrics(self._registry)
        self.arms: dict[str, Arm] = {}
        self.shadows: dict[str, Shadow] = {}
        schedule = config.schedule
        span = max(schedule.lookback, schedule.age_limit)
        allowed = {tool for arm in config.arms.values() for tool in arm.allowed_tools}
        self._intake = Intake(
            store,
            since_ns=intaking.since(clock.now_ns(), span),
            lookback_ns=int(schedule.lookback * 1e9),
            allowed_tools=tuple(sorted(allowed)),
            is_erased=self._content.is_erased,
        )
        self.spending = Spending(
            Budgets(config.budget, config.budgets),
            Prices(config.prices),
            ControlRate(config.control_rate, schedule.lookback),
            clock,
        )
        self.reading = Reading(
            store=store,
            content=self._content,
            intake=self._intake,
            spending=self.spending,
            metrics=self.metrics,
            clock=clock,
            shadows=self.shadows,
            poll_seconds=schedule.poll,
        )

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
            leader=self._leader,
            judge=self._judge,
            live=lambda: live_traffic(self._intake),
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

    def parts(self, ports: Ports) -> list[Part]:
        """Return what runs, from source to sink."""
        config, poll = self._config, self._config.schedule.poll
        lease = Lease(self._store, self._leader, config.lease, self._clock)
        leading = Leading(
            lease, self.shadows, self.metrics, renew_seconds=config.lease / 3
        )
        showing = Showing(
            shadows=self.shadows,
            arms=self.arms,
            spending=self.spending,
            metrics=self.metrics,
            series=VerdictCollector(self._registry),
            clock=self._clock,
            leading=lambda: leading.now,
        )
        parts: list[Part] = [self.reading, leading, showing]
        if any(arm.config.decisions for arm in self.arms.values()):
            parts.append(Deciding(self.shadows, self.metrics, poll_seconds=poll))
        return [*parts, *self._servers(ports, showing)]

    def _servers(self, ports: Ports, showing: Showing) -> tuple[Part, Part]:
        """Return what people and machines ask: the page, then metrics and the gate."""
        config, clock, token = self._config, self._clock, _token(self._config)

        def plans() -> Mapping[str, Sequence[CostedPlan]]:
            return planned(
                config, showing.verdicts, self.shadows, self._intake, clock.now_ns()
            )

        gate = GateApi(
            lambda: showing.verdicts,
            clock,
            self.declare,
            token,
            budget=lambda: self.spending.budgets.lines(clock.now_ns()),
            plans=plans,
        )
        telemetry = TelemetryServer(
            config.metrics.listen,
            self._registry,
            ready=lambda: "",
            routes=gate.routes(),
            on_bound=ports.bound("metrics"),
        )
        page = PageServer(
            config.page.listen,
            lambda: showing.verdicts,
            History(self._store, self._key, clock),
            audit=self._audit,
            clock=clock,
            token=token,
            user_header=config.page_user_header,
            on_bound=ports.bound("page"),
        )
        return page, telemetry

    async def declare(self, canary: str, revision: str) -> None:
        """Judge another revision of a canary from now on.

        Raises:
            KeyError: there is no such canary.
        """
        shadow = self.shadows[canary]
        declared = Declared(revision=revision, announced_at_ns=self._clock.now_ns())
        await declarations.declare(self._store, canary, declared)
        shadow.declare(declared)


def _token(config: ReplaydConfig) -> str:
    path = config.page_token_file
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        why = f"{path} cannot be read: {error.strerror}"
        raise ConfigError("replayd.page_token_file", why) from None
