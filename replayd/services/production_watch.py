"""Asks the anchors again on schedule, within the watch's budget and the control's rate.

One answer at a time: pairs count in the order in which they were asked, whatever came
back sooner.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from replayd.arms.arm import Arm
from replayd.arms.outcomes import RULES
from replayd.budget.accounting import SpendingAccount, estimated
from replayd.budget.limits import Amount, Budgets
from replayd.cases.loader import CaseLoader, Loaded
from replayd.config import ReplaydConfig
from replayd.errors import BudgetSpentError
from replayd.model import ArmAnswer, Case, Planned
from replayd.offline.oneshot import Answered as Tried
from replayd.offline.oneshot import answer_once, arm_answer
from replayd.scoring.pool import ScoringPool
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
PATIENCE_SECONDS = 10.0  # for the control's next turn; later ones wait for a look
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
        self._clock, self._control, self._spending = clock, control, spending
        self._judging, self._metrics, self._leading = judging, metrics, leading
        self._budgets = Budgets(config.watch.budget, {})
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
            if not (case.replayable and case.verified and case.uniform) or case.pin:
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
        self._budgets.reset()
        now_ns = self._clock.now_ns()
        for modality, state in (await stored_states(self._store)).items():
            if state.control != arm.name:
                continue  # another control: its earlier answers say nothing
            try:
                self._watches[modality] = ModalityWatch(state, self._settings)
                for spent in state.spent:
                    self._budgets.count(
                        modality,
                        Amount(
                            requests=spent.requests,
                            tokens=spent.tokens,
                            money=spent.money,
                        ),
                        spent.minute_ns,
                        now_ns,
                    )
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
        now_ns = self._clock.now_ns()
        held = self._spending.estimate(anchor.case, (arm.config.model,))
        try:
            self._budgets.reserve(anchor.case.modality, held, now_ns)
        except BudgetSpentError:
            return False
        planned = Planned(number=0, case=anchor.case, lane="watch")
        wait_seconds = self._spending.control_wait_seconds(planned)
        if wait_seconds is None or wait_seconds > PATIENCE_SECONDS:
            self._budgets.settle(anchor.case.modality, held, Amount(), now_ns)
            return False
        await self._spending.take_control_turn(planned)
        found = await answer_once(arm, loaded.snapshot, loaded.media)
        if not isinstance(found, Tried):
            self._budgets.settle(anchor.case.modality, held, Amount(), now_ns)
            watch.drop(anchor)  # this arm cannot be asked that
            return True
        answer = self._answer(arm, anchor.case, found)
        self._settle(watch, anchor.case, held, answer)
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

    def _answer(self, arm: Arm, case: Case, found: Tried) -> ArmAnswer:
        attempt = found.attempt
        seconds = attempt.latency_ms / 1000
        self._spending.control_learnt(attempt.quota, seconds, case.modality)
        usage = attempt.reading.answer.usage
        counted = usage if usage.input_tokens is not None else estimated(case)
        money = self._spending.cost(arm.config.model, counted)
        return arm_answer(found, money=money)

    def _settle(
        self, watch: ModalityWatch, case: Case, held: Amount, answer: ArmAnswer
    ) -> None:
        usage, now_ns = answer.usage, self._clock.now_ns()
        tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        spent = Amount(
            requests=answer.attempts, tokens=tokens or held.tokens, money=answer.money
        )
        self._budgets.settle(case.modality, held, spent, now_ns)
        watch.charge(now_ns, spent)
