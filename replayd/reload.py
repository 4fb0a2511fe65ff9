"""One engine after another: SIGHUP reads the configuration again.

A configuration that cannot work is refused in one line and the present one goes on.
One that can ends the present engine in order (what is in flight is finished or stays
planned) and starts the next from the store, as a restart would; the lease is kept and
the servers never close. Files are not watched: a file half written, or exchanged in
the middle of a roll-out, must not begin an epoch by itself.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from replayd.arms.arm import endpoint_settings
from replayd.budget.limits import WINDOWS
from replayd.config import ReplaydConfig
from replayd.engine import Engine
from replayd.judge_model import setup as judge_setup
from replayd.scoring.own.settings import check_declared
from replayd.telemetry.metrics import EngineMetrics
from snaptrace.runtime.config import ConfigError, StoreConfig

log = logging.getLogger(__name__)

# Reads the file, the environment and the arguments again. Raises: ConfigError.
Reread = Callable[[], tuple[ReplaydConfig, StoreConfig]]
# Held by what stands: sockets, the token, the part that publishes.
NEEDS_RESTART = (
    "metrics",
    "page",
    "page_token_file",
    "page_user_header",
    "publish",
    "upkeep",
    "lease",
    "log_level",
)


def check(config: ReplaydConfig, environ: Mapping[str, str] | None = None) -> None:
    """Refuse what no Struct can; with `environ`, also a key that is not there.

    Raises:
        ConfigError: says which key and what is allowed.
    """
    if config.upkeep < 1:
        raise ConfigError("replayd.upkeep", "must be at least 1s")
    roles = [arm.role for arm in config.arms.values()]
    if "canary" not in roles:
        raise ConfigError("replayd.arms", "name at least one arm with role: canary")
    if roles.count("control") > 1:
        raise ConfigError("replayd.arms", "there can be one arm with role: control")
    _check_prices(config)
    if config.telemetry.url:
        from replayd.telemetry.otlp_exporter import check_url  # noqa: PLC0415 - as in engine.py

        check_url(config.telemetry)
    judge_setup.check(config, environ)
    check_declared(config.scorers)
    _check_workers(config)
    if environ is not None:
        for name, arm in config.arms.items():
            endpoint_settings(name, arm, environ)


def _check_workers(config: ReplaydConfig) -> None:
    """Refuse workers that cannot be reached, and pairs that none of them can ask."""
    if not config.workers.nats.url:
        return
    from replayd.workers import connection  # noqa: PLC0415 - an optional part

    connection.check(config.workers.nats)
    control = next((a for a in config.arms.values() if a.role == "control"), None)
    for name, arm in config.arms.items():
        pools = {each.pool for each in (arm, control) if each is not None and each.pool}
        if arm.role == "canary" and len(pools) > 1:
            why = "one worker asks both arms of a pair: give them the same pool"
            raise ConfigError(f"replayd.arms.{name}.pool", why)


def _check_prices(config: ReplaydConfig) -> None:
    """Refuse a limit of money over a model that nobody gave a price.

    It would count as free, and the limit would stop nothing.
    """
    limits = [("budget", config.budget)]
    limits += [(f"budgets.{name}", each) for name, each in config.budgets.items()]
    in_money = [
        where
        for where, each in limits
        if any(getattr(each, f"money_per_{window}") is not None for window in WINDOWS)
    ]
    for name, arm in config.arms.items():
        if in_money and arm.model not in config.prices:
            why = (
                f"no price for {arm.model}, the model of arm {name}, while "
                f"replayd.{in_money[0]} limits money; add replayd.prices.{arm.model} "
                "or limit tokens instead"
            )
            raise ConfigError("replayd.prices", why)


def unpriced(config: ReplaydConfig) -> dict[str, str]:
    """Return the model of each arm that the price table lacks; {} without a table."""
    if not config.prices:
        return {}
    arms = config.arms.items()
    return {n: arm.model for n, arm in arms if arm.model not in config.prices}


def check_reload(before: ReplaydConfig, after: ReplaydConfig) -> None:
    """Refuse a change that only a restart can make.

    Raises:
        ConfigError: says which key.
    """
    for key in NEEDS_RESTART:
        if getattr(before, key) != getattr(after, key):
            raise ConfigError(f"replayd.{key}", "changing it needs a restart")


class EngineReloader:
    """A part that runs `engine`, and the next one after each reload."""

    name = "engine"

    def __init__(
        self,
        first: Engine,
        next_engine: Callable[[], Engine],
        environ: Mapping[str, str],
        reload: asyncio.Event,
        metrics: EngineMetrics,
    ) -> None:
        self.engine, self.metrics = first, metrics
        self._next_engine, self._environ, self._reload = next_engine, environ, reload
        self._next: Engine | None = None

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Evaluate until `stop`, over as many engines as are asked for."""
        while not stop.is_set():
            ending = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                watcher = group.create_task(self._watch(stop, ending))
                await self.engine.run(
                    ending,
                    self._environ,
                    ready=ready,
                    keeps_lease=lambda: self._next is not None,
                )
                watcher.cancel()
            if self._next is not None:
                self.engine, self._next = self._next, None
                self.metrics.forget_gauges()  # of arms that may be gone

    async def _watch(self, stop: asyncio.Event, ending: asyncio.Event) -> None:
        """Set `ending` on `stop`, or once there is another engine to run."""
        while not stop.is_set() and self._next is None:
            waits = [asyncio.ensure_future(e.wait()) for e in (stop, self._reload)]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in waits:
                    each.cancel()
            if self._reload.is_set() and not stop.is_set():
                self._reload.clear()
                self._next = self._made()
        ending.set()

    def _made(self) -> Engine | None:
        try:
            engine = self._next_engine()
        except ConfigError as error:
            self.metrics.reloads.labels("refused").inc()
            log.error(  # noqa: TRY400 - the trace says nothing to an operator
                "configuration refused, the present one goes on",
                extra={"why": str(error)},
            )
            return None
        self.metrics.reloads.labels("applied").inc()
        log.info("configuration reloaded")
        return engine
