"""Shows how much of live traffic each suite in the store still stands for."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from replayd.config import SuiteConfig
from replayd.telemetry.suite_metrics import SuiteMetrics
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.query.facts import Facts, facts_of
from snaptrace.query.language import Query, Term
from snaptrace.query.search import Search
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.events import wait
from snaptrace.snapshot.errors import SnapshotError
from snaptrace.snapshot.model import Snapshot
from snaptrace.snapshot.segment import Pin
from snaptrace.store import pins
from snaptrace.store.store import Store
from snaptrace.suite.coverage import Coverage, Traffic
from snaptrace.suite.lock import pinned_version

log = logging.getLogger(__name__)

MOST_SUITES = 50  # labels of a metric; later ones, by name, are not shown
LOOK_EVERY_SECONDS = 30.0  # for leadership


class SuiteCoverage:
    """Part that holds pins against the newest traffic while this replica leads."""

    name = "suite coverage"

    def __init__(
        self,
        config: Callable[[], SuiteConfig],
        store: Store,
        key: FleetKey,
        clock: Clock,
        *,
        metrics: SuiteMetrics,
        leading: Callable[[], bool],
    ) -> None:
        self._config, self._store, self._key = config, store, key
        self._clock, self._metrics, self._leading = clock, metrics, leading
        self._due_ns = 0
        self.versions: dict[str, str] = {}  # of the suites in the store, by name

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Look on schedule until `stop`."""
        ready()
        while not stop.is_set():
            await self.look()
            await wait(stop, LOOK_EVERY_SECONDS)

    async def look(self) -> None:
        """Work out the coverage if it is due; show nothing where another leads."""
        if not self._leading():
            self._metrics.show({})
            self._due_ns = 0
            return
        config, now_ns = self._config(), self._clock.now_ns()
        self._metrics.limit.set(config.least_covered)
        if now_ns < self._due_ns:
            return
        try:
            self._metrics.show(await self._coverage(config, now_ns))
        except SnapshotError as error:
            log.warning("suite coverage waits", extra={"why": str(error)})
            return
        self._due_ns = now_ns + int(config.every * 1e9)

    async def _coverage(
        self, config: SuiteConfig, now_ns: int
    ) -> Mapping[str, Coverage]:
        search = Search(self._store, self._key)
        await search.refresh()
        suites: dict[str, list[Facts]] = {}
        held: dict[str, list[tuple[Pin, Snapshot]]] = {}
        async for _, pin, snapshot in pins.pinned(self._store):
            shown = pin.suite in suites or len(suites) < MOST_SUITES
            if shown and not search.is_erased(snapshot):
                suites.setdefault(pin.suite, []).append(facts_of(snapshot))
                held.setdefault(pin.suite, []).append((pin, snapshot))
        self.versions = {
            name: pinned_version(name, cases) for name, cases in held.items()
        }
        if not suites:
            return {}
        traffic = Traffic(search, suites)
        since_ns = now_ns - int(config.lookback * 1e9)
        since = Term(field="time", operator=">=", values=("",), number=since_ns)
        await traffic.read(Query((since,)))
        return {name: traffic.coverage(name, now_ns) for name in suites}
