"""Asks the anchors again on schedule, within the watch's budget and the control's rate.

One answer at a time: pairs count in the order in which they were asked, whatever came
back sooner.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from replayd.arms.arm import Arm
from replayd.arms.outcomes import RULES
from replayd.budget.accounting import SpendingAccount
from replayd.budget.limits import Amount
from replayd.cases.loader import CaseLoader, Loaded
from replayd.config import ReplaydConfig
from replayd.model import Case
from replayd.providers.contract import Refusal
from replayd.scoring.pool import ScoringPool
from replayd.services.control_calls import ControlCalls
from replayd.stats import StatsError
from replayd.telemetry.watch_metrics import WatchMetrics
from replayd.watch.asking import scored
from replayd.watch.state import Anchor, WatchState, store_state, stored_states
from replayd.watch.watching import ModalityWatch, WatchSettings
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.events import wait
from snaptrace.snapshot.errors import SnapshotError
from snaptrace.store.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 30.0
CANDIDATES = 5_000  # newest cases that may become anchors, per modality
AWAY_SECONDS = 600.0  # until an anchor is asked again that the model did not answer
STORED_EVERY = 20  # answers; the rest of a round is stored at its end


class ProductionWatch:
    """Part that watches the control while this replica leads."""

    name = "production watch"

    def __init__(
        self,
        config: ReplaydConfig,
        store: Store,
        content: CaseLoader,
        clock: Clock,
        *,
        control: Callable[[], Arm | None],
        spending: SpendingAccount,
        judging: ScoringPool,
        metrics: WatchMetrics,
        leading: Callable[[], bool],
    ) -> None:
        self._config, self._store, self._content = config, store, content
        self._clock, self._control = clock, control
        self._judging, self._metrics, self._leading = judging, metrics, leading
        self._calls = ControlCalls(
            config.watch.budget, spending, clock, lane="watch", on_spent=self._spent
        )
        self._cases: dict[str, dict[str, Case]] = {}  # modality -> by unit
        self._watches: dict[str, ModalityWatch] = {}
        self._loaded = False
        watch = config.watch
        self._settings = WatchSettings(
            anchors=watch.anchors,
            baseline=watch.baseline,
            every_ns=int(watch.every * 1e9),
            run_length=watch.run_length,
            hold_ns=int(watch.hold * 1e9),
        )

    def offer(self, cases: Sequence[Case]) -> None:
        """Take new cases that may become anchors: of the equal-probability sample."""
        for case in cases:
            if not case.stands_for_traffic:
                continue
            known = self._cases.setdefault(case.modality, {})
            known[case.unit] = case
            while len(known) > CANDIDATES:
                del known[next(iter(known))]

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Ask until `stop`."""
        ready()
        while not stop.is_set():
            try:
                await self.look(stop)
            except SnapshotError as error:
                log.warning("production watch waits", extra={"why": str(error)})
                self._loaded = False
            await wait(stop, LOOK_EVERY_SECONDS)

    async def look(self, stop: asyncio.Event) -> None:
        """Ask every anchor that is due, once; then show and store what came of it.

        Raises:
            SnapshotError: the store does not answer; the look is repeated.
        """
        arm = self._control()
        if arm is None or not self._leading():
            self._watches, self._loaded = {}, False
            return
        if not self._loaded:
            await self._load(arm)
        for modality, cases in self._cases.items():
            if modality not in self._watches:
                fresh = WatchState(modality=modality, control=arm.name)
                self._watches[modality] = ModalityWatch(fresh, self._settings)
            await self._round(arm, self._watches[modality], list(cases.values()), stop)
        self._metrics.show(self._watches.values())

    async def _load(self, arm: Arm) -> None:
        self._watches = {}
        self._calls.reset()
        for modality, state in (await stored_states(self._store)).items():
            if state.control != arm.name:
                continue  # another control: its earlier answers say nothing
            try:
                self._watches[modality] = ModalityWatch(state, self._settings)
                self._calls.count(modality, state.spent)
            except StatsError as error:
                log.warning("watch begins anew", extra={"why": str(error)})
        self._loaded = True

    async def _round(
        self,
        arm: Arm,
        watch: ModalityWatch,
        cases: Sequence[Case],
        stop: asyncio.Event,
    ) -> None:
        now_ns = self._clock.now_ns()
        watch.outlive(now_ns)
        watch.enrol(cases, now_ns)
        asked = 0
        while not stop.is_set() and self._leading():
            anchor = next(watch.due(self._clock.now_ns()), None)
            if anchor is None or not await self._ask(arm, watch, anchor):
                break
            asked += 1
            if asked % STORED_EVERY == 0:
                await store_state(self._store, watch.state)
        if asked:
            await store_state(self._store, watch.state)

    async def _ask(self, arm: Arm, watch: ModalityWatch, anchor: Anchor) -> bool:
        """Ask one anchor; false if nothing may be sent now."""
        loaded = await self._content.load(anchor.case)
        if not isinstance(loaded, Loaded):
            watch.drop(anchor)
            return True
        answer = await self._calls.ask(arm, anchor.case, loaded.snapshot, loaded.media)
        if answer is None:
            return False
        if isinstance(answer, Refusal):
            watch.drop(anchor)  # this arm cannot be asked that
            return True
        if not RULES[answer.outcome].scored:
            watch.postpone(anchor, self._clock.now_ns() + int(AWAY_SECONDS * 1e9))
            return True
        at_ns = self._clock.now_ns()
        numbers = await scored(
            anchor.case, loaded.recorded, answer, self._judging.judge, at_ns
        )
        if numbers is None:
            watch.drop(anchor)
            return True
        before = watch.state.changed
        watch.answered(anchor, numbers)
        if watch.state.changed is not before:
            log.warning(
                "production model changed", extra={"modality": anchor.case.modality}
            )
        return True

    def _spent(self, case: Case, at_ns: int, amount: Amount) -> None:
        if (watch := self._watches.get(case.modality)) is not None:
            watch.charge(at_ns, amount)
